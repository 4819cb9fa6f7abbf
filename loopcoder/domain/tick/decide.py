"""The decision of a tick: `decide(snapshot, settings) -> list[Action]`, pure and total.

Upkeep comes first, then one action per unit. Whatever holds a unit back is a `Wait` with its
reason, so that `explain` shows the very decision the tick took.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from loopcoder.domain.graph import globs_overlap
from loopcoder.domain.issues.ration import Rations, pull_rations
from loopcoder.domain.journal.history import History
from loopcoder.domain.journal.records.money import Spend
from loopcoder.domain.limits.allowance import WORK_SHARE, allowance
from loopcoder.domain.limits.breaker import BreakerState, breakers, may_dispatch
from loopcoder.domain.limits.budget import Refusal, Request, reserve
from loopcoder.domain.limits.slots import MOST
from loopcoder.domain.review.trust import Standing, refusal
from loopcoder.domain.settings import LandingMode, Settings
from loopcoder.domain.tick import action as act
from loopcoder.domain.tick.lifecycle import State
from loopcoder.domain.tick.readiness import next_step
from loopcoder.domain.tick.snapshot import Snapshot, UnitView
from loopcoder.domain.tick.upkeep import plan_upkeep
from loopcoder.domain.unit import UnitId

FIX_BASE = UnitId("fix-base")


def decide(snapshot: Snapshot, settings: Settings) -> list[act.Action]:
    """What to do next, in order, each with its reason. The same input gives the same list."""
    upkeep = plan_upkeep(snapshot, settings)
    busy = {a.unit for a in upkeep if not isinstance(a, act.Aside)}
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
    unknown = base.green is None
    if not candidates or base.green or (unknown and snapshot.tick.stopping):
        return _allocate(candidates, snapshot, settings)
    if unknown:
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
    if known is not None and (not finished or _proposed_for(known, snapshot.base.sha)):
        return []
    at_once = settings.on_red_base == "fix"
    reason = "worked on first" if at_once else "waits for approval"
    base = snapshot.base
    return [act.ProposeFixBase(base.sha, base.failing, base.tail, at_once, reason)]


def _proposed_for(known: UnitView, base: str) -> bool:
    """Whether this very base was the reason already: then it is for a person to open it again."""
    proposed = known.record.proposed
    return proposed is not None and base[:12] in proposed.body


def _all_wait(candidates: Iterable[act.Dispatch], reason: str) -> list[act.Action]:
    return [act.Wait(c.unit, _state(c), reason, act.Cause.BASE) for c in candidates]


def _state(step: act.Dispatch) -> State:
    return State.AWAITING_MERGE if step.purpose is act.Purpose.FIX_UP else State.READY


@dataclass(slots=True)
class _Wave:
    """What has been given out so far in this decision. `running` are the units that are being
    worked on or were just chosen, `flying` their providers, `builds` how many of them will open a
    pull request, and `pulls` how many more may be; `history` also knows what those that
    were just chosen will set aside, so that together they fit under the caps."""

    snapshot: Snapshot
    settings: Settings
    history: History
    states: tuple[BreakerState, ...]
    views: dict[UnitId, UnitView]
    running: list[UnitId]
    flying: list[str]
    pulls: Rations
    chosen: int = 0
    builds: int = 0

    @classmethod
    def begin(cls, snapshot: Snapshot, settings: Settings) -> _Wave:
        alive = [view for view in snapshot.units if view.claim_alive]
        attempts = [view.record.current for view in alive]
        builds = sum(1 for view in alive if view.record.current and not view.open_pull)
        limits, history = settings.limits, snapshot.history
        return cls(
            snapshot,
            settings,
            snapshot.history.copy(),
            breakers(snapshot.history, settings.breaker, snapshot.now),
            {view.id: view for view in snapshot.units},
            [view.id for view in alive],
            [attempt.begun.provider for attempt in attempts if attempt],
            pull_rations(limits, history, snapshot.now).without(builds),
            builds=builds,
        )

    @property
    def stuck(self) -> int:
        """Units whose finished work the host did not take: pull requests that are still to be."""
        return sum(
            1
            for view in self.views.values()
            if not view.open_pull
            and view.record.needs_human
            and view.record.current
            and view.record.current.is_judged
        )

    def places(self, unit: UnitId) -> int:
        """How many runs at once a unit may take: one for each of its candidates."""
        view = self.views[unit]
        return 1 if view.pull else view.unit.candidates

    def take(self, step: act.Dispatch) -> None:
        self.running.append(step.unit)
        self.flying.append(self.settings.workers[step.worker].provider)
        self.chosen += 1
        if step.pull is None:
            self.builds += 1
            self.pulls = self.pulls.without(1)
        request = request_for(step, self.views[step.unit], self.snapshot.tick.run, self.settings)
        if request.usd:
            planned = f"planned-{self.chosen}"
            self.history.spend[planned] = Spend(
                reservation=planned,
                at=self.snapshot.now,
                run=request.run,
                unit=request.unit,
                attempt=request.attempt,
                provider=request.provider,
                purpose=request.purpose,
                reserved=request.usd,
                usd=request.usd,
                tokens=0,
            )


def _allocate(
    candidates: list[act.Dispatch], snapshot: Snapshot, settings: Settings
) -> list[act.Action]:
    """Hand out places in the next wave, in order; who gets none waits, with the reason."""
    if not candidates:
        return []
    wave = _Wave.begin(snapshot, settings)
    actions: list[act.Action] = []
    for step in candidates:
        placed = _place(step, wave)
        if isinstance(placed, act.Dispatch):
            wave.take(placed)
        actions.append(placed)
    return actions


def _place(step: act.Dispatch, wave: _Wave) -> act.Action:
    """The step with a worker that can be used now, or a wait. What is cheap is asked first."""
    for cause, check in _CHECKS:
        reason = check(step, wave)
        if reason:
            return act.Wait(step.unit, _state(step), reason, cause)
    spec = wave.settings.workers[step.worker]
    first = ""
    for name in (step.worker, *(n for n in spec.fallback if n in wave.settings.workers)):
        reason = _provider_refusal(name, wave)
        if not reason:
            return replace(step, worker=name)
        first = first or reason
    return act.Wait(step.unit, _state(step), first, act.Cause.BREAKER)


def _tick_refusal(step: act.Dispatch, wave: _Wave) -> str:
    tick, limits = wave.snapshot.tick, wave.settings.limits
    if tick.stopping:
        return "the tick is stopping"
    if tick.allowed and step.unit not in tick.allowed:
        return "not among the units this tick was asked for"
    most = tick.max_units if tick.max_units is not None else limits.units_per_tick
    if len(tick.attempted) + wave.chosen >= most:
        return f"the limit of {most} units in a tick is reached; the next tick goes on"
    minutes = tick.max_minutes if tick.max_minutes is not None else limits.minutes_per_tick
    if (wave.snapshot.now - tick.started_at).total_seconds() >= minutes * 60:
        return f"the limit of {minutes:g} minutes in a tick is reached; the next tick goes on"
    return ""


def _limit_refusal(step: act.Dispatch, wave: _Wave) -> str:
    jobs = min(wave.settings.jobs, MOST)
    taken, asked = sum(map(wave.places, wave.running)), wave.places(step.unit)
    if taken >= jobs or (taken and taken + asked > jobs):
        return f"all {jobs} jobs are taken; it is in a next wave"
    most = wave.settings.limits.open_prs
    stuck = wave.stuck
    if step.pull is not None or wave.settings.landing.mode is not LandingMode.PULL_REQUEST:
        return ""
    if wave.snapshot.open_pulls + stuck + wave.builds >= most:
        more = f" and {stuck} cannot be opened" if stuck else ""
        opened = f"{wave.snapshot.open_pulls} pull requests are open{more}"
        return f"{opened}, {most} is the limit; merge some"
    return wave.pulls.refusal(1)


def _overlap_refusal(step: act.Dispatch, wave: _Wave) -> str:
    touches = wave.views[step.unit].unit.touches
    for other in wave.running:
        theirs = wave.views[other].unit.touches
        if touches and theirs and globs_overlap(touches, theirs):
            return f"touches files that {other} touches; it is in a next wave"
    return ""


def _provider_refusal(worker: str, wave: _Wave) -> str:
    spec = wave.settings.workers[worker]
    if spec.provider in wave.snapshot.tick.stopped_providers:
        return f"provider {spec.provider} is stopped for this tick"
    if wave.flying.count(spec.provider) >= spec.max_parallel:
        return f"{spec.provider} already has {spec.max_parallel} runs at once"
    blocked = may_dispatch(wave.states, spec.provider, wave.flying)
    return blocked.reason if blocked else ""


def _reviewer_refusal(step: act.Dispatch, wave: _Wave) -> str:
    """Why nobody could review the result now: then nobody is paid for it, and what is finished
    waits. A half-open breaker lets one unit through, what waits for its review first."""
    rules, record = wave.settings.reviewer, wave.views[step.unit].record
    if rules is None or (step.resume and record.current and record.current.is_judged):
        return ""
    workers, first = wave.settings.workers, ""
    names = [name for name in rules.spec.fallback if name in workers]
    for name, spec in (("", rules.spec), *((name, workers[name]) for name in names)):
        fault = "no calibration" if name in wave.snapshot.unmeasured else ""
        if name and refusal(workers[step.worker], spec, rules, Standing(fault, fault)):
            continue  # it would not be asked
        states = [state for state in wave.states if state.provider == spec.provider]
        blocked = may_dispatch(states, spec.provider, [spec.provider] * len(wave.running))
        if blocked is None:
            return ""
        first = first or blocked.reason
    return f"nobody can review it: {first}"


def _budget_refusal(step: act.Dispatch, wave: _Wave) -> str:
    request = request_for(step, wave.views[step.unit], wave.snapshot.tick.run, wave.settings)
    verdict = reserve(wave.history, wave.settings.budget, request, wave.snapshot.now)
    return verdict.reason if isinstance(verdict, Refusal) else ""


_CHECKS = (
    (act.Cause.LIMIT, _tick_refusal),
    (act.Cause.LIMIT, _limit_refusal),
    (act.Cause.LIMIT, _overlap_refusal),
    (act.Cause.BREAKER, _reviewer_refusal),
    (act.Cause.BUDGET, _budget_refusal),
)


def request_for(step: act.Dispatch, view: UnitView, run: str, settings: Settings) -> Request:
    """What has to be set aside before the step's worker may start."""
    spec = settings.workers[step.worker]
    return Request(
        run=run,
        unit=step.unit,
        attempt=step.attempt,
        provider=spec.provider,
        purpose="work",
        usd=allowance(spec.cost, settings.budget, WORK_SHARE, unit_cap=view.unit.budget),
        unit_cap=view.unit.budget,
    )
