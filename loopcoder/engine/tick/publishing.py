"""The last job of a wave: believe what can be believed, propose it, record it. Executes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from loopcoder.domain.diagnostic import RateLimited
from loopcoder.domain.tick import action as act
from loopcoder.domain.tick.decide import decide
from loopcoder.domain.tick.report import TickReport
from loopcoder.domain.tick.snapshot import BaseState, Snapshot, TickState
from loopcoder.domain.tick.wave import Wave
from loopcoder.domain.unit import UnitId
from loopcoder.engine.compile.bookkeeping import keep_books
from loopcoder.engine.services import Services
from loopcoder.engine.tick.belief import Delivered
from loopcoder.engine.tick.ending import cut_short, end_tick, record_end, summarise
from loopcoder.engine.tick.gathered import Gathered
from loopcoder.engine.tick.passes import look_again
from loopcoder.engine.tick.settlement import Settlement
from loopcoder.engine.tick.tick import tidy, used_api
from loopcoder.engine.tick.unit_line import unit_line


def publish_wave(services: Services, wave: Wave, given: Mapping[UnitId, Delivered]) -> TickReport:
    """Check what the jobs delivered, record it, and propose what passed every gate. A host's limit
    ends it with a report of what was done until then."""
    asked = used_api(services)
    services.journal.refresh()
    settlement = Settlement(services, wave)
    state = TickState(wave.run, wave.taken_at, attempted=frozenset(wave.units))
    gathered = Gathered(state, seen=_as_planned(services, wave, state), warnings=services.warnings)
    try:
        for errand in wave.errands:
            settlement.take(errand, given[errand.unit.id])
        settlement.conclude()
        if limit := settlement.limit:
            raise limit
        snapshot = look_again(services, gathered, compiling=False)
        _tell(services, snapshot, settlement, gathered)
        _tidy(services, snapshot, gathered)
        report = _with_books(services, snapshot, summarise(services, snapshot, gathered))
        report = end_tick(services, snapshot, report)
    except RateLimited as limit:
        settlement.give_back(limit)
        if not gathered.lines and gathered.seen:
            _tell(services, gathered.seen, settlement, gathered)
        report = cut_short(services, gathered, limit)
        record_end(services, report)
    return replace(report, api=used_api(services).since(asked))


def _as_planned(services: Services, wave: Wave, state: TickState) -> Snapshot:
    """The wave's units as they were handed out: what can be told without asking anybody."""
    history = services.journal.history()
    views = tuple(errand.view(history) for errand in wave.errands)
    base = BaseState(wave.base, green=True)
    return Snapshot(services.clock.now(), base, views, history, state)


def _tell(
    services: Services, snapshot: Snapshot, settlement: Settlement, gathered: Gathered
) -> None:
    known = {view.id for view in snapshot.units}
    for each in settlement.left:
        if each.step.unit in known:
            gathered.lines.append(unit_line(services, snapshot, each, settlement.ends))
    for line in gathered.lines:
        services.listener.unit_ended(line)


def tidy_up(services: Services, run: str) -> TickReport:
    """What is left to write after a tick without a wave: the roadmap's boxes, by pull request,
    merged branches, and requests for a review."""
    asked = used_api(services)
    services.journal.refresh()
    state = TickState(run=run, started_at=services.clock.now(), stopping=True)
    gathered = Gathered(state, warnings=services.warnings)
    try:
        snapshot = look_again(services, gathered, compiling=False)
        _tidy(services, snapshot, gathered)
        report = _with_books(services, snapshot, summarise(services, snapshot, gathered))
    except RateLimited as limit:
        report = cut_short(services, gathered, limit)
    return replace(report, api=used_api(services).since(asked))


def _tidy(services: Services, snapshot: Snapshot, gathered: Gathered) -> None:
    """The upkeep that was left to whoever may write branches and pull requests."""
    actions = decide(snapshot, services.settings)
    tidy(services, snapshot, [a for a in actions if isinstance(a, act.Publishing)], gathered)


def _with_books(services: Services, snapshot: Snapshot, report: TickReport) -> TickReport:
    return keep_books(services, snapshot).told_in(report)
