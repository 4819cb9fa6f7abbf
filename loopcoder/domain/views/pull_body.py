"""What we write into pull requests and commits.

Everything that came from a roadmap, an agent or a program is disarmed (`domain/guard/untrusted.py`)
before it stands in one of these texts. The marker is the body's first line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from loopcoder.domain.context.work_report import StepReport
from loopcoder.domain.guard.untrusted import cell, code, fence, quote, sanitise, sanitise_line
from loopcoder.domain.review.dispute import Round, cost_of, told
from loopcoder.domain.review.verdict import Check, Decision, Finding
from loopcoder.domain.settings import CommitStyle
from loopcoder.domain.unit import Unit
from loopcoder.domain.views.pull_template import fill_template
from loopcoder.domain.views.pull_text import PullMarker

LONGEST_TITLE = 200
LONGEST_ASKED = 8_000
LONGEST_ENVELOPE = 16_000
MOST_ROWS = 20
FILES_SHOWN = 6

_PLACEHOLDER = re.compile(r"\{(title|id|unit)\}")
_VERDICTS = {
    Decision.APPROVE.value: "Approved",
    Decision.REQUEST_CHANGES.value: "Changes requested",
    Decision.ABSTAIN.value: "No verdict",
}


@dataclass(frozen=True, slots=True)
class PullFacts:
    """Everything a pull request's body tells. `files` are the changed paths, `escalations` what
    the change policy wants a person to look at, `earlier` the findings of rounds before, mended
    since. `reliability` is what is known of the reviewer, `exchange` the rounds it took. `closes`
    is false for a change that leaves its issue open. `attestation` is the signed envelope
    (`domain/proof/dsse.py`), `template` the repository's own pull request template. `steps` is the
    checklist as the worker reports it, `candidates` a line about each of those that raced."""

    unit: Unit
    attempt: int
    head: str
    issue: int | None = None
    closes: bool = True
    summary: str = ""
    files: Sequence[str] = ()
    checks: Sequence[Check] = ()
    verdict: str = ""
    verdict_summary: str = ""
    findings: Sequence[Finding] = ()
    earlier: Sequence[Finding] = ()
    worker: str = ""
    reviewer: str = ""
    reliability: str = ""
    exchange: Sequence[Round] = ()
    usd: Decimal = Decimal(0)
    escalations: Sequence[str] = ()
    warnings: Sequence[str] = ()
    branch: str = ""
    attestation: bytes = b""
    template: str = ""
    steps: Sequence[StepReport] = ()
    candidates: Sequence[str] = ()


def pull_title(unit: Unit, style: CommitStyle) -> str:
    """One line after the configured pattern, in which nothing acts."""
    title = sanitise_line(unit.title, max_length=LONGEST_TITLE) or unit.id
    names = {"title": title, "id": unit.id, "unit": unit.id}
    line = _PLACEHOLDER.sub(lambda match: names[match[1]], style.title)
    line = " ".join(line.split())[: LONGEST_TITLE + 50]
    # Git reads a line that begins with three hyphens as the end of the message.
    return (line.lstrip("- ") if line.startswith("---") else line) or unit.id


def commit_message(unit: Unit, attempt: int, style: CommitStyle) -> str:
    """Subject and trailers. The subject is a paragraph of its own, so it adds no trailer."""
    return f"{pull_title(unit, style)}\n\nLoopcoder-Unit: {unit.id}\nLoopcoder-Attempt: {attempt}\n"


def pull_body(facts: PullFacts) -> str:
    """The body of a pull request: what was asked, what changed, and why to trust it."""
    parts = [
        str(PullMarker(facts.unit.id, facts.attempt, facts.head)),
        *_closing(facts),
        *_escalations(facts.escalations),
        *_asked(facts.unit),
        fill_template(facts.template, _sections(facts)),
        *_candidates(facts.candidates),
        *_warnings(facts.warnings),
        "---\n\n" + _provenance(facts),
        *_attested(facts),
    ]
    return "\n\n".join(parts) + "\n"


def _candidates(lines: Sequence[str]) -> Iterator[str]:
    if lines:
        rows = [f"- {sanitise_line(line, max_length=500)}" for line in lines]
        yield "## Candidates\n\n" + "\n".join(rows)


def _sections(facts: PullFacts) -> list[tuple[str, str]]:
    return [
        ("What changed", "\n".join(_changed(facts))),
        ("Checks", "\n".join(_checks(facts.checks))),
        ("Review", "\n".join(_review(facts))),
    ]


def _closing(facts: PullFacts) -> Iterator[str]:
    if facts.issue is not None:
        yield f"{'Closes' if facts.closes else 'Part of'} #{facts.issue}"


def _escalations(reasons: Sequence[str]) -> Iterator[str]:
    if reasons:
        rows = _rows([f"- {sanitise_line(r, max_length=300)}" for r in reasons], "more")
        yield "**Look at this first**, the change policy asks for it:\n\n" + "\n".join(rows)


def _asked(unit: Unit) -> Iterator[str]:
    """The unit's text, folded."""
    title = sanitise_line(unit.title, max_length=LONGEST_TITLE) or unit.id
    lines = [sanitise(unit.body, max_length=LONGEST_ASKED).strip()] if unit.body.strip() else []
    steps = [
        f"- [{'x' if step.done else ' '}] {sanitise_line(step.text, max_length=300)}"
        for step in unit.steps[:50]
    ]
    lines += ["\n".join(steps)] if steps else []
    text = quote("\n\n".join(lines) or "The title is all there is.")
    yield f"<details>\n<summary>What was asked: {title}</summary>\n\n{text}\n\n</details>"


def _changed(facts: PullFacts) -> Iterator[str]:
    """Three lines at most: how much, which files, and the worker's own words."""
    count = len(facts.files)
    folders = sorted({path.split("/")[0] if "/" in path else "." for path in facts.files})
    where = ", ".join(_code(f"{f}/", max_length=60) for f in folders if f != ".")
    yield f"- {count} file{'' if count == 1 else 's'}" + (f", in {where}" if where else "")
    if facts.files:
        shown = ", ".join(_code(path, max_length=120) for path in facts.files[:FILES_SHOWN])
        rest = count - FILES_SHOWN
        yield f"- {shown}" + (f" and {rest} more" if rest > 0 else "")
    if facts.summary.strip():
        yield f"- The worker says: {sanitise_line(facts.summary, max_length=1500)}"
    if facts.steps:
        yield "\nSteps, as the worker reports them:\n"
        yield from _rows(
            [
                f"- [{'x' if step.done else ' '}] {sanitise_line(step.text, max_length=300)}"
                for step in facts.steps
            ],
            "more",
        )


def _checks(checks: Sequence[Check]) -> list[str]:
    if not checks:
        return ["None was run."]
    head = ["| Check | Result | Time |", "|---|---|---|"]
    rows = [
        f"| {_code(check.name, max_length=160)} | {_result(check)} | {check.seconds:.1f} s |"
        for check in checks
    ]
    return head + _rows(rows, "more, in the report", "| … and {} {} | | |")


def _result(check: Check) -> str:
    if check.passed:
        return "passed"
    return "timed out" if check.timed_out else f"failed ({check.exit_code})"


def _review(facts: PullFacts) -> Iterator[str]:
    by = f" by {_code(facts.reviewer, max_length=80)}" if facts.reviewer else ""
    words = sanitise_line(facts.verdict_summary, max_length=1500)
    verdict = _VERDICTS.get(facts.verdict, "Not reviewed")
    yield f"{verdict}{by}{f': {words}' if words else '.'}"
    for title, findings in (
        ("Left as it is", facts.findings),
        ("Found in earlier rounds, mended and reviewed again", facts.earlier),
    ):
        if findings:
            yield f"\n{title}:\n"
            yield from _rows([_finding(finding) for finding in findings], "more")
    if facts.reliability:
        yield f"\nThe reviewer, as measured: {sanitise_line(facts.reliability, max_length=300)}."
    yield from _exchange(facts.exchange)


def _exchange(rounds: Sequence[Round]) -> Iterator[str]:
    """What went to and fro before the verdict, folded."""
    if len(rounds) < 2:
        return
    yield f"\n<details>\n<summary>Worker and reviewer, {cost_of(rounds)}</summary>\n"
    yield from _rows([f"- {cell(told(each), max_length=1_000)}" for each in rounds], "more")
    yield "\n</details>"


def _finding(finding: Finding) -> str:
    place = _code(
        f"{finding.file}:{finding.line}" if finding.line else finding.file, max_length=120
    )
    where = f" {place}" if finding.file else ""
    return f"- {finding.severity.value}{where}: {cell(finding.claim, max_length=500)}"


def _warnings(warnings: Sequence[str]) -> Iterator[str]:
    if warnings:
        yield "\n>\n".join(f"> Note: {sanitise_line(w, max_length=300)}" for w in warnings)


def _provenance(facts: PullFacts) -> str:
    """Who made it, what it cost, and the command that shows the record."""
    made = f"worker {_code(facts.worker, max_length=80)}, " if facts.worker else ""
    return (
        f"loopcoder, unit `{facts.unit.id}`, attempt {facts.attempt}, {made}"
        f"${facts.usd:.2f}, at {facts.head[:12]}. "
        f"`loopcoder log {facts.unit.id}` shows the record this is written from. "
        "A person merges; nothing here can."
    )


def _attested(facts: PullFacts) -> Iterator[str]:
    """The signed statement, folded, and the command that checks it."""
    if not facts.attestation:
        return
    shown = facts.attestation.decode("ascii").strip()
    where = f"kept under `refs/loopcoder/attestations` at {facts.head[:12]}"
    told = f"`loopcoder attest verify {facts.branch}` checks it; it is {where}."
    if len(shown) <= LONGEST_ENVELOPE:
        told += "\n\n" + fence(shown, "json")
    title = "Signed statement of how this came to be"
    yield f"<details>\n<summary>{title}</summary>\n\n{told}\n\n</details>"


def _code(text: str, *, max_length: int) -> str:
    """A code span that is disarmed, too: a squash merge makes the body a commit message, where
    code is text like any other."""
    return code(sanitise_line(text, max_length=max_length), max_length=max_length)


def _rows(rows: list[str], what: str, rest: str = "- … and {} {}") -> list[str]:
    """As many rows as people read, and how many are left out."""
    left = len(rows) - MOST_ROWS
    return rows if left <= 0 else [*rows[:MOST_ROWS], rest.format(left, what)]
