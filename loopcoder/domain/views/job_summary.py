"""What GitHub shows of a job: the tick's report as a table, the graph, what waits for a person."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from loopcoder.domain.diagnostic import Diagnostic
from loopcoder.domain.guard.untrusted import cell, code, sanitise_line
from loopcoder.domain.limits.budget import dollars
from loopcoder.domain.tick.report import TickReport, UnitLine, UnitOutcome, worth_telling
from loopcoder.domain.views.report import MOST_ROWS, duration, why_ended
from loopcoder.domain.views.unit_graph import mermaid

_MARKS = {
    UnitOutcome.PROPOSED: "🟢",
    UnitOutcome.UPDATED: "🟢",
    UnitOutcome.COMMITTED: "🟢",
    UnitOutcome.FAILED: "🔴",
    UnitOutcome.NEEDS_HUMAN: "🟠",
    UnitOutcome.BLOCKED: "⚪",
    UnitOutcome.HELD: "⚪",
    UnitOutcome.WAITING: "⚪",
    UnitOutcome.DROPPED: "⚪",
}
_NUMBER = re.compile(r"(?<![\w/#&\[])#(\d{1,9})\b")
MOST_TEXT = 900_000
"""GitHub takes a megabyte of summary from one step."""


def job_summary(report: TickReport, site: str) -> str:
    """Markdown for people. `site` is the repository's page, empty where there is none: without it
    numbers are no links."""
    parts = [*_head(report), *_people(report, site), *_table(worth_telling(report.units), site)]
    if any(node.after for node in report.nodes):
        parts.append(f"### Graph\n\n{mermaid(report.nodes)}")
    if report.diagnostics:
        rows = (f"- {sanitise_line(_told(d), max_length=400)}" for d in report.diagnostics)
        parts.append("### In the roadmap\n\n" + "\n".join(list(rows)[:MOST_ROWS]))
    text = "\n\n".join(parts) + "\n"
    return text if len(text) < MOST_TEXT else text[:MOST_TEXT] + "\n\n… cut here\n"


def _head(report: TickReport) -> Iterator[str]:
    counts = Counter(line.outcome.value for line in worth_telling(report.units))
    told = ", ".join(f"{number} {outcome}" for outcome, number in counts.items()) or "no units"
    yield f"## loopcoder: {told}"
    took = duration((report.finished_at - report.started_at).total_seconds())
    cap = f" of {dollars(report.cap)}" if report.cap is not None else ""
    sentence = f"It ended because {why_ended(report)}."
    spent = f"{dollars(report.spent)}{cap}, {report.tokens:,} tokens"
    base = f"{code(report.base_branch)} at `{report.base[:7]}`"
    yield f"{sentence} {took} · {spent} · base {base}{_asked(report)}"
    if report.warnings:
        # Only in comments a line's end is one; here it takes an empty line.
        notes = (f"> {sanitise_line(each, max_length=300)}" for each in report.warnings)
        yield "> [!NOTE]\n" + "\n>\n".join(notes)


def _asked(report: TickReport) -> str:
    api = report.api
    if not api.requests:
        return ""
    return f" · {api.requests} requests, {api.not_modified} unchanged, {api.writes} writes"


def _people(report: TickReport, site: str) -> Iterator[str]:
    if report.waiting_for_you:
        told = (sanitise_line(each, max_length=300) for each in report.waiting_for_you)
        rows = (f"- {_linked(each, site)}" for each in told)
        yield "### Waiting for you\n\n" + "\n".join(list(rows)[:MOST_ROWS])


def _table(units: Sequence[UnitLine], site: str) -> Iterator[str]:
    if not units:
        return
    rows = [
        "| | Unit | Result | Issue | Pull request | Cost | Why |",
        "|---|---|---|---|---|---|---|",
    ]
    rows += [_row(line, site) for line in units[:MOST_ROWS]]
    if len(units) > MOST_ROWS:
        rows.append(f"| | … and {len(units) - MOST_ROWS} more | | | | | |")
    yield "\n".join(rows)


def _row(line: UnitLine, site: str) -> str:
    cost = dollars(line.usd) if line.attempt is not None else ""
    issue, pull = _link(site, "issues", line.issue), _link(site, "pull", line.pull)
    unit = f"`{line.unit}` {cell(line.title, max_length=80)}"
    why = _linked(cell(line.reason, max_length=300), site)
    mark = _MARKS[line.outcome]
    return f"| {mark} | {unit} | {line.outcome.value} | {issue} | {pull} | {cost} | {why} |"


def _link(site: str, kind: str, number: int | None) -> str:
    if number is None:
        return ""
    return f"[#{number}]({site}/{kind}/{number})" if site else f"#{number}"


def _linked(text: str, site: str) -> str:
    """The text with its `#4` as links: of a summary GitHub makes none. Both kinds of number are
    found under `issues`."""
    if not site or "`" in text:
        return text
    return _NUMBER.sub(rf"[#\1]({site}/issues/\1)", text)


def _told(diagnostic: Diagnostic) -> str:
    where = f"{diagnostic.where.file}:{diagnostic.where.line}: " if diagnostic.where else ""
    return f"{where}{diagnostic.severity.value}: {diagnostic.summary} {diagnostic.detail}"
