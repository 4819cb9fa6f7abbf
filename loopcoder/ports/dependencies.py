"""Dependencies that the tracker itself knows, where it does. An optional capability."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, cast, runtime_checkable

from loopcoder.domain.issues.issue import EdgeEvent, Issue
from loopcoder.ports.tracker import Tracker

_VERBS = ("list_blocked_by", "list_edge_events", "add_blocked_by", "remove_blocked_by")


@runtime_checkable
class Dependencies(Protocol):
    """`blocker` is a database id, not a number: a blocker may live in another repository.

    A tracker that has the verbs may still keep no edges: its issues then have no `edges`.
    """

    def list_blocked_by(self, number: int) -> Sequence[Issue]:
        """The issues that block one."""

    def list_edge_events(self, number: int) -> Sequence[EdgeEvent]:
        """Who added or removed which of an issue's blockers, oldest first."""

    def add_blocked_by(self, number: int, blocker: int) -> None:
        """Say that one is blocked by another; twice is once."""

    def remove_blocked_by(self, number: int, blocker: int) -> None:
        """Take the edge away; taking away what is not there changes nothing."""


def dependencies_of(tracker: Tracker) -> Dependencies | None:
    """The tracker's own dependencies, None where it has none. A wrapper has what it wraps."""
    if all(hasattr(tracker, verb) for verb in _VERBS):
        return cast(Dependencies, tracker)
    return None
