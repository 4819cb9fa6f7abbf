"""Issues that are parts of another, where the tracker has them. An optional capability."""

from __future__ import annotations

from typing import Protocol, cast

from loopcoder.domain.issues.issue import Issue
from loopcoder.ports.tracker import Tracker

_VERBS = ("put_under", "take_out")


class SubIssues(Protocol):
    """Whose part an issue is, and how many parts it has, is said by its `family`.

    A tracker that has the verbs may still keep no sub-issues: its issues then have no `family`.
    """

    def put_under(self, issue: Issue, parent: int, *, instead: bool = False) -> None:
        """Make an issue a sub-issue of the one with the number `parent`; twice is once. It is
        refused where the issue has another parent, unless it shall have this one `instead`."""

    def take_out(self, issue: Issue, parent: int) -> None:
        """Make it a sub-issue of that one no longer; taking out what is not in changes nothing."""


def sub_issues_of(tracker: Tracker) -> SubIssues | None:
    """The tracker's sub-issues, None where it has none. A wrapper has what it wraps."""
    if all(hasattr(tracker, verb) for verb in _VERBS):
        return cast(SubIssues, tracker)
    return None
