"""From desired and actual to a plan. Pure: the same world gives the same plan."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce

from loopcoder.domain.diagnostic import Diagnostic
from loopcoder.domain.graph import stable_order
from loopcoder.domain.issues.binding import (
    ADOPTED,
    GONE,
    RECOVERED,
    RECREATED,
    TRANSFERRED,
    Bindings,
    bind_issues,
)
from loopcoder.domain.issues.case import Case, collect_cases, collect_orphans
from loopcoder.domain.issues.drift import (
    NOTHING_APPLIED,
    TextState,
    TextVerdict,
    judge_text,
    took_effect,
)
from loopcoder.domain.issues.duplicates import plan_duplicates
from loopcoder.domain.issues.edges import Graph, LabelChange, plan_labels, wanted_labels
from loopcoder.domain.issues.issue import BLOCKED_BY, Issue
from loopcoder.domain.issues.native_edges import NO_EDGES, EdgeChange, NativeGraph
from loopcoder.domain.issues.placing import Placing
from loopcoder.domain.issues.plan import Actual, Change, ChangeAction, Plan, PlanOptions
from loopcoder.domain.issues.standing import Standing, judge_standings
from loopcoder.domain.issues.unit_text import names
from loopcoder.domain.issues.vanished import plan_vanished
from loopcoder.domain.journal.event import (
    EdgeAdded,
    EdgeWaived,
    EffectBegun,
    EffectFinished,
    EffectOutcome,
    Event,
    Fact,
    IssueBound,
    UnitApplied,
)
from loopcoder.domain.journal.folds.word import with_word
from loopcoder.domain.journal.history import History
from loopcoder.domain.journal.records.unit import UnitRecord
from loopcoder.domain.roadmap.reuse import find_reuse
from loopcoder.domain.unit import Box, Roadmap, UnitId


def plan_changes(
    desired: Roadmap,
    actual: Actual,
    history: History,
    options: PlanOptions | None = None,
    diagnostics: Sequence[Diagnostic] = (),
) -> Plan:
    """Every change that makes the tracker say what the roadmap says, blockers first.

    `diagnostics` are the roadmap's own; with an error among them or among ours the plan can be
    read and not applied.
    """
    options = options or PlanOptions()
    bindings = bind_issues(desired, actual, history, options.trusted)
    cases = {case.unit.id: case for case in collect_cases(desired, history, bindings)}
    standings = judge_standings(list(cases.values()))
    order = stable_order(desired.units)
    graph = _graph(cases, standings, actual, bindings, options, [unit.id for unit in order])
    native = NativeGraph.of(actual, graph, [c.applied for c in cases.values() if c.applied])
    planner = _Planner(
        desired.plan, actual, options, bindings, standings, graph, native, history.open_effects
    )
    changes: list[Change] = []
    for unit in order:
        changes += planner.changes(cases[unit.id])
    orphans = collect_orphans(desired, history, bindings)
    records = {**history.units, **{record.id: record for record, _ in orphans}}.values()
    vanished, warnings = plan_vanished(desired, records, bindings.issues, options)
    found = [_found(record, events, bindings, history) for record, events in orphans]
    reused = [error for case in cases.values() if (error := find_reuse(case, options))]
    said = (*diagnostics, *bindings.diagnostics, *reused, *warnings)
    said += (*graph.diagnostics, *native.warnings())
    found += [_left(history.unit(id)) for id in sorted(bindings.gone.keys() - cases.keys())]
    merged = plan_duplicates(bindings)
    return Plan((*changes, *found, *vanished, *merged), said, desired.plan)


def _graph(
    cases: dict[UnitId, Case],
    standings: dict[UnitId, Standing],
    actual: Actual,
    bindings: Bindings,
    options: PlanOptions,
    order: Sequence[UnitId],
) -> Graph:
    numbers = {id: issue.number for id, issue in bindings.issues.items()}
    completed = {issue.number for issue in actual.issues if issue.is_completed}
    for id, standing in standings.items():
        if id in numbers:
            (completed.add if standing.completed else completed.discard)(numbers[id])
    return Graph(
        numbers=numbers,
        completed_units={id for id, standing in standings.items() if standing.completed},
        completed_issues=completed,
        ids={issue.number: issue.id for issue in actual.issues},
        to_file={id: n for n, id in enumerate(order) if _to_file(cases[id], standings[id])},
        repository=options.repository,
        labelled=lambda label: _labelled(label, cases),
    )


def _found(
    record: UnitRecord, events: Sequence[Event], bindings: Bindings, history: History
) -> Change:
    """An issue of ours whose unit left the roadmap before its filing was recorded."""
    issue, applied = bindings.issues[record.id], record.applied
    assert record.number is not None and record.database_id is not None
    facts: list[Fact] = [IssueBound(record.plan, record.number, record.database_id, RECOVERED)]
    outcome = EffectOutcome.FOUND if applied else EffectOutcome.STALE
    facts += [
        EffectFinished(event.id, outcome, {"recovered": True})
        for event in events
        if event.id in history.open_effects
    ]
    facts += [applied] if applied else []
    reason = "found by its marker; no longer in the roadmap"
    return Change(
        ChangeAction.NOOP, record.id, issue.number, issue.title, reason, facts=tuple(facts)
    )


def _left(record: UnitRecord) -> Change:
    """A unit that left the roadmap, and whose issue left the tracker."""
    return Change(
        ChangeAction.NOOP,
        record.id,
        None,
        record.applied.title if record.applied else "",
        f"no longer in the roadmap; its issue #{record.number} is gone",
        facts=tuple(_gone(record, "")),
    )


def _labelled(label: str, cases: dict[UnitId, Case]) -> Iterator[int]:
    for case in cases.values():
        if case.issue is not None and case.applied and label in case.applied.labels:
            yield case.issue.number


def _to_file(case: Case, standing: Standing) -> bool:
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


def _gone(record: UnitRecord, moved_away: str) -> Iterator[Fact]:
    """That the bound issue is no more, once: from then on nobody asks for it."""
    how = TRANSFERRED if moved_away else GONE
    if record.number is None or record.database_id is None:
        return
    if record.bound_how not in (how, RECREATED):
        yield IssueBound(record.plan, record.number, record.database_id, how)


class _Planner:
    """What the changes of all units have in common."""

    def __init__(
        self,
        plan: str,
        actual: Actual,
        options: PlanOptions,
        bindings: Bindings,
        standings: dict[UnitId, Standing],
        graph: Graph,
        native: NativeGraph,
        unfinished: Container[str],
    ) -> None:
        self.plan, self.actual, self.options = plan, actual, options
        self.bindings, self.standings, self.graph = bindings, standings, graph
        self.native = native
        self.placing = Placing(actual.milestones if options.milestones else None)
        self.unfinished = unfinished

    def changes(self, case: Case) -> list[Change]:
        """The unit's changes: one, or drift and beside it what is done all the same."""
        standing = self.standings[case.unit.id]
        if case.issue is None:
            return [self._unfiled(case, standing)]
        return self._filed(case, case.issue, standing)

    def _unfiled(self, case: Case, standing: Standing) -> Change:
        unit, gone = case.unit, case.record.number
        if not _to_file(case, standing):
            receipts = (*self._receipts(case), *_gone(case.record, case.moved_away))
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
        return self.placing.placed(change, unit, None, None)

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
    )
