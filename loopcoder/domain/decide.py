"""The decision of a tick: `decide(snapshot, settings) -> list[Action]`, pure and total.

Upkeep comes first, then one action per unit. Whatever holds a unit back is a `Wait` with its
reason, so that `explain` shows the very decision the tick took.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from loopcoder.domain import action as act
from loopcoder.domain.allowance import WORK_SHARE, allowance
from loopcoder.domain.breaker import BreakerState, breakers, may_dispatch
from loopcoder.domain.budget import Refusal, Request, reserve
from loopcoder.domain.graph import globs_overlap
from loopcoder.domain.lifecycle import State
from loopcoder.domain.readiness import next_step
from loopcoder.domain.settings import Settings
from loopcoder.domain.snapshot import Snapshot, UnitView
from loopcoder.domain.unit import UnitId
from loopcoder.domain.upkeep import plan_upkeep

FIX_BASE = UnitId("fix-base")


def decide(snapshot: Snapshot, settings: Settings) -> list[act.Action]:
    """What to do next, in order, each with its reason. The same input gives the same list."""
    upkeep = plan_upkeep(snapshot, settings)
    busy = {a.unit for a in upkeep if not isinstance(a, act.SettleOrphan)}
    steps = [next_step(view, snapshot, settings) for view in snapshot.units]
    waits = [s for s in steps if isinstance(s, act.Wait)]
    candidates = [s for s in steps if isinstance(s, act.Dispatch) and s.unit not in busy]
    chosen = _behind_base(_ordered(candidates, snapshot), snapshot, settings)
    return [*upkeep, *chosen, *waits]


def _ordered(candidates: Iterable[act.Dispatch], snapshot: Snapshot) -> list[act.Dispatch]:
    """Begun work first, then answers to people, then new work by priority, path and position."""
    views = {view.id: view for view in snapshot.units}

    def rank(step: act.Dispatch) -> tuple[bool, bool, int, int, int, UnitId]:
        unit = views[step.unit].unit
        return (
            not step.resume,
            step.purpose is not act.Purpose.FIX_UP,
            unit.priority,
            -snapshot.depth.get(step.unit, 0),
            unit.position,
            step.unit,
        )

    return sorted(candidates, key=rank)


def _behind_base(
    candidates: list[act.Dispatch], snapshot: Snapshot, settings: Settings
) -> list[act.Action]:
    """Let nothing start on a base that is red or unchecked, except its repair."""
    base = snapshot.base
    if not candidates or base.green:
        return _allocate(candidates, snapshot, settings)
    if base.green is None:
        check = act.CheckBase(base.sha, "nobody is paid to build on an unchecked base")
        return [check, *_all_wait(candidates, "the base is being checked")]
    repair = [c for c in candidates if c.unit == FIX_BASE]
    rest = [c for c in candidates if c.unit != FIX_BASE]
    held_back = _all_wait(rest, f"the base is red: {base.failing}")
    return [
        *_propose_repair(snapshot, settings),
        *_allocate(repair, snapshot, settings),
        *held_back,
    ]


def _propose_repair(snapshot: Snapshot, settings: Settings) -> list[act.Action]:
    known = next((view for view in snapshot.units if view.id == FIX_BASE), None)
    finished = known is not None and known.issue is not None and not known.issue.is_open
    if known is not None and not finished:
        return []
    at_once = settings.on_red_base == "fix"
    reason = "worked on first" if at_once else "waits for approval"
    base = snapshot.base
    return [act.ProposeFixBase(base.sha, base.failing, base.tail, at_once, reason)]


def _all_wait(candidates: Iterable[act.Dispatch], reason: str) -> list[act.Action]:
    return [act.Wait(c.unit, _state(c), reason, act.Cause.BASE) for c in candidates]


def _state(step: act.Dispatch) -> State:
    return State.AWAITING_MERGE if step.purpose is act.Purpose.FIX_UP else State.READY


@dataclass(slots=True)
class _Wave:
    """What has been given out so far in this decision."""

    snapshot: Snapshot
    settings: Settings
    states: tuple[BreakerState, ...]
    views: dict[UnitId, UnitView]
    chosen: list[act.Dispatch] = field(default_factory=list)

    def in_flight(self) -> tuple[str, ...]:
        """The provider of every attempt that runs or is about to."""
        running = (v.record.current for v in self.snapshot.units if v.claim_alive)
        providers = [attempt.begun.provider for attempt in running if attempt]
        return (*providers, *(self.provider(step) for step in self.chosen))

    def provider(self, step: act.Dispatch) -> str:
        return self.settings.workers[step.worker].provider

    def running(self) -> list[UnitId]:
        return [v.id for v in self.snapshot.units if v.claim_alive] + [s.unit for s in self.chosen]


def _allocate(
    candidates: list[act.Dispatch], snapshot: Snapshot, settings: Settings
) -> list[act.Action]:
    """Hand out places in the next wave, in order; who gets none waits, with the reason."""
    wave = _Wave(
        snapshot,
        settings,
        breakers(snapshot.history, settings.breaker, snapshot.now),
        {view.id: view for view in snapshot.units},
    )
    actions: list[act.Action] = []
    for step in candidates:
        fitting = _with_usable_worker(step, wave)
        refused = _refusal(fitting, wave)
        if refused:
            cause, reason = refused
            actions.append(act.Wait(step.unit, _state(step), reason, cause))
        else:
            wave.chosen.append(fitting)
            actions.append(fitting)
    return actions


def _with_usable_worker(step: act.Dispatch, wave: _Wave) -> act.Dispatch:
    """The step with its first worker, or fallback, whose provider can be used now."""
    spec = wave.settings.workers[step.worker]
    for name in (step.worker, *spec.fallback):
        if name in wave.settings.workers and not _provider_refusal(name, wave):
            return replace(step, worker=name)
    return step


def _refusal(step: act.Dispatch, wave: _Wave) -> tuple[act.Cause, str] | None:
    """Why the step cannot be part of this wave; None when it can."""
    checks = (
        (act.Cause.LIMIT, _tick_refusal(step, wave)),
        (act.Cause.LIMIT, _limit_refusal(step, wave)),
        (act.Cause.LIMIT, _overlap_refusal(step, wave)),
        (act.Cause.BUDGET, _budget_refusal(step, wave)),
        (act.Cause.BREAKER, _provider_refusal(step.worker, wave)),
    )
    return next(((cause, reason) for cause, reason in checks if reason), None)


def _tick_refusal(step: act.Dispatch, wave: _Wave) -> str:
    tick, limits = wave.snapshot.tick, wave.settings.limits
    if tick.stopping:
        return "the tick is stopping"
    if tick.allowed and step.unit not in tick.allowed:
        return "not among the units this tick was asked for"
    most = tick.max_units if tick.max_units is not None else limits.units_per_tick
    if len(tick.attempted) + len(wave.chosen) >= most:
        return f"the limit of {most} units in a tick is reached; the next tick goes on"
    minutes = tick.max_minutes if tick.max_minutes is not None else limits.minutes_per_tick
    if (wave.snapshot.now - tick.started_at).total_seconds() >= minutes * 60:
        return f"the limit of {minutes:g} minutes in a tick is reached; the next tick goes on"
    return ""


def _limit_refusal(step: act.Dispatch, wave: _Wave) -> str:
    running = wave.running()
    if len(running) >= wave.settings.jobs:
        return f"all {wave.settings.jobs} jobs are taken; it is in a next wave"
    most = wave.settings.limits.open_prs
    new = sum(1 for s in wave.chosen if s.pull is None)
    if step.pull is None and wave.snapshot.open_pulls + new >= most:
        return f"{wave.snapshot.open_pulls} pull requests are open, {most} is the limit; merge some"
    return ""


def _overlap_refusal(step: act.Dispatch, wave: _Wave) -> str:
    touches = wave.views[step.unit].unit.touches
    for other in wave.running():
        theirs = wave.views[other].unit.touches
        if touches and theirs and globs_overlap(touches, theirs):
            return f"touches files that {other} touches; it is in a next wave"
    return ""


def _provider_refusal(worker: str, wave: _Wave) -> str:
    spec = wave.settings.workers[worker]
    if spec.provider in wave.snapshot.tick.stopped_providers:
        return f"provider {spec.provider} is stopped for this tick"
    flying = wave.in_flight()
    if flying.count(spec.provider) >= spec.max_parallel:
        return f"{spec.provider} already has {spec.max_parallel} runs at once"
    blocked = may_dispatch(wave.states, spec.provider, flying)
    return blocked.reason if blocked else ""


def _budget_refusal(step: act.Dispatch, wave: _Wave) -> str:
    request = request_for(step, wave.views[step.unit], wave.snapshot.tick.run, wave.settings)
    verdict = reserve(wave.snapshot.history, wave.settings.budget, request, wave.snapshot.now)
    return verdict.reason if isinstance(verdict, Refusal) else ""


def request_for(step: act.Dispatch, view: UnitView, run: str, settings: Settings) -> Request:
    """What has to be set aside before the step's worker may start."""
    spec = settings.workers[step.worker]
    return Request(
        run=run,
        unit=step.unit,
        attempt=step.attempt,
        provider=spec.provider,
        purpose="work",
        usd=allowance(spec.cost, settings.budget, WORK_SHARE),
        tokens=0,
        unit_cap=view.unit.budget,
    )
