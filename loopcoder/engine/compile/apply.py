"""Apply: do exactly what a plan says, each write begun in the journal, looked at again, done,
and finished there. Killed between any two steps, the next plan goes on from what it finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property

from loopcoder.domain.diagnostic import LoopcoderError, RoadmapError, Stale, TryLater
from loopcoder.domain.issues.issue import BLOCKED_BY, Issue
from loopcoder.domain.issues.plan import Change, ChangeAction, Edge, Plan
from loopcoder.domain.issues.ration import Rations, issue_rations, label_rations
from loopcoder.domain.journal.event import EdgeWaived, UnitApplied
from loopcoder.domain.unit import UnitId
from loopcoder.engine.compile.clerk import Clerk
from loopcoder.engine.compile.filing import file_issue
from loopcoder.engine.compile.linking import write_edges
from loopcoder.engine.compile.merging import close_duplicate
from loopcoder.engine.compile.nesting import write_nest
from loopcoder.engine.compile.placing import Places
from loopcoder.engine.compile.revising import revise_issue


@dataclass(frozen=True, slots=True)
class Done:
    """A change that was written."""

    action: ChangeAction
    unit: UnitId
    issue: int


@dataclass(frozen=True, slots=True)
class Left:
    """A change that was not written, and why."""

    change: Change
    reason: str


@dataclass(slots=True)
class Applied:
    """What became of a plan. `waiting` needs time or a person, `failed` was refused by the
    tracker; `stopped` is why the rest was not tried. `writes` counts those on the tracker."""

    applied: list[Done] = field(default_factory=list)
    waiting: list[Left] = field(default_factory=list)
    failed: list[Left] = field(default_factory=list)
    stopped: TryLater | None = None
    writes: int = 0


def apply_plan(plan: Plan, clerk: Clerk, *, unattended: bool = False) -> Applied:
    """Write the plan, blockers first. Raises RoadmapError when it cannot be applied.

    `unattended` leaves to a person what gives up work that was asked for.
    """
    if not plan.applyable:
        errors = tuple(each for each in plan.diagnostics if each.is_error)
        raise RoadmapError("The roadmap has errors; nothing was changed.", diagnostics=errors)
    return _Application(plan, clerk, unattended).run()


class _Application:
    """One run over the changes of a plan."""

    def __init__(self, plan: Plan, clerk: Clerk, unattended: bool) -> None:
        self.plan, self.clerk, self.unattended = plan, clerk, unattended
        self.result = Applied()
        self.filed: dict[UnitId, Edge] = {}
        self.places = Places(clerk)

    def run(self) -> Applied:
        self._record_known()
        for change in self.plan.pending:
            try:
                self._apply(change)
            except TryLater as error:
                self.result.stopped = error
                self._wait(change, str(error))
                break
            except Stale as error:
                self._wait(change, str(error))
            except LoopcoderError as error:
                self.result.failed.append(Left(change, str(error)))
        self.result.writes += self.places.written
        return self.result

    def _record_known(self) -> None:
        """What takes no write, in one step: a lost journal may have thousands of issues to find."""
        clerk = self.clerk
        quiet = [change for change in self.plan.changes if not change.writes]
        entries = [clerk.entry(c.unit, fact) for c in quiet for fact in c.facts]
        if entries:
            clerk.journal.record(*entries)

    def _apply(self, change: Change) -> None:
        if change.action is ChangeAction.CREATE:
            self._create(change)
            return
        if change.duplicate is not None:
            self.result.writes += close_duplicate(self.clerk, change)
            self._done(change, change.duplicate.number)
            return
        known = [fact for fact in change.facts if not isinstance(fact, EdgeWaived)]
        self.clerk.record(change.unit, known)
        if self.unattended and change.needs_approval:
            approve = f"loopcoder compile --approve {self.plan.short}"
            self._wait(change, f"closing it waits for a person: {approve}")
            return
        if refusal := self.labels.refusal(change.label_writes):
            self._wait(change, refusal)
            return
        self.labels = self.labels.without(change.label_writes)
        assert change.issue is not None
        nested = self._with_parent(change)
        for written in revise_issue(self.clerk, nested, self._blockers(change), self.places):
            self.result.writes += written
        self._done(change, change.issue)

    def _create(self, change: Change) -> None:
        if refusal := self.issues.refusal(1):
            self._wait(change, refusal)
            return
        blockers = self._blockers(change)
        waited = (f"{BLOCKED_BY}{edge.number}" for edge in blockers.values())
        labels = (*change.add_labels, *waited)
        milestone = self.places.number(change.unit, change.milestone or "")
        filed = file_issue(self.clerk, change, labels, milestone)
        issue = filed.issue
        self.filed[change.unit] = Edge(issue.number, issue.id)
        self._done(change, issue.number)
        if filed.applied is None:
            return
        self.issues = self.issues.without(1)
        self.result.writes += 1
        self._link(self._with_parent(_as_kept(change, issue)), issue.number, filed.applied)

    def _with_parent(self, change: Change) -> Change:
        """The change with the number of the issue to become a part of; it may just be filed, or it
        waits, and so does becoming a part of it."""
        nest = change.nest
        if nest is None or nest.number is not None:
            return change
        parent = self.filed.get(nest.parent) if nest.parent else None
        if parent is None:
            return replace(change, nest=None)
        after = replace(change.after, parent=parent.number) if change.after else None
        return replace(change, nest=replace(nest, number=parent.number), after=after)

    def _link(self, change: Change, number: int, applied: UnitApplied) -> None:
        """The dependencies of an issue that was just filed, and what it is a part of."""
        if refusal := self.labels.refusal(change.edge_writes):
            links = "links" if change.nest else "dependencies"
            self._wait(change, f"#{number} is filed, its {links} wait: {refusal}")
            return
        self.labels = self.labels.without(change.edge_writes)
        blockers = self._blockers(change)
        for linked, written in write_edges(self.clerk, change, number, blockers, applied):
            applied = linked
            self.result.writes += written
        if change.nest is not None:
            self.result.writes += write_nest(self.clerk, change, change.nest, number, applied)

    @cached_property
    def issues(self) -> Rations:
        return self._rations(issue_rations)

    @cached_property
    def labels(self) -> Rations:
        return self._rations(label_rations)

    def _rations(self, of: Callable[..., Rations]) -> Rations:
        """What is left when it is first asked: nothing is counted for a plan without writes."""
        clerk = self.clerk
        history = clerk.journal.history()
        return of(clerk.limits, history, clerk.clock.now(), in_tick=self.unattended)

    def _blockers(self, change: Change) -> dict[UnitId, Edge]:
        """Those that were waited for and that this run has filed."""
        return {unit: self.filed[unit] for unit in change.wait_for if unit in self.filed}

    def _done(self, change: Change, number: int) -> None:
        self.result.applied.append(Done(change.action, change.unit, number))

    def _wait(self, change: Change, reason: str) -> None:
        self.result.waiting.append(Left(change, reason))


def _as_kept(change: Change, issue: Issue) -> Change:
    """Without the links that the server turns out to keep none of: nobody could know before."""
    if issue.edges is None:
        change = replace(change, add_edges=(), link_for=())
    return replace(change, nest=None) if issue.family is None else change
