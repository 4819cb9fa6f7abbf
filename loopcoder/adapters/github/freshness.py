"""How long a look at GitHub is good for."""

from __future__ import annotations

import threading


class Freshness:
    """A look is good for `lasts_s` seconds, and no longer than until others did something. Times
    are in seconds since 1970."""

    def __init__(self, lasts_s: float) -> None:
        self._lasts_s = lasts_s
        self._looked_at: float | None = None
        self._expired = threading.Event()

    @property
    def begun(self) -> bool:
        """Whether anybody has looked yet."""
        return self._looked_at is not None

    def expire(self) -> None:
        """The next one who asks has to look: others did something since. Never waits."""
        self._expired.set()

    def is_due(self, now: float) -> bool:
        """Whether to look again: then nothing counts until `looked` is called, and what others do
        from here on makes that look old, too."""
        young = self._looked_at is not None and now < self._looked_at + self._lasts_s
        if young and not self._expired.is_set():
            return False
        self._looked_at = None
        self._expired.clear()
        return True

    def looked(self, at: float) -> None:
        """A look has succeeded."""
        self._looked_at = at
