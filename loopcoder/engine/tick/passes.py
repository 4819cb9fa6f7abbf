"""The passes of a tick: look at the world, decide, act, and look again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from loopcoder.domain.issues.proposal import with_proposals
from loopcoder.domain.roadmap.roadmap import Reading
from loopcoder.domain.tick.snapshot import Snapshot
from loopcoder.domain.unit import Roadmap
from loopcoder.engine.compile.dashboard import hear_boxes, show_dashboard
from loopcoder.engine.compile.hearing import hear
from loopcoder.engine.compile.roadmap_source import read_roadmap, require_ids, skipped
from loopcoder.engine.compile.tick_compile import compile_in_tick
from loopcoder.engine.services import Services
from loopcoder.engine.tick.base import base_commit
from loopcoder.engine.tick.gathered import Gathered, TickOptions
from loopcoder.engine.tick.observe import look, observe

MAX_PASSES = 1000
"""Passes of one tick. Every pass that does not end the tick uses something up (an upkeep action, a
base check, a unit's one attempt), so this is a fuse and not a limit anybody should reach."""

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
    reading = _read(services, gathered)
    if compiling:
        _hear(services, reading.roadmap, gathered)
        gathered.writes += _compile(services, reading, gathered)
    seen = observe(services, reading, base, gathered.state, look(services))
    if compiling and (said := hear_boxes(services, seen)):
        services.journal.record(*said)
        seen = observe(services, reading, base, gathered.state, look(services))
        gathered.warn(filter(None, [show_dashboard(services, seen, seen.history.last_change)]))
    gathered.seen = seen
    gathered.warn(services.ci.remarks())
    return seen


def _read(services: Services, gathered: Gathered) -> Reading:
    """The roadmap of the base branch, also when work lands on another one. Passes are many and the
    base seldom moves between them, so it is read once for each commit."""
    head = services.code_host.branch_head(services.settings.base) or ""
    if gathered.reading is None or gathered.read_at != head:
        gathered.reading, gathered.read_at = read_roadmap(services, head), head
        require_ids(gathered.reading)
        gathered.warn(skipped(gathered.reading))
    return gathered.reading


def _hear(services: Services, roadmap: Roadmap, gathered: Gathered) -> None:
    """Record what people said: before the compiler, which would put back what they took off."""
    services.journal.refresh()
    issues = {issue.number: issue for issue in services.tracker.list_issues()}
    heard = hear(services, roadmap, issues, services.journal.history())
    gathered.warn(heard.warnings)
    if heard.entries:
        services.journal.record(*heard.entries)


def _compile(services: Services, reading: Reading, gathered: Gathered) -> int:
    """Bring the issues up to date; closes and errors wait for a person."""
    if not services.settings.compile_on_tick:
        return 0
    desired = with_proposals(reading.roadmap, services.journal.history())
    compiled = compile_in_tick(services, desired, reading.diagnostics)
    gathered.warn(compiled.warnings)
    return compiled.writes
