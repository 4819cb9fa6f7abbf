"""One unattended pass: observe, decide, act, record, until nothing more can be done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from loopcoder.domain.diagnostic import (
    ConfigurationError,
    Diagnostic,
    LoopcoderError,
    RateLimited,
    RoadmapError,
)
from loopcoder.domain.issues.carrying import with_carried
from loopcoder.domain.issues.proposal import with_hand_made, with_proposals
from loopcoder.domain.journal.event import BaseChecked, Entry, TickBegun, TickFinished
from loopcoder.domain.journal.records.last_change import LastChange
from loopcoder.domain.settings import LandingMode
from loopcoder.domain.tick import action as act
from loopcoder.domain.tick.decide import decide
from loopcoder.domain.tick.report import ApiUse, StopReason, TickReport, UnitLine
from loopcoder.domain.tick.snapshot import BaseState, Snapshot, TickState
from loopcoder.domain.tick.summary import conclude
from loopcoder.domain.unit import Roadmap, UnitId
from loopcoder.engine.attempt.stage import Suspended
from loopcoder.engine.attempt.trust import remarks, require_trust
from loopcoder.engine.attempt.verify import gates_digest, verify_commit
from loopcoder.engine.compile.bookkeeping import keep_books
from loopcoder.engine.compile.dashboard import hear_boxes, show_dashboard
from loopcoder.engine.compile.hearing import hear
from loopcoder.engine.compile.roadmap_source import read_roadmap, require_ids, skipped
from loopcoder.engine.compile.tick_compile import compile_in_tick
from loopcoder.engine.compile.tidying import tidy_labels
from loopcoder.engine.services import Services
from loopcoder.engine.tick.execute import execute
from loopcoder.engine.tick.observe import look, observe
from loopcoder.engine.tick.preflight import run_preflight
from loopcoder.engine.tick.seal import seal
from loopcoder.engine.tick.wave import run_wave

MAX_PASSES = 1000
"""Passes of one tick. Every pass that does not end the tick uses something up (an upkeep action, a
base check, a unit's one attempt), so this is a fuse and not a limit anybody should reach."""


REFUSED = "refused"
"""How a tick is recorded that could not go on at all, with the reason."""


@dataclass(frozen=True, slots=True)
class TickOptions:
    """How this tick is bounded beyond the configuration. `once` ends it after the first wave."""

    run: str
    units: frozenset[UnitId] = frozenset()
    max_units: int | None = None
    max_minutes: float | None = None
    once: bool = False


@dataclass(slots=True)
class Gathered:
    """What the tick has gathered so far. `seen` is the world as it was last looked at."""

    state: TickState
    seen: Snapshot | None = None
    lines: list[UnitLine] = field(default_factory=list)
    waves: int = 0
    writes: int = 0
    diagnostics: tuple[Diagnostic, ...] = ()
    warnings: tuple[str, ...] = ()

    def warn(self, warnings: Iterable[str]) -> None:
        """Keep what everybody must read, each sentence once."""
        self.warnings = tuple(dict.fromkeys((*self.warnings, *warnings)))


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
            report = summarise(services, snapshot, gathered)
            if books:
                report = replace(report, waiting_for_you=(*report.waiting_for_you, books))
        except RoadmapError:
            keep_books(services, None)
            raise
        except RateLimited as limit:
            report = cut_short(services, gathered, limit)
    if report.try_again_at is None:
        report = _concluded(services, snapshot, options, report)
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


def summarise(services: Services, snapshot: Snapshot, gathered: Gathered) -> TickReport:
    """The report of what was gathered, with what stands in the way of everything else."""
    return conclude(
        snapshot,
        services.settings,
        gathered.lines,
        finished_at=services.clock.now(),
        writes=gathered.writes,
        diagnostics=gathered.diagnostics,
        warnings=gathered.warnings,
    )


def cut_short(services: Services, gathered: Gathered, limit: RateLimited) -> TickReport:
    """The report of a tick that a host's limit ended. What was begun is in the journal."""
    history = services.journal.history()
    empty = Snapshot(
        services.clock.now(), BaseState(base_commit(services)), (), history, gathered.state
    )
    seen = replace(gathered.seen, history=history) if gathered.seen else empty
    report = summarise(services, seen, gathered)
    return replace(report, stop_reason=StopReason.RATE_LIMIT, try_again_at=limit.until)


def used_api(services: Services) -> ApiUse:
    """What was asked of a network so far by this process."""
    return services.meter.used() if services.meter else ApiUse()


def _concluded(
    services: Services, snapshot: Snapshot, options: TickOptions, report: TickReport
) -> TickReport:
    """The report with what only the end can tell: interrupted, or sealed."""
    try:
        idle = report.stop_reason is StopReason.IDLE and not services.stop.is_set()
        if idle and seal(services, snapshot, options.run):
            return replace(report, stop_reason=StopReason.SEALED)
    except Suspended:
        if not services.stop.is_set():
            raise
    return replace(report, interrupted=services.stop.is_set())


def base_commit(services: Services) -> str:
    """The commit new work starts from: the base branch, or the work branch when landing there."""
    settings, host = services.settings, services.code_host
    head = None
    if settings.landing.mode is LandingMode.COMMIT:
        head = host.branch_head(settings.landing.work_branch)
    head = head or host.branch_head(settings.base)
    if head is None:
        raise ConfigurationError(
            f"the base branch {settings.base!r} does not exist.",
            "Set base: in loopcoder.yml to a branch of this repository; where it was renamed, to "
            "its new name.",
        )
    return head


def check_settings(services: Services) -> None:
    """Refuse what no tick can do safely, before anybody is paid."""
    require_trust(services)
    if not services.settings.workers:
        raise ConfigurationError(
            "no worker is configured.",
            "Add workers: to loopcoder.yml. See docs/reference/configuration.md#workers.",
        )


Act = Callable[[Services, Snapshot, Gathered], bool]
"""Does the next step of a decision; False when there is none."""


def passes(services: Services, options: TickOptions, gathered: Gathered, act_on: Act) -> Snapshot:
    """Observe, decide and act until a decision holds nothing that can be done."""
    for _ in range(MAX_PASSES):
        stopping = services.stop.is_set() or (options.once and gathered.waves > 0)
        gathered.state = replace(gathered.state, stopping=stopping)
        snapshot = look_again(services, gathered, compiling=True)
        services.listener.scanned(len(snapshot.units), snapshot.base.sha, snapshot.base.green)
        if not act_on(services, snapshot, gathered):
            return snapshot
    return snapshot


def look_again(services: Services, gathered: Gathered, *, compiling: bool) -> Snapshot:
    """The world as it is now, after the issues were brought up to date where that is wanted."""
    base = base_commit(services)
    roadmap, standing = _desired(services, gathered)
    if compiling:
        _hear(services, roadmap, gathered)
        gathered.writes += _compile(services, roadmap, gathered)
    seen = _see(services, roadmap, standing, base, gathered.state)
    if compiling and (said := hear_boxes(services, seen)):
        services.journal.record(*said)
        seen = _see(services, roadmap, standing, base, gathered.state)
        gathered.warn(filter(None, [show_dashboard(services, seen, seen.history.last_change)]))
    gathered.seen = seen
    gathered.warn(services.ci.remarks())
    return seen


def _see(
    services: Services, roadmap: Roadmap, standing: frozenset[UnitId], base: str, state: TickState
) -> Snapshot:
    """Every unit, also those that the roadmap does not have."""
    world = look(services)
    roadmap = with_carried(roadmap, world.history)
    roadmap = with_proposals(roadmap, world.history)
    roadmap = with_hand_made(roadmap, world.history, world.issues)
    return observe(services, roadmap, standing, base, state, world)


def _desired(services: Services, gathered: Gathered) -> tuple[Roadmap, frozenset[UnitId]]:
    """The roadmap of the base branch, also when work lands on another one."""
    head = services.code_host.branch_head(services.settings.base) or ""
    reading = read_roadmap(services, head)
    require_ids(reading)
    gathered.diagnostics = tuple(reading.diagnostics)
    gathered.warn(skipped(reading))
    return reading.roadmap, frozenset(unit.id for unit in reading.roadmap.units)


def _hear(services: Services, roadmap: Roadmap, gathered: Gathered) -> None:
    """Record what people said: before the compiler, which would put back what they took off."""
    services.journal.refresh()
    issues = {issue.number: issue for issue in services.tracker.list_issues()}
    heard = hear(services, roadmap, issues, services.journal.history())
    gathered.warn(heard.warnings)
    if heard.entries:
        services.journal.record(*heard.entries)


def _compile(services: Services, roadmap: Roadmap, gathered: Gathered) -> int:
    """Bring the issues up to date; closes and errors wait for a person."""
    if not services.settings.compile_on_tick:
        return 0
    desired = with_proposals(roadmap, services.journal.history())
    compiled = compile_in_tick(services, desired, gathered.diagnostics)
    gathered.warn(compiled.warnings)
    return compiled.writes


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
    writes branches or pull requests is left to a process that may."""
    upkeep = [a for a in actions if isinstance(a, act.Upkeep | act.ProposeFixBase)]
    if not publishing:
        upkeep = [a for a in upkeep if not isinstance(a, act.Publishing)]
    for action in upkeep:
        execute(services, snapshot, action)
        gathered.writes += 1
    return bool(upkeep)


def check_base(services: Services, snapshot: Snapshot, action: act.CheckBase) -> None:
    """Verify the base as it stands. When the tick is stopped meanwhile, it stays unchecked."""
    settings = services.settings
    logs: Path = services.runs / snapshot.tick.run / "base"
    services.listener.said(f"checking the base at {action.sha[:7]}")
    try:
        evidence = verify_commit(services, action.sha, settings.verify, logs, "base")
    except Suspended:
        if services.stop.is_set():
            return
        raise
    green = evidence.green or not settings.verify
    services.journal.record(
        Entry(
            BaseChecked(
                sha=action.sha,
                commands=gates_digest(settings, settings.verify),
                green=green,
                failing="" if green else evidence.failing,
                tail=evidence.tail[-2000:],
            )
        )
    )


def end_tick(services: Services, snapshot: Snapshot, report: TickReport) -> TickReport:
    """Bring the dashboard up to date, and record that the tick is over."""
    last = _change(services, report) or snapshot.history.last_change
    if report.writes:
        tidy_labels(services)
    trouble = show_dashboard(services, snapshot, last)
    if trouble:
        report = replace(report, warnings=(*report.warnings, trouble))
    record_end(services, report)
    return report


def _change(services: Services, report: TickReport) -> LastChange | None:
    """What the tick did, for the dashboard; None when it only looked."""
    outcomes = Counter(line.outcome.value for line in report.units if line.attempt is not None)
    if not outcomes and not report.writes:
        return None
    words = ", ".join(f"{count} {name}" for name, count in outcomes.items())
    at = f"{report.finished_at:%Y-%m-%d %H:%M}"
    name = report.run[-6:].lower()
    return LastChange(name, at, words or "issues were brought up to date", services.link)


def record_end(services: Services, report: TickReport) -> None:
    change = _change(services, report)
    services.journal.record(
        Entry(
            TickFinished(
                report.run,
                report.stop_reason.value,
                {
                    "units": [
                        {"unit": line.unit, "outcome": line.outcome.value, "reason": line.reason}
                        for line in report.units
                    ],
                    "spent": str(report.spent),
                    **({"change": change.as_json()} if change else {}),
                },
            )
        )
    )
