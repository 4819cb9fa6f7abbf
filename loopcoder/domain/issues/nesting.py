"""Issues as parts of others, where that is asked for: a unit's of its section's or its parent's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field, replace

from loopcoder.domain.diagnostic import Diagnostic, Severity
from loopcoder.domain.issues.issue import Issue
from loopcoder.domain.issues.plan import Actual, Change, ChangeAction, Nest
from loopcoder.domain.issues.unit_text import names
from loopcoder.domain.journal.event import UnitApplied
from loopcoder.domain.unit import Unit, UnitId, is_section_id

SUB_ISSUES = "sub-issues"
MOST_PARTS = 100
"""What GitHub takes: sub-issues of one issue."""
MOST_LEVELS = 8
"""What GitHub takes: issues within each other, the outermost counted."""


def nests(actual: Actual) -> bool:
    """Whether the tracker keeps sub-issues, as far as its issues show."""
    return actual.nests and (not actual.issues or any(i.family for i in actual.issues))


@dataclass(slots=True)
class Nesting:
    """`parents` says what each unit is directly in: a unit, or a section. With None nothing is
    nested. `issues` are those that are there, `to_file` what the plan files. `crowded` are units
    that have no room, by the parent; `deep` those that are too far within others."""

    parents: Mapping[UnitId, UnitId] | None
    issues: Mapping[UnitId, Issue]
    to_file: Container[UnitId]
    added: Counter[UnitId] = field(default_factory=Counter)
    crowded: dict[UnitId, list[UnitId]] = field(default_factory=dict)
    deep: list[UnitId] = field(default_factory=list)

    def placed(
        self, change: Change, unit: Unit, issue: Issue | None, applied: UnitApplied | None
    ) -> Change:
        """The change with what becomes of the issue's parent. One that a person chose stays until
        the unit's own changes, and then where it still is another than ours."""
        before = applied.parent if applied else 0
        if self.parents is None or is_section_id(unit.id) or (issue and issue.family is None):
            return change
        parent, present = self._parent(unit.id), _parent_of(issue)
        number = self._number(parent)
        if number == present:
            return _settled(change, present)
        if number == before or present not in (0, before):
            return change
        if parent is not None and not self._has_room(unit.id, parent):
            return change
        change = replace(change, nest=Nest(parent, number, before))
        if change.action is ChangeAction.CREATE:
            return change
        why = f"part of {parent}" if parent else f"out of #{present}"
        return replace(
            _settled(change, before if number is None else number),
            action=ChangeAction.UPDATE if change.action is ChangeAction.NOOP else change.action,
            reason=why if change.reason == "unchanged" else f"{change.reason}; {why}",
        )

    def notes(self) -> Iterator[Diagnostic]:
        """What has no place, and why."""
        for parent, units in self.crowded.items():
            yield Diagnostic(
                Severity.NOTE,
                f"{parent} has more than {MOST_PARTS} parts, which is the most that GitHub takes: "
                f"{names(units)} {'stays' if len(units) == 1 else 'stay'} outside.",
                "They are worked on all the same. Smaller sections have room for all.",
            )
        if self.deep:
            yield Diagnostic(
                Severity.NOTE,
                f"GitHub takes {MOST_LEVELS} levels of sub-issues: {names(self.deep)} "
                f"{'stays' if len(self.deep) == 1 else 'stay'} outside.",
            )

    def _parent(self, unit: UnitId) -> UnitId | None:
        """The nearest of those around the unit that has an issue, or will have one."""
        around = [id for id in self._around(unit) if id in self.issues or id in self.to_file]
        if len(around) >= MOST_LEVELS:
            self.deep.append(unit)
            return None
        return around[0] if around else None

    def _around(self, unit: UnitId) -> Iterator[UnitId]:
        assert self.parents is not None
        seen, id = {unit}, self.parents.get(unit)
        while id is not None and id not in seen:
            yield id
            seen.add(id)
            id = self.parents.get(id)

    def _number(self, parent: UnitId | None) -> int | None:
        """Its issue: 0 for no parent, None for one that is to be filed."""
        if parent is None:
            return 0
        return self.issues[parent].number if parent in self.issues else None

    def _has_room(self, unit: UnitId, parent: UnitId) -> bool:
        issue = self.issues.get(parent)
        there = issue.family.children if issue and issue.family else 0
        if there + self.added[parent] >= MOST_PARTS:
            self.crowded.setdefault(parent, []).append(unit)
            return False
        self.added[parent] += 1
        return True


def _parent_of(issue: Issue | None) -> int:
    return issue.family.parent if issue and issue.family else 0


def _settled(change: Change, parent: int) -> Change:
    if change.after is None or change.after.parent == parent:
        return change
    return replace(change, after=replace(change.after, parent=parent))
