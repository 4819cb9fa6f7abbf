"""The changes of one unit's issue, so that it says what the roadmap says."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass, replace
from functools import reduce

from loopcoder.domain.issues.binding import (
    ADOPTED,
    GONE,
    RECOVERED,
    RECREATED,
    TRANSFERRED,
    Bindings,
)
from loopcoder.domain.issues.case import Case
from loopcoder.domain.issues.drift import (
    NOTHING_APPLIED,
    TextState,
    TextVerdict,
    judge_text,
    took_effect,
)
from loopcoder.domain.issues.edges import Graph, LabelChange, plan_labels, wanted_labels
from loopcoder.domain.issues.issue import BLOCKED_BY, Issue
from loopcoder.domain.issues.native_edges import NO_EDGES, EdgeChange, NativeGraph
from loopcoder.domain.issues.nesting import Nesting
from loopcoder.domain.issues.placing import Placing
from loopcoder.domain.issues.plan import Actual, Change, ChangeAction, PlanOptions
from loopcoder.domain.issues.standing import Standing
from loopcoder.domain.issues.unit_text import names
from loopcoder.domain.journal.event import (
    EdgeAdded,
    EdgeWaived,
    EffectBegun,
    EffectFinished,
    EffectOutcome,
    Fact,
    IssueBound,
    UnitApplied,
)
from loopcoder.domain.journal.folds.word import with_word
from loopcoder.domain.journal.records.unit import UnitRecord
from loopcoder.domain.unit import Box, UnitId, is_section_id


def is_to_file(case: Case, standing: Standing) -> bool:
    """Whether the unit has no issue, and is to have one."""
    return (
        case.issue is None
        and not case.moved_away
        and standing.box is Box.OPEN
        and not (case.record.number is not None and case.record.bound_how == RECREATED)
    )


@dataclass(frozen=True, slots=True)
class _Links:
    """What becomes of an issue's labels and edges, and what people said by changing them."""

    labels: LabelChange
    edges: EdgeChange
    wait_for: tuple[UnitId, ...] = ()
    link_for: tuple[UnitId, ...] = ()
    words: tuple[EdgeAdded | EdgeWaived, ...] = ()
    kept: bool = True

    @property
    def writes(self) -> bool:
        labels, edges = self.labels, self.edges
        return bool(labels.add or labels.remove or edges.add or edges.remove or self.wait_for)


def told_gone(record: UnitRecord, moved_away: str) -> Iterator[Fact]:
    """That the bound issue is no more, once: from then on nobody asks for it."""
    how = TRANSFERRED if moved_away else GONE
    if record.number is None or record.database_id is None:
        return
    if record.bound_how not in (how, RECREATED):
        yield IssueBound(record.plan, record.number, record.database_id, how)


class UnitPlanner:
    """Plans one unit after the other; what all of them have in common is handed in once."""

    def __init__(
        self,
        plan: str,
        actual: Actual,
        options: PlanOptions,
        bindings: Bindings,
        standings: dict[UnitId, Standing],
        graph: Graph,
        native: NativeGraph,
        nesting: Nesting,
        unfinished: Container[str],
    ) -> None:
        self.plan, self.actual, self.options = plan, actual, options
        self.bindings, self.standings, self.graph = bindings, standings, graph
        self.native, self.nesting = native, nesting
        self.placing = Placing(actual.milestones if options.milestones else None)
        self.unfinished = unfinished

    def changes(self, case: Case) -> list[Change]:
        """The unit's changes: one, or drift and beside it what is done all the same."""
        standing = self.standings[case.unit.id]
        if case.issue is None:
            change = self._unfiled(case, standing)
            is_new = change.action is ChangeAction.CREATE or change.facts or case.record.number
            return [change] if is_new or not is_section_id(case.unit.id) else []
        return self._filed(case, case.issue, standing)

    def _unfiled(self, case: Case, standing: Standing) -> Change:
        unit, gone = case.unit, case.record.number
        if not is_to_file(case, standing):
            receipts = (*self._receipts(case), *told_gone(case.record, case.moved_away))
            note = case.moved_away or standing.note
            note = note or f"its issue #{gone} is gone, and was filed again before"
            return Change(
                ChangeAction.NOOP,
                unit.id,
                None,
                case.text.title,
                note,
                *_place(case),
                facts=receipts,
            )
        blockers = self.graph.blockers(unit, case.record)
        labels = wanted_labels(unit, blockers, case.text.labels, self.graph)
        change = Change(
            ChangeAction.CREATE,
            unit.id,
            None,
            case.text.title,
            f"its issue #{gone} is gone; filed again" if gone else "new in the roadmap",
            *_place(case),
            text=case.text,
            add_labels=tuple(labels),
            wait_for=blockers.kept[1],
            add_edges=self.native.first(blockers),
            link_for=self.native.later(blockers),
            after=_applied(case, 0, tuple(sorted(labels)), Box.OPEN, written=True),
            replaces=gone,
        )
        change = self.placing.placed(change, unit, None, None)
        return self.nesting.placed(change, unit, None, None)

    def _filed(self, case: Case, issue: Issue, standing: Standing) -> list[Change]:
        assert case.present is not None
        verdict = judge_text(
            case.text, case.applied, case.present, case.record.bound_how == ADOPTED
        )
        drifted = verdict.state is TextState.DRIFTED
        kept = drifted and not self.options.overwrite_drift
        write = verdict.state is TextState.CHANGED or (drifted and not kept)
        overwritten = "; overwritten" if drifted else ""
        written = f"{verdict.reason}{overwritten}" if write else ""
        links = self._links(case, issue, standing)
        labels, edges, wait_for = links.labels, links.edges, links.wait_for
        change = Change(
            _action(write, links.writes, standing),
            case.unit.id,
            issue.number,
            case.text.title,
            _reason(standing, written, links),
            *_place(case),
            text=case.text if write else None,
            known_block=case.applied.block if case.applied else "",
            seen=case.present.seen if write else "",
            add_labels=labels.add,
            remove_labels=labels.remove,
            wait_for=wait_for,
            add_edges=edges.add,
            remove_edges=edges.remove,
            link_for=links.link_for,
            reopen=standing.reopen,
            close=standing.close,
            box=standing.box,
            before=case.applied,
            after=_applied(case, issue.number, labels.ours, standing.box, edges, written=not kept),
        )
        if links.kept:
            change = self.placing.placed(change, case.unit, issue, case.applied)
            change = self.nesting.placed(change, case.unit, issue, case.applied)
        if facts := self._facts(case, issue, change, links):
            change = replace(change, facts=facts)
        if not kept:
            return [change]
        return _with_drift(change, verdict)

    def _links(self, case: Case, issue: Issue, standing: Standing) -> _Links:
        """Labels and edges are kept right as long as the issue is open, or is opened again."""
        applied = case.applied
        asked = applied.labels if applied else ()
        if standing.completed or (not issue.is_open and not standing.reopen) or standing.close:
            native, others = (applied.native, applied.others) if applied else ((), ())
            ours = LabelChange(ours=tuple(asked) or case.text.labels)
            return _Links(ours, EdgeChange(native=native, others=others), kept=False)
        blockers = self.graph.blockers(case.unit, case.record)
        recovered = case.unit.id in self.bindings.recovered
        look = self.native.look(case.unit, issue, applied, blockers, recovered=recovered)
        if look.words:
            record = reduce(with_word, look.words, case.record)
            blockers = self.graph.blockers(case.unit, record)
        labels = plan_labels(
            case.unit, issue, blockers, case.text.labels, asked, self.graph, self.actual
        )
        blockers = blockers.without(fact.blocker for fact in labels.waived)
        edges = self.native.change(issue, applied, look, blockers)
        later = self.native.later(blockers)
        return _Links(labels, edges, blockers.kept[1], later, (*look.words, *labels.waived))

    def _facts(self, case: Case, issue: Issue, change: Change, links: _Links) -> tuple[Fact, ...]:
        """What is to be recorded without a write: found bindings, receipts, new knowledge."""
        facts: list[Fact] = []
        if case.unit.id in self.bindings.recovered:
            facts.append(IssueBound(self.plan, issue.number, issue.id, RECOVERED))
        elif case.unit.id in self.bindings.moved:
            facts.append(IssueBound(self.plan, issue.number, issue.id, case.record.bound_how))
        facts += self._receipts(case)
        settled = case.applied if change.writes else change.after
        if settled and settled != case.record.applied:
            facts.append(settled)
        return (*facts, *links.words)

    def _receipts(self, case: Case) -> Iterator[Fact]:
        """What became of writes that a dead process had begun."""
        for event in case.left_open:
            if event.id in self.unfinished and isinstance(event.fact, EffectBegun):
                done = _took_effect(event.fact, case)
                outcome = EffectOutcome.FOUND if done else EffectOutcome.STALE
                yield EffectFinished(event.id, outcome, {"recovered": True})


def _took_effect(fact: EffectBegun, case: Case) -> bool:
    if case.issue is None or case.present is None:
        return False
    return took_effect(fact, case.issue, case.present)


def _place(case: Case) -> tuple[str, int]:
    return case.unit.file, case.unit.line


def _action(write: bool, labels: bool, standing: Standing) -> ChangeAction:
    if standing.close:
        return ChangeAction.CLOSE
    if standing.reopen:
        return ChangeAction.REOPEN
    return ChangeAction.UPDATE if write or labels else ChangeAction.NOOP


def _reason(standing: Standing, written: str, links: _Links) -> str:
    waits = [f"label for {names(links.wait_for)}"] if links.wait_for else []
    said = (standing.reason, written, *links.labels.reasons, *links.edges.reasons, *waits)
    return "; ".join(part for part in said if part) or standing.note or "unchanged"


def _with_drift(change: Change, verdict: TextVerdict) -> list[Change]:
    """The kept drift, and beside it what is written all the same."""
    drift = replace(change, action=ChangeAction.DRIFT, reason=f"{verdict.reason}; kept")
    if not change.writes:
        return [drift]
    bare = Change(
        ChangeAction.DRIFT,
        drift.unit,
        drift.issue,
        drift.title,
        drift.reason,
        drift.file,
        drift.line,
    )
    return [bare, change]


def _applied(
    case: Case,
    number: int,
    labels: tuple[str, ...],
    box: Box,
    links: EdgeChange = NO_EDGES,
    *,
    written: bool,
) -> UnitApplied:
    """What will count as last applied. Kept drift leaves the reference point where it was."""
    text, old = case.text, case.applied or NOTHING_APPLIED
    same = (old.title, old.block, old.edges) == (text.title, text.block, text.edges)
    asked = tuple(label for label in labels if not label.startswith(BLOCKED_BY))
    settled = same and old.labels == labels and asked == text.labels
    digest = old.digest if settled or not written else text.digest
    shown = text if written else old
    return UnitApplied(
        number=number,
        digest=digest,
        title=shown.title,
        block=shown.block,
        box=box,
        edges=text.edges,
        labels=labels,
        native=links.native,
        others=links.others,
        milestone=old.milestone,
        parent=old.parent,
    )
