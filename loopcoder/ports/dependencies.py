"""Dependencies that the tracker itself knows, where it does. An optional capability."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from loopcoder.domain.issue import Issue


@runtime_checkable
class Dependencies(Protocol):
    """`blocker` is a database id, not a number: a blocker may live in another repository."""

    def list_blocked_by(self, number: int) -> Sequence[Issue]:
        """The issues that block one."""

    def add_blocked_by(self, number: int, blocker: int) -> None:
        """Say that one is blocked by another; twice is once."""

    def remove_blocked_by(self, number: int, blocker: int) -> None:
        """Take the edge away; taking away what is not there changes nothing."""
