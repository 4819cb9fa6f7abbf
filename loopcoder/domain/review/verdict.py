"""Checks, findings and verdicts; what a verdict is bound to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Check:
    """One command's result. `seconds` is wall time; `tail` the last lines of its output."""

    name: str
    passed: bool
    exit_code: int | None
    seconds: float
    tail: str = ""
    timed_out: bool = False


class Weight(StrEnum):
    """How much a finding matters, heaviest first."""

    BLOCKER = "blocker"
    MAJOR = "major"
    MINOR = "minor"
    NIT = "nit"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a reviewer holds against a change."""

    severity: Weight
    claim: str
    file: str = ""
    line: int = 0
    evidence: str = ""


class Decision(StrEnum):
    APPROVE = "approve"
    REQUEST_CHANGES = "request_changes"
    ABSTAIN = "abstain"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A reviewer's answer about exactly one diff: `head` and `diff_sha256` say which."""

    decision: Decision
    summary: str
    findings: tuple[Finding, ...]
    head: str
    diff_sha256: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What follows from a reviewer's answer: `reason` in one sentence, `findings` for the worker.

    Not `usable` means that nothing was decided about this change: ask another reviewer, or a
    person.
    """

    decision: Decision
    usable: bool
    reason: str
    findings: tuple[Finding, ...] = ()

    @property
    def approved(self) -> bool:
        return self.usable and self.decision is Decision.APPROVE


def judge(verdict: Verdict | None, head: str, diff_sha256: str) -> Judgement:
    """Whether a verdict approves exactly the change with this head and this hash of its diff.

    Both must be repeated letter for letter. An approval that itself names a blocker or a major
    finding asks for changes.
    """
    if verdict is None:
        return _undecided("The reviewer gave no readable verdict.")
    if not (head and diff_sha256):
        return _undecided("There was no change to judge.")
    if (verdict.head, verdict.diff_sha256) != (head, diff_sha256):
        return _undecided("The verdict is about another change than the one shown.")
    if verdict.decision is Decision.ABSTAIN:
        return _undecided(f"The reviewer abstained: {verdict.summary}".rstrip(": "))
    if verdict.decision is Decision.REQUEST_CHANGES:
        return _changes("The reviewer asked for changes.", verdict.findings)
    for finding in verdict.findings:
        if finding.severity in (Weight.BLOCKER, Weight.MAJOR):
            reason = f"The reviewer approved, and yet names a {finding.severity} finding."
            return _changes(reason, verdict.findings)
    return Judgement(Decision.APPROVE, True, "The reviewer approved.", verdict.findings)


def _undecided(reason: str) -> Judgement:
    return Judgement(Decision.ABSTAIN, False, reason)


def _changes(reason: str, findings: tuple[Finding, ...]) -> Judgement:
    return Judgement(Decision.REQUEST_CHANGES, True, reason, findings)
