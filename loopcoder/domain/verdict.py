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
