"""One unattended pass: observe, decide, act, record, until nothing more can be done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from loopcoder.domain.diagnostic import (
    ConfigurationError,
    Forbidden,
    LoopcoderError,
    NotFound,
    RateLimited,
    Refused,
    RoadmapError,
)
from loopcoder.domain.journal.event import Entry, TickBegun, TickFinished
from loopcoder.domain.tick import action as act
from loopcoder.domain.tick.decide import FIX_BASE, decide
from loopcoder.domain.tick.report import ApiUse, TickReport
from loopcoder.domain.tick.snapshot import Snapshot, TickState
from loopcoder.engine.attempt.trust import remarks, require_trust
from loopcoder.engine.compile.bookkeeping import keep_books
from loopcoder.engine.services import Services
from loopcoder.engine.tick.base import base_commit, check_base
from loopcoder.engine.tick.ending import concluded, cut_short, end_tick, record_end, summarise
from loopcoder.engine.tick.execute import execute
from loopcoder.engine.tick.gathered import Gathered, TickOptions
from loopcoder.engine.tick.passes import passes
from loopcoder.engine.tick.preflight import run_preflight
from loopcoder.engine.tick.wave import run_wave

REFUSED = "refused"
"""How a tick is recorded that could not go on at all, with the reason."""


def tick(services: Services, options: TickOptions) -> TickReport:
    """Do everything that can be done now without a person, and report it.

    Raises `ConfigurationError` before anything is dispatched when the configuration cannot be
    used, and `LoopcoderError` when the preflight says stop.
    """
    asked = used_api(services)
    gathered = begin_tick(services, options)
    with recorded(services, options.run):
        gathered.warnings += run_preflight(
            services, base_commit(services), services.runs / options.run
        )
        try:
            snapshot = passes(services, options, gathered, _act)
            books = keep_books(services, snapshot)
            report = books.told_in(summarise(services, snapshot, gathered))
        except RoadmapError:
            keep_books(services, None)
            raise
        except RateLimited as limit:
            report = cut_short(services, gathered, limit)
    if report.try_again_at is None:
        report = concluded(services, snapshot, options, report)
        report = end_tick(services, snapshot, report)
    else:
        record_end(services, report)
    return replace(report, api=used_api(services).since(asked))


def begin_tick(services: Services, options: TickOptions) -> Gathered:
    """Check what can be checked before anything is done, and record that a tick begins."""
    started = services.clock.now()
    base = base_commit(services)
    check_settings(services)
    services.journal.record(Entry(TickBegun(options.run, base, services.holder)))
    state = TickState(
        run=options.run,
        started_at=started,
        allowed=options.units,
        max_units=options.max_units,
        max_minutes=options.max_minutes,
    )
    return Gathered(state, warnings=(*remarks(services), *services.warnings))


@contextmanager
def recorded(services: Services, run: str) -> Iterator[None]:
    """Record a tick that cannot go on at all, with the reason."""
    try:
        yield
    except LoopcoderError as error:
        ended = TickFinished(run, REFUSED, {"reason": str(error)})
        services.journal.record(Entry(ended))
        raise


def used_api(services: Services) -> ApiUse:
    """What was asked of a network so far by this process."""
    return services.meter.used() if services.meter else ApiUse()


def check_settings(services: Services) -> None:
    """Refuse what no tick can do safely, before anybody is paid."""
    require_trust(services)
    if not services.settings.workers:
        raise ConfigurationError(
            "no worker is configured.",
            "Add workers: to loopcoder.yml. See `loopcoder help configuration workers`.",
        )


def _act(services: Services, snapshot: Snapshot, gathered: Gathered) -> bool:
    """Do the decision's next step; False when there is none."""
    actions = decide(snapshot, services.settings)
    if tidy(services, snapshot, actions, gathered):
        return True
    check = next((a for a in actions if isinstance(a, act.CheckBase)), None)
    if check:
        check_base(services, snapshot, check)
        return True
    steps = [a for a in actions if isinstance(a, act.Dispatch)]
    if not steps:
        return False
    gathered.waves += 1
    result = run_wave(services, snapshot, steps, gathered.waves)
    gathered.lines.extend(result.lines)
    gathered.state = replace(
        gathered.state,
        attempted=gathered.state.attempted | {step.unit for step in steps},
        stopped_providers=gathered.state.stopped_providers | result.stopped,
    )
    if result.limit:
        raise result.limit
    return True


def tidy(
    services: Services,
    snapshot: Snapshot,
    actions: Sequence[act.Action],
    gathered: Gathered,
    *,
    publishing: bool = True,
) -> bool:
    """Carry out the upkeep that was decided; whether there was any. Without `publishing` what
    writes branches or pull requests is left to a process that may.

    Each action is tried once in a tick, and what a host refuses is said: neither a write that
    leaves no trace nor an issue that takes none may keep all the others waiting.
    """
    upkeep = [a for a in actions if isinstance(a, act.Upkeep | act.ProposeFixBase)]
    if not publishing:
        upkeep = [a for a in upkeep if not isinstance(a, act.Publishing)]
    fresh = [action for action in upkeep if action not in gathered.tidied]
    gathered.warn(_without_trace(a) for a in upkeep if a in gathered.tidied)
    for action in fresh:
        gathered.tidied.add(action)
        try:
            execute(services, snapshot, action)
        except Forbidden:
            raise
        except (Refused, NotFound) as error:
            gathered.warn([f"{_named(action)}: {error}"])
        else:
            gathered.writes += 1
    return bool(fresh)


def _without_trace(action: act.Upkeep | act.ProposeFixBase) -> str:
    return f"{_named(action)}: it was seen to already, and nothing shows it: {action.reason}"


def _named(action: act.Upkeep | act.ProposeFixBase) -> str:
    unit = FIX_BASE if isinstance(action, act.ProposeFixBase) else action.unit
    return unit or "loopcoder"
