"""Putting an issue into its section's milestone, which is made when it is first needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from loopcoder.domain.diagnostic import Stale
from loopcoder.domain.issues.plan import Change
from loopcoder.domain.journal.event import EffectOutcome, UnitApplied
from loopcoder.domain.unit import UnitId
from loopcoder.engine.compile.clerk import Clerk, writing
from loopcoder.engine.effects import effect
from loopcoder.ports.milestones import Milestones, milestones_of


@dataclass(slots=True)
class Places:
    """The milestones as this run knows them; `written` counts those that it made."""

    clerk: Clerk
    written: int = 0
    _known: dict[str, int] = field(default_factory=dict)

    def number(self, unit: UnitId, title: str) -> int | None:
        """The milestone's number, made for a unit where it is not there; None for no milestone."""
        if not title:
            return None
        if title not in self._known:
            self._known |= self._keeper.list_milestones()
        if title not in self._known:
            self._known[title] = self._make(unit, title)
        return self._known[title]

    def put(self, change: Change, applied: UnitApplied) -> int:
        """Put an issue that is there into the change's milestone; 1 for the write."""
        assert change.issue is not None and change.milestone is not None
        number = self.number(change.unit, change.milestone)
        detail = {"title": change.milestone}
        with writing(self.clerk, change.unit, "issue.milestone", change.issue, detail) as write:
            write.facts.append(applied)
            if self.clerk.tracker.get_issue(change.issue).milestone == change.milestone:
                write.outcome = EffectOutcome.FOUND
                return 0
            self._keeper.set_milestone(change.issue, number)
            return 1

    def _make(self, unit: UnitId, title: str) -> int:
        clerk, verb = self.clerk, "issue.new-milestone"
        with effect(clerk.journal, verb, title, unit=unit, principal=clerk.principal) as running:
            try:
                number = self._keeper.create_milestone(title)
            except Stale:  # somebody else was faster, or it is not in the list yet
                found: Mapping[str, int] = self._keeper.list_milestones()
                if title not in found:
                    raise
                running.found()
                return found[title]
            running.receipt["number"] = number
            self.written += 1
            return number

    @property
    def _keeper(self) -> Milestones:
        keeper = milestones_of(self.clerk.tracker)
        assert keeper is not None, "planned for a tracker that has milestones"
        return keeper
