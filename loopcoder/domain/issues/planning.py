"""From desired and actual to a plan. Pure: the same world gives the same plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from loopcoder.domain.diagnostic import Diagnostic, Severity
from loopcoder.domain.graph import stable_order
from loopcoder.domain.issues.binding import RECOVERED, Bindings, bind_issues
from loopcoder.domain.issues.case import Case, collect_cases, collect_orphans
from loopcoder.domain.issues.duplicates import plan_duplicates
from loopcoder.domain.issues.edges import Graph
from loopcoder.domain.issues.issue import PullState
from loopcoder.domain.issues.knots import describe_knots, edges_of, find_knots
from loopcoder.domain.issues.native_edges import NativeGraph
from loopcoder.domain.issues.nesting import Nesting, nests
from loopcoder.domain.issues.plan import Actual, Change, ChangeAction, Plan, PlanOptions
from loopcoder.domain.issues.section_issues import (
    SectionIssues,
    judge_sections,
    sections_of,
)
from loopcoder.domain.issues.standing import Standing, judge_standings
from loopcoder.domain.issues.unit_changes import UnitPlanner, is_to_file, told_gone
from loopcoder.domain.issues.vanished import plan_vanished
from loopcoder.domain.journal.event import EffectFinished, EffectOutcome, Event, Fact, IssueBound
from loopcoder.domain.journal.history import History
from loopcoder.domain.journal.records.unit import UnitRecord
from loopcoder.domain.roadmap.reuse import find_reuse
from loopcoder.domain.unit import Roadmap, UnitId, is_section_id

NO_SUB_ISSUES = Diagnostic(
    Severity.WARNING,
    "This tracker keeps no sub-issues: sections stay in the roadmap.",
    "Write `sections: off`, or `sections: milestones`, in loopcoder.yml.",
)


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
    sections = SectionIssues()
    if nested := options.sub_issues and nests(actual):
        sections = sections_of(desired, actual, history, options.trusted | {actual.me.id})
    asked, desired = desired, sections.joined(desired)
    bindings = bind_issues(desired, actual, history, options.trusted)
    cases = {case.unit.id: case for case in collect_cases(desired, history, bindings)}
    standings = judge_standings([cases[unit.id] for unit in asked.units])
    standings |= judge_sections(
        sections, cases, standings, bindings, history, unattended=options.unattended
    )
    order = stable_order(desired.units)
    graph = _graph(cases, standings, actual, bindings, options, [unit.id for unit in order])
    knots = find_knots(cases, graph)
    native = NativeGraph.of(actual, graph, [c.applied for c in cases.values() if c.applied])
    to_file = {id for id, case in cases.items() if is_to_file(case, standings[id])}
    parents = {**sections.parents, **{u.id: u.parent for u in asked.units if u.parent in cases}}
    nesting = Nesting(parents if nested else None, bindings.issues, to_file)
    native.knotted = edges_of(knots, graph.numbers)
    planner = UnitPlanner(
        desired.plan,
        actual,
        options,
        bindings,
        standings,
        graph,
        native,
        nesting,
        history.open_effects,
    )
    changes: list[Change] = []
    for unit in order:
        changes += planner.changes(cases[unit.id])
    orphans = collect_orphans(desired, history, bindings)
    records = {**history.units, **{record.id: record for record, _ in orphans}}.values()
    vanished, warnings = plan_vanished(desired, records, bindings.issues, options, actual.pulls)
    found = [_found(record, events, bindings, history) for record, events in orphans]
    reused = [error for case in cases.values() if (error := find_reuse(case, options))]
    said = (*diagnostics, *bindings.diagnostics, *reused, *warnings)
    said += (*graph.diagnostics, *native.warnings(), *nesting.notes())
    if options.sub_issues and not nested:
        said += (NO_SUB_ISSUES,)
    said += (*describe_knots(knots),)
    found += [_left(history.unit(id)) for id in sorted(bindings.gone.keys() - cases.keys())]
    merged = plan_duplicates(bindings)
    changes.sort(key=_closes_section)
    return Plan((*changes, *found, *vanished, *merged), said, desired.plan)


def _closes_section(change: Change) -> bool:
    """Sections are filed before what is in them, and closed after it."""
    return is_section_id(change.unit) and change.close is not None


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
    completed |= {number for number, state in actual.pulls.items() if state is PullState.MERGED}
    for id, standing in standings.items():
        if id in numbers:
            (completed.add if standing.completed else completed.discard)(numbers[id])
    return Graph(
        numbers=numbers,
        completed_units={id for id, standing in standings.items() if standing.completed},
        completed_issues=completed,
        ids={issue.number: issue.id for issue in actual.issues},
        to_file={id: n for n, id in enumerate(order) if is_to_file(cases[id], standings[id])},
        pulls=actual.pulls,
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
        facts=tuple(told_gone(record, "")),
    )


def _labelled(label: str, cases: dict[UnitId, Case]) -> Iterator[int]:
    for case in cases.values():
        if case.issue is not None and case.applied and label in case.applied.labels:
            yield case.issue.number
