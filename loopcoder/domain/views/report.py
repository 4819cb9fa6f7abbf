"""The report of a run as people keep it: Markdown, from the value that programs get as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from loopcoder.domain.diagnostic import Diagnostic
from loopcoder.domain.guard.untrusted import cell, code, fence, sanitise, sanitise_line
from loopcoder.domain.review.dispute import Round, cost_of, told
from loopcoder.domain.tick.report import (
    StopReason,
    TickReport,
    UnitLine,
    UnitOutcome,
    worth_telling,
)
from loopcoder.domain.views.timeline import timeline

MOST_ROWS = 50
TAIL_LENGTH = 2_000

STOPPED = {
    StopReason.IDLE: "nothing is left to do",
    StopReason.WAITING_FOR_MERGE: "pull requests wait for a person to merge them",
    StopReason.SEALED: "everything is done and the base is green: the roadmap is sealed",
    StopReason.LIMIT: "a limit is reached; what waits for it goes on when it allows it",
    StopReason.BUDGET: "a budget is used up",
    StopReason.BREAKER: "a breaker is open",
    StopReason.BASE_RED: "the base is red",
    StopReason.HELD: "it is on hold",
    StopReason.RATE_LIMIT: "a rate limit is spent; try again later",
}


def report_markdown(report: TickReport) -> str:
    """What was asked, what was done and shown, what it cost, and what waits for a person."""
    worked = [line for line in report.units if line.attempt is not None]
    others = [line for line in worth_telling(report.units) if line.attempt is None]
    parts = [
        *_head(report),
        *_section("Waiting for you", _items(report.waiting_for_you)),
        *_section("Timeline", iter(filter(None, [timeline(worked)]))),
        *_section("Worked on", (part for line in worked for part in _unit(line)), "\n\n"),
        *_section("Not worked on", _table(others)),
        *_section("Diagnostics", map(_diagnostic, report.diagnostics[:MOST_ROWS])),
    ]
    return "\n\n".join(parts) + "\n"


def _head(report: TickReport) -> Iterator[str]:
    begun, ended = report.started_at, report.finished_at
    counts = Counter(line.outcome.value for line in worth_telling(report.units))
    cap = f" of ${report.cap:.2f}" if report.cap is not None else ""
    yield f"# Tick {report.run}"
    yield "\n".join(
        [
            f"- {begun:%Y-%m-%d %H:%M} to {ended:%H:%M} {begun:%Z}, "
            f"{duration((ended - begun).total_seconds())}",
            f"- base {_code(report.base_branch)} at {report.base[:12]}",
            f"- {', '.join(f'{n} {outcome}' for outcome, n in counts.items()) or 'no units'}",
            f"- ${report.spent:.2f}{cap}, {report.tokens:,} tokens{_written(report)}",
            f"- it ended because {why_ended(report)}",
            *_api(report),
        ]
    )
    if report.warnings:
        yield "\n>\n".join(f"> Note: {sanitise_line(w, max_length=300)}" for w in report.warnings)


def why_ended(report: TickReport) -> str:
    """Why the tick ended, in a few words."""
    if report.interrupted:
        return "it was stopped before it was through; the next tick goes on"
    if report.stop_reason is StopReason.IDLE and report.waiting_for_you:
        return "nothing more can be done without a person"
    unfinished = (UnitOutcome.FAILED, UnitOutcome.WAITING, UnitOutcome.BLOCKED)
    if report.stop_reason is StopReason.IDLE and any(u.outcome in unfinished for u in report.units):
        return "nothing more can be done in this tick"
    if report.try_again_at:
        return f"a rate limit is spent; try again at {report.try_again_at:%Y-%m-%d %H:%M:%S} UTC"
    failing = sanitise_line(report.base_failing, max_length=200)
    return STOPPED[report.stop_reason] + (f" ({failing})" if failing else "")


def _written(report: TickReport) -> str:
    """What was written to a tracker that counts no requests; the others' line says it all."""
    return "" if report.api.requests else f", {report.writes} writes"


def _api(report: TickReport) -> Iterator[str]:
    api = report.api
    if api.requests:
        yield (
            f"- {api.requests} requests ({api.not_modified} not modified), {api.points} points, "
            f"{api.writes} writes, {api.retries} retries, slept {api.slept_s:.0f} s"
        )


def _section(title: str, lines: Iterator[str], between: str = "\n") -> Iterator[str]:
    text = between.join(lines)
    if text:
        yield f"## {title}\n\n{text}"


def _items(texts: Sequence[str]) -> Iterator[str]:
    yield from (f"- {sanitise_line(text, max_length=300)}" for text in texts[:MOST_ROWS])
    if len(texts) > MOST_ROWS:
        yield f"- … and {len(texts) - MOST_ROWS} more"


def _unit(line: UnitLine) -> Iterator[str]:
    """One unit that was worked on, in paragraphs."""
    yield f"### {line.unit}: {sanitise_line(line.title, max_length=200)}"
    stage = f" at {line.stage}" if line.stage else ""
    reason = sanitise_line(line.reason, max_length=600)
    yield f"**{line.outcome.value}**{stage}{f': {reason}' if reason else ''}"
    yield "\n".join(_facts(line))
    if line.checks:
        yield "\n".join(_checks(line))
    yield from (_tail(line),) if _tail(line) else ()
    if line.verdict or line.findings:
        yield "\n".join(_review(line))
    if len(line.exchange) > 1:
        yield "\n".join(_exchange(line.exchange))
    if line.follow_ups:
        yield "Follow-ups, proposed and waiting for approval:\n\n" + "\n".join(
            _items(line.follow_ups)
        )


def _facts(line: UnitLine) -> Iterator[str]:
    issue = f"issue #{line.issue}, " if line.issue is not None else ""
    rounds = f", {line.rounds} round{'' if line.rounds == 1 else 's'}" if line.rounds else ""
    yield f"- {issue}attempt {line.attempt}{rounds}, {duration(line.seconds)}"
    by = f", worker {_code(line.worker)}" if line.worker else ""
    yield f"- ${line.usd:.2f}, {line.tokens:,} tokens{by}"
    if line.head:
        pull = f"pull request #{line.pull}, " if line.pull is not None else ""
        where = f" on {_code(line.branch)}" if line.branch else ""
        yield f"- {pull}commit {line.head[:12]}{where}"
    if line.files:
        shown = ", ".join(_code(path) for path in line.files[:MOST_ROWS])
        rest = len(line.files) - MOST_ROWS
        yield f"- files: {shown}" + (f" and {rest} more" if rest > 0 else "")


def _checks(line: UnitLine) -> Iterator[str]:
    yield "| Check | Result | Time |\n|---|---|---|"
    for check in line.checks[:MOST_ROWS]:
        failed = "timed out" if check.timed_out else f"failed ({check.exit_code})"
        result = "passed" if check.passed else failed
        yield f"| {_code(check.name)} | {result} | {check.seconds:.1f} s |"


def _tail(line: UnitLine) -> str:
    """The end of the first red check's output."""
    red = next((check for check in line.checks if not check.passed and check.tail.strip()), None)
    if red is None:
        return ""
    return fence(sanitise(red.tail.rstrip()[-TAIL_LENGTH:], max_length=TAIL_LENGTH), "text")


def _review(line: UnitLine) -> Iterator[str]:
    by = f" by {_code(line.reviewer)}" if line.reviewer else ""
    yield f"Review{by}: {sanitise_line(line.verdict, max_length=600) or 'no verdict'}"
    for index, finding in enumerate(line.findings[:MOST_ROWS]):
        place = f"{finding.file}:{finding.line}" if finding.line else finding.file
        where = f" {_code(place)}" if place else ""
        claim = sanitise_line(finding.claim, max_length=500)
        yield f"{'' if index else chr(10)}- {finding.severity.value}{where}: {claim}"


def _exchange(rounds: Sequence[Round]) -> Iterator[str]:
    """Both sides' words, round by round."""
    yield f"Worker and reviewer, {cost_of(rounds)}:\n"
    yield from (f"- {sanitise_line(told(each), max_length=1_000)}" for each in rounds)


def _table(lines: Sequence[UnitLine]) -> Iterator[str]:
    if not lines:
        return
    yield "| Unit | State | Why |\n|---|---|---|"
    for line in lines[:MOST_ROWS]:
        yield f"| {line.unit} | {line.outcome.value} | {cell(line.reason, max_length=300)} |"
    if len(lines) > MOST_ROWS:
        yield f"| … and {len(lines) - MOST_ROWS} more | | |"


def _diagnostic(diagnostic: Diagnostic) -> str:
    where = f"{diagnostic.where.file}:{diagnostic.where.line}: " if diagnostic.where else ""
    text = f"{where}{diagnostic.severity.value}: {diagnostic.summary} {diagnostic.detail}"
    return f"- {sanitise_line(text, max_length=500)}"


def _code(text: str) -> str:
    return code(sanitise_line(text, max_length=200))


def duration(seconds: float) -> str:
    """`48 s`, `3 min 12 s`, `2 h 05 min`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"
