"""Milestones, where the tracker has them. An optional capability."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, cast

from loopcoder.domain.issues.issue import Issue
from loopcoder.ports.tracker import Tracker

_VERBS = ("list_milestones", "create_milestone", "set_milestone")


class Milestones(Protocol):
    """A milestone is known by its title to people, and by a number to the tracker."""

    def list_milestones(self) -> Mapping[str, int]:
        """The numbers of all milestones, open and closed, by title."""

    def create_milestone(self, title: str) -> int:
        """Make one; its number. One with the title is there already: Stale."""

    def set_milestone(self, number: int, milestone: int | None) -> Issue:
        """Put an issue into a milestone, or with None into none."""


def milestones_of(tracker: Tracker) -> Milestones | None:
    """The tracker's milestones, None where it has none. A wrapper has what it wraps."""
    if all(hasattr(tracker, verb) for verb in _VERBS):
        return cast(Milestones, tracker)
    return None
