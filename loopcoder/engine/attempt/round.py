"""What one round of an attempt is told."""

from __future__ import annotations

from dataclasses import dataclass

from loopcoder.domain.review.verdict import Check, Finding
from loopcoder.domain.tick.failure import FailureClass


@dataclass(frozen=True, slots=True)
class Round:
    """What the next round is told. `commit` is the one that was held back in the round before,
    for `failure` and `reason`."""

    number: int
    commit: str = ""
    failure: FailureClass | None = None
    reason: str = ""
    checks: tuple[Check, ...] = ()
    findings: tuple[Finding, ...] = ()
    session: str = ""
    seen: tuple[Finding, ...] = ()
