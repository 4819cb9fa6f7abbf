"""How a tick ends: its report, the dashboard, and the record that it is over."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from loopcoder.domain.diagnostic import RateLimited
from loopcoder.domain.journal.event import Entry, TickFinished
from loopcoder.domain.journal.records.last_change import LastChange
from loopcoder.domain.tick.report import StopReason, TickReport
from loopcoder.domain.tick.snapshot import BaseState, Snapshot
from loopcoder.domain.tick.summary import conclude
from loopcoder.domain.views.report import why_ended
from loopcoder.engine.attempt.stage import Suspended
from loopcoder.engine.compile.dashboard import show_dashboard
from loopcoder.engine.compile.tidying import tidy_labels
from loopcoder.engine.services import Services
from loopcoder.engine.tick.base import base_commit
from loopcoder.engine.tick.gathered import Gathered, TickOptions
from loopcoder.engine.tick.seal import seal


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


def concluded(
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


def end_tick(services: Services, snapshot: Snapshot, report: TickReport) -> TickReport:
    """Bring the dashboard up to date, and record that the tick is over."""
    last = _change(services, report) or snapshot.history.last_change
    if report.writes:
        tidy_labels(services)
    if report.books is not None:
        snapshot = replace(snapshot, books=report.books)
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
    """Record that the tick is over, and what came of it."""
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
                    "why": why_ended(report),
                    **({"change": change.as_json()} if change else {}),
                },
            )
        )
    )
