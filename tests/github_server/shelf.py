"""Values by key that remember what they were, so that a reader can be served an old state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

V = TypeVar("V")
_MOST_VERSIONS = 40


@dataclass(slots=True)
class Shelf(Generic[V]):
    """Every key has its versions with the time each began; None is a deletion."""

    versions: dict[int, list[tuple[datetime, V | None]]] = field(default_factory=dict)
    revision: int = 0

    def put(self, key: int, value: V | None, at: datetime) -> None:
        kept = self.versions.setdefault(key, [])
        kept.append((at, value))
        del kept[:-_MOST_VERSIONS]
        self.revision += 1

    def get(self, key: int, as_of: datetime | None = None) -> V | None:
        versions = self.versions.get(key, ())
        if as_of is None:
            return versions[-1][1] if versions else None
        return next((value for at, value in reversed(versions) if at <= as_of), None)

    def values(self, as_of: datetime | None = None) -> Iterator[V]:
        for key in list(self.versions):
            value = self.get(key, as_of)
            if value is not None:
                yield value

    def __contains__(self, key: int) -> bool:
        return self.get(key) is not None
