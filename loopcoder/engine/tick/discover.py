"""One look at the CI of the base branch: what failed becomes facts, and the facts units."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from loopcoder.domain.ci.failure import (
    ORIGIN,
    Job,
    RunState,
    Seen,
    WorkflowRun,
    body_of,
    on_base,
    read_failure,
    title_of,
)
from loopcoder.domain.issues.proposal import with_proposals
from loopcoder.domain.journal.event import CiFailed, CiFlaked, CiPassed, Entry, Proposed
from loopcoder.domain.journal.history import History
from loopcoder.domain.journal.records.ci import MOST_FLAKES, CiRecord, run_order
from loopcoder.domain.journal.records.unit import UnitRecord
from loopcoder.domain.unit import UnitId
from loopcoder.engine.compile.roadmap_source import read_roadmap
from loopcoder.engine.compile.tick_compile import compile_in_tick
from loopcoder.engine.services import Services


class Found(StrEnum):
    """What a look says of one failure."""

    NEW = "new"
    AGAIN = "again"
    FLAKY = "flaky"
    GREEN = "green"
    OVER_CAP = "over the cap"


@dataclass(frozen=True, slots=True)
class Line:
    unit: UnitId
    found: Found
    title: str
    run: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Discovery:
    """`writes` are those of the compiler, which files, closes and reopens."""

    lines: tuple[Line, ...] = ()
    looked_at: int = 0
    writes: int = 0
    warnings: tuple[str, ...] = ()


@dataclass(slots=True)
class _Look:
    """What is gathered of one look, before anything of it is recorded."""

    history: History
    room: int
    entries: list[Entry] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    fresh: set[UnitId] = field(default_factory=set)

    def known(self) -> Iterator[tuple[UnitRecord, CiRecord]]:
        for record in self.history.units.values():
            if record.ci is not None:
                yield record, record.ci

    def say(self, unit: UnitId, found: Found, title: str, run: WorkflowRun, url: str = "") -> None:
        self.lines.append(Line(unit, found, title, run.key, url))


def discover(services: Services, *, dry: bool = False) -> Discovery:
    """Read what failed on the base branch, record it, and have the compiler file it.

    `dry` records and writes nothing.
    """
    services.journal.refresh()
    history = services.journal.history()
    runs = on_base(services.ci.list_runs(services.settings.base), services.settings.base)
    look = _Look(history, services.settings.discover.max_open - _open(history))
    for workflow in sorted({run.workflow for run in runs}):
        mine = [run for run in runs if run.workflow == workflow and _is_over(run)]
        if mine:
            _of_workflow(services, look, mine)
    if dry:
        return Discovery(tuple(look.lines), len(runs), 0, tuple(services.ci.remarks()))
    if look.entries:
        services.journal.record(*look.entries)
    writes, warnings = _file(services)
    remarks = (*services.ci.remarks(), *warnings)
    return Discovery(tuple(look.lines), len(runs), writes, remarks)


def _open(history: History) -> int:
    """How many failures are filed and not green."""
    return sum(
        1
        for record in history.units.values()
        if record.ci and record.proposed and not record.ci.is_green
    )


def _is_over(run: WorkflowRun) -> bool:
    return run.state is not RunState.OTHER


def _of_workflow(services: Services, look: _Look, runs: Sequence[WorkflowRun]) -> None:
    """The newest run says what is red now; an older red one counts only as a flake."""
    newest = runs[-1]
    green_commits = {run.commit for run in runs if run.state is RunState.GREEN}
    for run in runs:
        flake = run.commit in green_commits
        if run.state is RunState.RED and (run is newest or flake):
            _of_red_run(services, look, run, runs, flake)
    _healed(services, look, newest)


def _of_red_run(
    services: Services,
    look: _Look,
    run: WorkflowRun,
    runs: Sequence[WorkflowRun],
    flake: bool,
) -> None:
    if any(run.key in ci.runs for _, ci in look.known()):
        return
    for job in services.ci.list_jobs(run):
        if job.state is RunState.RED:
            seen = read_failure(run, job, services.ci.read_job_log(job))
            _seen(look, seen, _green_on(run, runs) if flake else None)


def _green_on(run: WorkflowRun, runs: Sequence[WorkflowRun]) -> WorkflowRun | None:
    same = [each for each in runs if each.commit == run.commit and each.state is RunState.GREEN]
    return same[-1] if same else None


def _seen(look: _Look, seen: Seen, green: WorkflowRun | None) -> None:
    """Record one failure, and propose it when nobody knows it yet."""
    run, job, unit = seen.run, seen.job, seen.unit
    record = look.history.unit(unit)
    failed = CiFailed(run.workflow, job.name, job.step, run.key, run.commit, job.url)
    look.entries.append(Entry(failed, unit))
    flakes = len(record.ci.flakes) if record.ci else 0
    if green is not None:
        look.entries.append(Entry(CiFlaked(run.key, green.key, run.commit), unit))
        flakes += 1
    known = record.proposed is not None or unit in look.fresh
    if known:
        look.say(unit, Found.FLAKY if green else Found.AGAIN, title_of(seen), run, job.url)
    elif green is not None and flakes < MOST_FLAKES:
        look.say(unit, Found.FLAKY, title_of(seen), run, job.url)
    elif look.room <= 0:
        look.say(unit, Found.OVER_CAP, title_of(seen), run, job.url)
    else:
        look.room -= 1
        look.fresh.add(unit)
        title = f"Flaky {title_of(seen)}" if green is not None else title_of(seen)
        look.entries.append(Entry(Proposed(title, body_of(seen), ORIGIN), unit))
        look.say(unit, Found.NEW, title, run, job.url)


def _healed(services: Services, look: _Look, newest: WorkflowRun) -> None:
    """Failures of this workflow that the newest run does not show any more."""
    jobs: Sequence[Job] | None = None
    for record, ci in look.known():
        if ci.workflow != newest.workflow or ci.is_green:
            continue
        if run_order(newest.key) <= run_order(ci.failed):
            continue
        if newest.state is RunState.RED:
            jobs = services.ci.list_jobs(newest) if jobs is None else jobs
            if not any(job.name == ci.job and job.state is RunState.GREEN for job in jobs):
                continue
        fact: CiFlaked | CiPassed = CiPassed(newest.key, newest.commit)
        if newest.commit == ci.commit:
            fact = CiFlaked(ci.failed, newest.key, newest.commit)
        look.entries.append(Entry(fact, record.id))
        title = record.proposed.title if record.proposed else record.id
        look.say(record.id, Found.GREEN, title, newest, newest.url)


def _file(services: Services) -> tuple[int, tuple[str, ...]]:
    """Have the compiler bring the issues up to date with what was recorded."""
    if not services.settings.compile_on_tick:
        return 0, ()
    head = services.code_host.branch_head(services.settings.base) or ""
    reading = read_roadmap(services, head)
    desired = with_proposals(reading.roadmap, services.journal.history())
    compiled = compile_in_tick(services, desired, reading.diagnostics)
    return compiled.writes, compiled.warnings
