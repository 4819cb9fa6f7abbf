"""A clock that goes only when it is told to."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

_START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


class FixedClock:
    """The port `Clock`. Sleeping takes no time here, and moves this clock."""

    def __init__(self, start: datetime = _START) -> None:
        self._now = start.astimezone(UTC)
        self._lock = threading.Lock()
        self.slept_s = 0.0

    def now(self) -> datetime:
        with self._lock:
            return self._now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept_s += max(0.0, seconds)
        self.advance(seconds=max(0.0, seconds))

    def advance(self, **by: float) -> datetime:
        """Move on, by what `timedelta` understands: `advance(minutes=5)`."""
        with self._lock:
            self._now += timedelta(**by)
            return self._now
