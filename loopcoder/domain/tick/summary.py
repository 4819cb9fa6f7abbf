"""From the last snapshot and what was done to the report of the tick."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from loopcoder.domain.diagnostic import Diagnostic
from loopcoder.domain.settings import Settings
from loopcoder.domain.tick import action as act
from loopcoder.domain.tick.decide import decide
from loopcoder.domain.tick.held_back import writes_waiting
from loopcoder.domain.tick.lifecycle import TERMINAL, State, state_of
from loopcoder.domain.tick.report import StopReason, TickReport, UnitLine, UnitOutcome
from loopcoder.domain.tick.snapshot import Snapshot, UnitView
from loopcoder.domain.views.unit_graph import Node

_OUTCOMES = {
    State.BLOCKED: UnitOutcome.BLOCKED,
    State.HELD: UnitOutcome.HELD,
    State.NEEDS_HUMAN: UnitOutcome.NEEDS_HUMAN,
    State.DROPPED: UnitOutcome.DROPPED,
}


def conclude(
    snapshot: Snapshot,
    settings: Settings,
    worked: Sequence[UnitLine],
    *,
    finished_at: datetime,
    writes: int = 0,
    diagnostics: tuple[Diagnostic, ...] = (),
    warnings: tuple[str, ...] = (),
) -> TickReport:
    """The report: every unit that was worked on, and why every other open one was not."""
    waits = [a for a in decide(snapshot, settings) if isinstance(a, act.Wait)]
    done = {line.unit for line in worked}
    views = {view.id: view for view in snapshot.units}
    waiting = [
        _waiting_line(views[wait.unit], wait)
        for wait in waits
        if wait.unit not in done and wait.state is not State.DONE
    ]
    run = snapshot.tick.run
    spends = [s for s in snapshot.history.spend.values() if s.run == run]
    return TickReport(
        run=run,
        stop_reason=stop_reason(snapshot, waits),
        started_at=snapshot.tick.started_at,
        finished_at=finished_at,
        base=snapshot.base.sha,
        base_branch=settings.base,
        units=(*worked, *waiting),
        base_failing=snapshot.base.failing if snapshot.base.green is False else "",
        spent=sum((s.usd for s in spends), Decimal(0)),
        cap=settings.budget.tick,
        tokens=sum(s.tokens for s in spends),
        writes=writes,
        warnings=(*warnings, *writes_waiting(snapshot, settings)),
        diagnostics=diagnostics,
        waiting_for_you=tuple(_waiting_for_you(snapshot, waits)),
        nodes=tuple(_nodes(snapshot)),
    )


def _nodes(snapshot: Snapshot) -> Iterator[Node]:
    for view in snapshot.units:
        state = state_of(view, snapshot.history)
        if state is not State.DROPPED:
            number = view.issue.number if view.issue else None
            yield Node(view.id, state, view.unit.after, number)


def stop_reason(snapshot: Snapshot, waits: Sequence[act.Wait]) -> StopReason:
    """Why nothing more is done now; what a person can change comes before what only time does."""
    causes = {wait.cause for wait in waits}
    states = {wait.state for wait in waits}
    if snapshot.history.hold is not None:
        return StopReason.HELD
    ranked = (
        (act.Cause.BASE, StopReason.BASE_RED),
        (act.Cause.BUDGET, StopReason.BUDGET),
        (act.Cause.BREAKER, StopReason.BREAKER),
        (act.Cause.LIMIT, StopReason.LIMIT),
    )
    for cause, reason in ranked:
        if cause in causes:
            return reason
    return StopReason.WAITING_FOR_MERGE if State.AWAITING_MERGE in states else StopReason.IDLE


def _waiting_line(view: UnitView, wait: act.Wait) -> UnitLine:
    pull = view.open_pull
    return UnitLine(
        unit=view.id,
        title=view.unit.title,
        outcome=_OUTCOMES.get(wait.state, UnitOutcome.WAITING),
        reason=wait.reason,
        issue=view.issue.number if view.issue else None,
        branch=pull.branch if pull else "",
        head=pull.head if pull else "",
        pull=pull.number if pull else None,
    )


def _waiting_for_you(snapshot: Snapshot, waits: Sequence[act.Wait]) -> Iterator[str]:
    """What only a person can do next, most useful first."""
    views = {view.id: view for view in snapshot.units}
    yield from snapshot.faults
    for wait in waits:
        pull = views[wait.unit].open_pull
        if wait.state is State.AWAITING_MERGE and pull and wait.cause is act.Cause.UNIT:
            yield f"{'look at' if pull.draft else 'merge'} #{pull.number} ({wait.unit})"
    for wait in waits:
        pull = views[wait.unit].open_pull
        if wait.state in TERMINAL and pull:
            yield f"close #{pull.number} ({wait.unit}, which is {wait.state})"
    for wait in waits:
        if wait.state is State.NEEDS_HUMAN:
            yield f"{wait.unit}: {wait.reason}"
    for wait in waits:
        if wait.state is State.PROPOSED:
            yield f"approve {wait.unit}: {views[wait.unit].unit.title}"
