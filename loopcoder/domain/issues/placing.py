"""Sections of the roadmap as milestones, where that is asked for."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace

from loopcoder.domain.issues.issue import Issue
from loopcoder.domain.issues.plan import Change, ChangeAction
from loopcoder.domain.journal.event import UnitApplied
from loopcoder.domain.unit import Unit

TITLE_MAX = 255
MILESTONES = "milestones"


@dataclass(slots=True)
class Placing:
    """`titles` asks for the milestones that are there; it is asked only when one is needed.
    `made` are those that the plan makes. With no `titles` nothing is placed."""

    titles: Callable[[], Collection[str]] | None
    made: set[str] = field(default_factory=set)
    known: Collection[str] | None = None

    def placed(
        self, change: Change, unit: Unit, issue: Issue | None, applied: UnitApplied | None
    ) -> Change:
        """The change with what becomes of the issue's milestone. One that a person chose stays
        until the unit changes its section, and then where it still is another than ours."""
        before = applied.milestone if applied else ""
        title, present = milestone_title(unit), issue.milestone if issue else ""
        if self.titles is None:
            return _settled(change, before)
        if title == present:
            return _settled(change, title)
        if title == before or present not in ("", before):
            return _settled(change, before)
        action = ChangeAction.UPDATE if change.action is ChangeAction.NOOP else change.action
        why = f"milestone {title}" if title else f"out of milestone {present}"
        reason = why if change.reason == "unchanged" else f"{change.reason}; {why}"
        change = replace(
            change,
            action=action,
            reason=change.reason if change.action is ChangeAction.CREATE else reason,
            milestone=title,
            makes_milestone=bool(title) and self._is_new(title),
        )
        return _settled(change, title)

    def _is_new(self, title: str) -> bool:
        assert self.titles is not None
        if self.known is None:
            self.known = frozenset(self.titles())
        new = title not in self.known and title not in self.made
        self.made.add(title)
        return new


def milestone_title(unit: Unit) -> str:
    """The section's name on one line; empty for a unit outside of sections."""
    return " ".join(unit.section.split())[:TITLE_MAX]


def _settled(change: Change, title: str) -> Change:
    if change.after is None or change.after.milestone == title:
        return change
    return replace(change, after=replace(change.after, milestone=title))
