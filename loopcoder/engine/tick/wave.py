"""One wave: its attempts in parallel, the barrier, the combination, the proposals."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace

from loopcoder.domain.context.learned import Neighbour
from loopcoder.domain.diagnostic import LoopcoderError, RateLimited, Refused, Stale
from loopcoder.domain.settings import LandingMode
from loopcoder.domain.tick.action import Dispatch
from loopcoder.domain.tick.failure import FailureClass, policy_of
from loopcoder.domain.tick.report import UnitLine, UnitOutcome
from loopcoder.domain.tick.snapshot import Snapshot
from loopcoder.engine.attempt.briefing import failed_checks, with_comments
from loopcoder.engine.attempt.claim import release_claim, take_claim
from loopcoder.engine.attempt.ending import end_attempt
from loopcoder.engine.attempt.outcome import Ended, Judged
from loopcoder.engine.attempt.race import run_attempt
from loopcoder.engine.attempt.recovery import GONE, at_hand, clear_shelf, give_up, shelve
from loopcoder.engine.attempt.renewal import renewing
from loopcoder.engine.attempt.review import Unjudged
from loopcoder.engine.attempt.stage import Desk, Suspended
from loopcoder.engine.services import Services
from loopcoder.engine.tick.integrate import Integration, integrate
from loopcoder.engine.tick.parting import Ends, Left, as_pause, broken, keep_back, pause
from loopcoder.engine.tick.publish import land, publish
from loopcoder.engine.tick.unit_line import unit_line
from loopcoder.ports.shelf import Kept


@dataclass(frozen=True, slots=True)
class WaveResult:
    """`stopped` names providers that must not be used again in this tick; `limit` is a host's
    limit that was met, after which no more is begun."""

    lines: tuple[UnitLine, ...]
    stopped: frozenset[str] = frozenset()
    limit: RateLimited | None = None


def run_wave(
    services: Services, snapshot: Snapshot, steps: Sequence[Dispatch], number: int
) -> WaveResult:
    """Run the steps together and publish what holds together. One unit's trouble stays its own."""
    services.listener.wave_began(number, steps)
    with renewing(services):
        with ThreadPoolExecutor(max_workers=len(steps), thread_name_prefix="attempt") as pool:
            left = list(pool.map(lambda step: _contained(services, snapshot, step, steps), steps))
        judged = [each.result for each in left if isinstance(each.result, Judged)]
        ends = _publish_all(services, snapshot, judged, number)
    with suppress(LoopcoderError):
        clear_shelf(services, [Kept(s.unit, s.attempt, "") for s in steps if s.resume])
    lines = tuple(unit_line(services, snapshot, each, ends) for each in left)
    for line in lines:
        services.listener.unit_ended(line)
    return WaveResult(lines, _stopped_providers(services, lines, left), _limit_met(left, ends))


def _limit_met(left: Sequence[Left], ends: Ends) -> RateLimited | None:
    """The limit that will last longest of those that were met on the way."""
    met = [each.paused for each in left] + [ended.limit for ended, _ in ends.values()]
    limits = [each for each in met if isinstance(each, RateLimited)]
    return max(limits, key=lambda limit: limit.until, default=None)


def _contained(
    services: Services, snapshot: Snapshot, step: Dispatch, steps: Sequence[Dispatch]
) -> Left:
    """The fault boundary of one unit: whatever happens in here, the others go on."""
    desk: Desk | None = None
    try:
        if not at_hand(services, step):
            give_up(services, snapshot, step)
            raise Suspended(GONE)
        desk = replace(
            _open_desk(services, snapshot, step), beside=_neighbours(snapshot, step, steps)
        )
        feedback = [f for f in desk.view.feedback if f.id in step.feedback]
        result = run_attempt(desk, feedback, failed_checks(services, step))
        if isinstance(result, Ended):
            end_attempt(desk, result)
        return Left(step, desk, result)
    except (LoopcoderError, OSError) as error:
        paused = as_pause(error)
        if desk is not None:
            _shelve(desk)
            release_claim(services, step, desk.epoch, str(paused))
        return Left(step, desk, None, paused)
    except Exception as error:  # noqa: BLE001  one broken unit must not stop the night
        return Left(step, desk, broken(desk, error))
    finally:
        services.listener.stage_began(step.unit, "ended", 1)


def _shelve(desk: Desk) -> None:
    """Keep the work for other machines, if they can be reached: this one has it anyway."""
    with suppress(LoopcoderError):
        shelve(desk)


def _neighbours(
    snapshot: Snapshot, step: Dispatch, steps: Sequence[Dispatch]
) -> tuple[Neighbour, ...]:
    """The units of the wave, and those of other processes, that say which files they touch."""
    together = {each.unit for each in steps}
    return tuple(
        Neighbour(view.id, view.unit.touches)
        for view in snapshot.units
        if view.unit.touches and view.id != step.unit and (view.id in together or view.claim_alive)
    )


def _open_desk(services: Services, snapshot: Snapshot, step: Dispatch) -> Desk:
    view = next(v for v in snapshot.units if v.id == step.unit)
    epoch = take_claim(services, step, view.unit, snapshot.tick.run)
    record = services.journal.history().unit(step.unit)
    run = next(a.begun.run for a in record.attempts if a.number == step.attempt)
    papers = services.runs / run / step.unit / f"attempt-{step.attempt}"
    papers.mkdir(parents=True, exist_ok=True)
    if step.resume:
        services.end_leftovers(papers)
    return Desk(services, step, with_comments(services, view), snapshot.tick.run, epoch, papers)


def _publish_all(
    services: Services, snapshot: Snapshot, judged: Sequence[Judged], number: int
) -> Ends:
    """Put the wave together, propose what fits, send the rest back to wait."""
    ends: Ends = {}
    judged = [each for each in judged if not rests(services, each, ends)]
    if not judged:
        return ends
    try:
        base = _newest_base(services) or snapshot.base.sha
        logs = services.runs / snapshot.tick.run / f"wave-{number}"
        integration = integrate(services, judged, base, logs)
    except (LoopcoderError, OSError) as error:
        return ends | {
            each.step.unit: pause(services, each.step, each.desk.epoch, error) for each in judged
        }
    return ends | conclude_wave(services, integration)


def conclude_wave(services: Services, integration: Integration) -> Ends:
    """Propose or land what fits together; the rest waits for the next base. Executes nothing."""
    ends: Ends = {}
    for each, reason in integration.evicted:
        ended = Ended(UnitOutcome.WAITING, reason, FailureClass.CONFLICT)
        end_attempt(each.desk, ended)
        ends[each.step.unit] = (ended, None)
    if services.settings.landing.mode is LandingMode.COMMIT:
        return ends | _land_all(services, integration.fit, integration.head)
    for each in integration.fit:
        ends[each.step.unit] = _publish_one(services, each)
    return ends


def rests(services: Services, judged: Judged, ends: Ends) -> bool:
    """Whether a person said hold meanwhile, or closed the issue: then the finished work waits."""
    try:
        judged.desk.check_wanted()
    except Suspended as error:
        ends[judged.step.unit] = pause(services, judged.step, judged.desk.epoch, error)
        return True
    return False


def _newest_base(services: Services) -> str | None:
    landing = services.settings.landing
    if landing.mode is LandingMode.COMMIT:
        return services.code_host.branch_head(landing.work_branch)
    return services.code_host.branch_head(services.settings.base)


def _land_all(services: Services, fit: Sequence[Judged], head: str) -> Ends:
    if not fit:
        return {}
    try:
        ended, _ = land(services, fit, head)
    except (LoopcoderError, OSError) as error:
        return {each.step.unit: pause(services, each.step, each.desk.epoch, error) for each in fit}
    return {each.step.unit: (ended, None) for each in fit}


def _publish_one(services: Services, judged: Judged) -> tuple[Ended, int | None]:
    try:
        ended, pull = publish(judged)
    except Stale as error:
        ended = Ended(UnitOutcome.WAITING, f"{error}; decided again in the next tick")
        end_attempt(judged.desk, ended)
        return ended, None
    except Refused as error:
        return keep_back(services, judged, error), None
    except (LoopcoderError, OSError) as error:
        return pause(services, judged.step, judged.desk.epoch, error)
    except Exception as error:  # noqa: BLE001  the others of the wave are still to be proposed
        return broken(judged.desk, error), None
    return ended, pull.number


def _stopped_providers(
    services: Services, lines: Sequence[UnitLine], left: Sequence[Left]
) -> frozenset[str]:
    """Providers whose trouble will not pass by trying again (no credit, bad key, no sandbox): all
    of them where nobody can judge, as nobody is to be paid for work that only waits."""
    if any(isinstance(each.paused, Unjudged) for each in left):
        return frozenset(spec.provider for spec in services.settings.workers.values())
    stopped = set()
    for each in left:
        failure = each.result.failure if isinstance(each.result, Ended) else None
        if failure and policy_of(failure).stops_provider:
            worker = each.desk.worker if each.desk else each.step.worker
            stopped.add(services.settings.workers[worker].provider)
    return frozenset(stopped)
