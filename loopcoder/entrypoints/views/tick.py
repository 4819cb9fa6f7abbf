"""The tick's report for people on a terminal and for programs."""

from __future__ import annotations

from collections.abc import Sequence

from loopcoder.domain.diagnostic import TryLater
from loopcoder.domain.review.dispute import Round, answer
from loopcoder.domain.tick.report import (
    ApiUse,
    StopReason,
    TickReport,
    UnitLine,
    UnitOutcome,
    worth_telling,
)
from loopcoder.domain.views.report import duration, why_ended
from loopcoder.entrypoints.views.render import diagnostic_text, diagnostics_json
from loopcoder.entrypoints.views.terminal import Terminal
from loopcoder.entrypoints.views.text import clean

WAITING = frozenset({UnitOutcome.BLOCKED, UnitOutcome.HELD, UnitOutcome.WAITING})

_MOST_NEXT = 5


def say_errors(report: TickReport, terminal: Terminal) -> None:
    """What is wrong with the roadmap, line by line."""
    for diagnostic in report.diagnostics:
        if diagnostic.is_error:
            terminal.say(diagnostic_text(diagnostic, terminal.style))


def say_report(report: TickReport, terminal: Terminal) -> None:
    """The waits, the warnings and the closing line."""
    for line in report.units:
        if line.outcome in WAITING and line.attempt is None:
            terminal.say(f"wait      {line.unit:<20} {clean(line.reason)}")
    for warning in report.warnings:
        terminal.say(f"{terminal.style('note', 'yellow')}      {clean(warning)}")
    terminal.say(closing_line(report))
    for item in report.waiting_for_you[:_MOST_NEXT]:
        terminal.say(f"next      {clean(item)}")
    left = len(report.waiting_for_you) - _MOST_NEXT
    if left > 0:
        terminal.say(f"next      … and {left} more (loopcoder status)")


def closing_line(report: TickReport) -> str:
    """`tick 6f2a: 1 proposed, 1 failed · 3 min 12 s · $0.63 of $10 · why it ended`."""
    counts: dict[str, int] = {}
    for line in worth_telling(report.units):
        counts[line.outcome.value] = counts.get(line.outcome.value, 0) + 1
    summary = ", ".join(f"{number} {name}" for name, number in counts.items()) or "no units"
    cap = f" of ${report.cap:f}" if report.cap is not None else ""
    spent = f"${report.spent:.2f}{cap}"
    took = duration((report.finished_at - report.started_at).total_seconds())
    parts = [f"tick {short_run(report.run)}: {summary}", took, spent]
    if report.api.requests:
        parts.append(_asked(report.api))
    parts.append(why_ended(report))
    return " · ".join(parts)


def _asked(api: ApiUse) -> str:
    """`11 requests (4 unchanged, 7 points), 4 writes, slept 12 s`."""
    counts = f"{api.requests} requests ({api.not_modified} unchanged, {api.points} points)"
    slept = f", slept {api.slept_s:.0f} s" if api.slept_s >= 1 else ""
    return f"{counts}, {api.writes} writes{slept}"


def short_run(run: str) -> str:
    """The end of a run's id, where ids of one day differ."""
    return run[-6:].lower()


def report_json(report: TickReport) -> dict[str, object]:
    """The stable keys of docs/reference/json.md, and a few more."""
    api = report.api
    return {
        "run": report.run,
        "stop_reason": report.stop_reason.value,
        "base": report.base,
        "units": [_unit_json(line) for line in report.units],
        "api": {
            "requests": api.requests,
            "points": api.points,
            "not_modified": api.not_modified,
            "writes": api.writes or report.writes,
            "retries": api.retries,
            "slept_s": api.slept_s,
        },
        "spend": {
            "usd": float(report.spent),
            "tokens": report.tokens,
            "tick_cap_usd": float(report.cap) if report.cap is not None else None,
        },
        "warnings": list(report.warnings),
        "diagnostics": diagnostics_json(report.diagnostics),
        "waiting_for_you": list(report.waiting_for_you),
        "interrupted": report.interrupted,
        "try_again_at": report.try_again_at.isoformat() if report.try_again_at else None,
    }


def _unit_json(line: UnitLine) -> dict[str, object]:
    return {
        "unit": line.unit,
        "issue": line.issue,
        "outcome": line.outcome.value,
        "stage": line.stage or None,
        "attempt": line.attempt,
        "branch": line.branch or None,
        "head": line.head or None,
        "pr": line.pull,
        "cost_usd": float(line.usd),
        "tokens": line.tokens,
        "reason": line.reason,
        "exchange": exchange_json(line.exchange),
    }


def exchange_json(rounds: Sequence[Round]) -> list[dict[str, object]]:
    """What worker and reviewer said to each other."""
    return [
        {
            "round": each.number,
            "worker": each.worker,
            "said": each.summary,
            "reviewer": each.reviewer or None,
            "verdict": each.decision or None,
            "answer": answer(each),
            "findings": [
                {"severity": f.severity.value, "file": f.file, "line": f.line, "claim": f.claim}
                for f in each.findings
            ],
            "cost_usd": float(each.usd),
        }
        for each in rounds
    ]


def exit_code(report: TickReport) -> int:
    """0 when the pass was completed, 1 for a red base, 2 when the roadmap has errors, 75 when a
    host's limit ended it."""
    if any(d.is_error for d in report.diagnostics):
        return 2
    if report.stop_reason is StopReason.RATE_LIMIT:
        return TryLater.exit_code
    return 1 if report.stop_reason is StopReason.BASE_RED else 0
