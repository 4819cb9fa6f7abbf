"""A tick as a relay: who plans the wave, and what each of its jobs does.

Every function is run by a process of its own, on a machine of its own. They share the pipeline of
`engine/attempt/attempt.py`: each may do some of its stages, and knows the others by their receipts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from loopcoder.domain.context.learned import Neighbour
from loopcoder.domain.diagnostic import ConfigurationError, RateLimited, Stale
from loopcoder.domain.journal.event import Entry
from loopcoder.domain.journal.history import History
from loopcoder.domain.limits.allowance import allowance
from loopcoder.domain.limits.budget import Refusal, Request, reserve
from loopcoder.domain.settings import CostBasis
from loopcoder.domain.tick import action as act
from loopcoder.domain.tick.action import Dispatch
from loopcoder.domain.tick.carried import STAGES, Station
from loopcoder.domain.tick.decide import decide
from loopcoder.domain.tick.report import StopReason, TickReport, UnitLine, UnitOutcome
from loopcoder.domain.tick.snapshot import BaseState, Snapshot, TickState, UnitView
from loopcoder.domain.tick.wave import Errand, Wave, holder_of
from loopcoder.engine.attempt.attempt import Attempt
from loopcoder.engine.attempt.briefing import failed_checks, with_comments
from loopcoder.engine.attempt.claim import release_claim, take_claim
from loopcoder.engine.attempt.outcome import Ended, Judged
from loopcoder.engine.attempt.recovery import at_hand, give_up
from loopcoder.engine.attempt.stage import Desk, NotOurs
from loopcoder.engine.compile.dashboard import show_dashboard
from loopcoder.engine.services import Services
from loopcoder.engine.tick.base import base_commit, check_base
from loopcoder.engine.tick.ending import cut_short, end_tick, record_end, summarise
from loopcoder.engine.tick.gathered import Gathered, TickOptions
from loopcoder.engine.tick.integrate import Integration, integrate
from loopcoder.engine.tick.passes import look_again, passes
from loopcoder.engine.tick.preflight import run_preflight
from loopcoder.engine.tick.seal import is_sealed, seal
from loopcoder.engine.tick.tick import begin_tick, recorded, tidy, used_api

_ALL = Decimal(1)

PURPOSE = "attempt"
"""What money is set aside for that covers all the jobs of one attempt."""


# --- the base, before anything is planned


def look_at_base(services: Services, options: TickOptions) -> tuple[str, ...]:
    """Run the preflight, and the base's own gates if they are due; returns warnings.

    What is found is recorded in the services' journal alone: `base.checked`, `roadmap.sealed`.
    Raises `LoopcoderError` when the preflight says stop.
    """
    logs = services.runs / options.run
    warnings = run_preflight(services, base_commit(services), logs)
    gathered = Gathered(_state(services, options))
    snapshot = look_again(services, gathered, compiling=False)
    due = any(isinstance(a, act.CheckBase) for a in decide(snapshot, services.settings))
    unfiled = any(view.issue is None for view in snapshot.units)
    if due or (unfiled and snapshot.base.green is None):
        check_base(services, snapshot, act.CheckBase(snapshot.base.sha, "it is due"))
    elif not is_sealed(snapshot):
        seal(services, snapshot, options.run)
    return warnings


def _state(services: Services, options: TickOptions) -> TickState:
    return TickState(run=options.run, started_at=services.clock.now(), allowed=options.units)


# --- the scheduler


@dataclass(slots=True)
class _Planner:
    """Hands out the first wave of a tick instead of running it."""

    lasting: timedelta
    errands: list[Errand] = field(default_factory=list)
    base: str = ""

    def act_on(self, services: Services, snapshot: Snapshot, gathered: Gathered) -> bool:
        actions = decide(snapshot, services.settings)
        if tidy(services, snapshot, actions, gathered, publishing=False):
            return True
        if any(isinstance(action, act.CheckBase) for action in actions):
            short = snapshot.base.sha[:7]
            gathered.warn((f"the base at {short} is not checked yet; the next tick goes on",))
            return False
        steps = [action for action in actions if isinstance(action, Dispatch)]
        if any(not at_hand(services, step) for step in steps):
            for step in steps:
                if not at_hand(services, step):
                    give_up(services, snapshot, step)
            return True
        views = {view.id: view for view in snapshot.units}
        self.base = snapshot.base.sha
        for step in steps:
            self._hand_out(services, views[step.unit], step, gathered)
        return False

    def _hand_out(
        self, services: Services, view: UnitView, step: Dispatch, gathered: Gathered
    ) -> None:
        run = gathered.state.run
        line = UnitLine(
            unit=step.unit,
            title=view.unit.title,
            outcome=UnitOutcome.WAITING,
            reason="a job of its own works on it",
            issue=view.issue.number if view.issue else None,
            pull=step.pull,
            attempt=step.attempt,
            worker=step.worker,
        )
        # What is asked of the host comes first: a limit there must leave no claim behind.
        view = with_comments(services, view)
        feedback = tuple(f for f in view.feedback if f.id in step.feedback)
        red = failed_checks(services, step)
        try:
            epoch = take_claim(
                services, step, view.unit, run, lasting=self.lasting, holder=holder_of(run)
            )
        except Stale as error:
            gathered.lines.append(replace(line, reason=str(error)))
            return
        held = _set_aside(services, view, step, epoch, run)
        if isinstance(held, Refusal):
            release_claim(services, step, epoch, held.reason)
            gathered.lines.append(replace(line, reason=held.reason))
            return
        self.errands.append(
            Errand(
                step, view.unit, epoch, view.issue, view.pull, feedback, red, held, view.comments
            )
        )
        gathered.lines.append(line)


def plan_wave(
    services: Services, options: TickOptions, config: str, lasting: timedelta
) -> tuple[TickReport, Wave | None]:
    """Everything a tick does before anybody works, and the wave to be worked on, if there is one.

    Its claims last for `lasting`. `config` is the SHA-256 of the configuration in force.
    """
    if services.settings.commit.sign:
        raise ConfigurationError(
            "`commit: {sign: true}` needs a key, and no job of a wave may have one.",
            "Take it out, or run whole ticks in one job.",
        )
    asked, planner = used_api(services), _Planner(lasting)
    taken_at = services.clock.now()
    gathered = begin_tick(services, options)
    with recorded(services, options.run):
        try:
            snapshot = passes(services, options, gathered, planner.act_on)
            report = summarise(services, snapshot, gathered)
        except RateLimited as limit:
            report = cut_short(services, gathered, limit)
            snapshot = gathered.seen or Snapshot(
                taken_at, BaseState(report.base), (), services.journal.history(), gathered.state
            )
    if report.stop_reason is StopReason.IDLE and is_sealed(snapshot):
        report = replace(report, stop_reason=StopReason.SEALED)
    if report.stop_reason is StopReason.BASE_RED and snapshot.base.green is None:
        report = replace(report, stop_reason=StopReason.LIMIT)  # not red: nobody has looked
    wave = None
    if planner.errands:
        wave = Wave(
            run=options.run,
            base=planner.base,
            base_branch=services.settings.base,
            config=config,
            taken_at=taken_at,
            until=taken_at + lasting,
            errands=tuple(planner.errands),
        )
        show_dashboard(services, snapshot, snapshot.history.last_change)
    elif report.try_again_at is None:
        report = end_tick(services, snapshot, report)
    else:
        record_end(services, report)
    return replace(report, api=used_api(services).since(asked)), wave


def _set_aside(
    services: Services, view: UnitView, step: Dispatch, epoch: int, run: str
) -> str | Refusal:
    """The reservation for everything the attempt's jobs may spend; empty when they are free."""
    settings = services.settings
    assert settings.reviewer is not None
    worker, reviewer = settings.workers[step.worker], settings.reviewer.spec
    basis = reviewer.cost if worker.cost is CostBasis.FREE else worker.cost
    refused: list[Refusal] = []

    def decision(history: History) -> list[Entry]:
        attempts = history.unit(step.unit).attempts
        spent = next(a.usd for a in attempts if a.number == step.attempt)
        amount = allowance(basis, settings.budget, _ALL, spent, view.unit.budget)
        if not amount:
            return []
        request = Request(
            run, step.unit, step.attempt, worker.provider, PURPOSE, amount,
            unit_cap=view.unit.budget,
        )  # fmt: skip
        verdict = reserve(history, settings.budget, request, services.clock.now())
        if isinstance(verdict, Refusal):
            refused.append(verdict)
            return []
        return [Entry(verdict, step.unit, step.attempt, epoch)]

    events = services.journal.transact(decision)
    if refused:
        return refused[-1]
    return events[0].id if events else ""


# --- the jobs


def desk_of(services: Services, wave: Wave, errand: Errand, may: frozenset[str]) -> Desk:
    """The attempt's place in a job that may do some of its stages."""
    step = errand.step
    papers = services.runs / wave.run / step.unit / f"attempt-{step.attempt}"
    papers.mkdir(parents=True, exist_ok=True)
    view = errand.view(services.journal.history())
    others = [each.unit for each in wave.errands if each.unit.id != step.unit]
    beside = tuple(Neighbour(unit.id, unit.touches) for unit in others if unit.touches)
    return Desk(services, step, view, wave.run, errand.epoch, papers, may, beside)


def run_station(
    services: Services, wave: Wave, errand: Errand, station: Station
) -> Judged | Ended | NotOurs:
    """Do the stages of one kind of job, as far as they go. What follows is not recorded here."""
    return replay(desk_of(services, wave, errand, frozenset(STAGES[station])), errand)


def replay(desk: Desk, errand: Errand) -> Judged | Ended | NotOurs:
    """Where the attempt has come to, after the stages that this process may do."""
    try:
        return Attempt(desk, errand.feedback, errand.failed).run()
    except NotOurs as waits:
        return waits


def integrate_wave(services: Services, wave: Wave, base: str, logs: Path) -> Integration:
    """Put what was judged together on the newest base and verify it; receipts say what fits."""
    results = [
        replay(desk_of(services, wave, each, frozenset({"integrate"})), each)
        for each in wave.errands
    ]
    judged: Sequence[Judged] = [each for each in results if isinstance(each, Judged)]
    return integrate(services, judged, base, logs)


def describe(result: Judged | Ended | NotOurs) -> str:
    """What came of a job, for its log."""
    match result:
        case Judged():
            return f"{result.commit[:12]} passed every gate of its own"
        case Ended():
            return f"{result.outcome.value}: {result.reason}"
        case _:
            return f"next: {result.stage}, round {result.round}"
