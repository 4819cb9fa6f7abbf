"""What an attempt comes out with: a commit for the barrier, or an end."""

from __future__ import annotations

from dataclasses import dataclass

from loopcoder.domain.context.work_report import StepReport
from loopcoder.domain.diagnostic import RateLimited
from loopcoder.domain.journal.event import StageFinished
from loopcoder.domain.tick.action import Dispatch
from loopcoder.domain.tick.failure import FailureClass, policy_of
from loopcoder.domain.tick.report import UnitOutcome
from loopcoder.engine.attempt.stage import Desk
from loopcoder.engine.attempt.verify import Evidence


@dataclass(frozen=True, slots=True)
class Judged:
    """A commit that passed every gate of its own and waits for the wave to be put together.

    `incomplete` says how its worker was ended before it was done; empty when it was not.
    """

    desk: Desk
    commit: str
    origin: str
    draft: bool
    evidence: Evidence
    review: StageFinished
    policy: StageFinished
    summary: str
    follow_ups: tuple[tuple[str, str], ...] = ()
    incomplete: str = ""
    steps: tuple[StepReport, ...] = ()

    @property
    def step(self) -> Dispatch:
        return self.desk.step


@dataclass(frozen=True, slots=True)
class Ended:
    """An attempt that goes no further. `strike` says whether it was the work's fault, `limit` that
    it only rests, because a host wants no more requests for now."""

    outcome: UnitOutcome
    reason: str
    failure: FailureClass | None = None
    strike: bool = False
    people: tuple[str, ...] = ()
    limit: RateLimited | None = None


def failed(failure: FailureClass, reason: str) -> Ended:
    """An end by a failure; what kind it was decides whether it is a strike."""
    return Ended(UnitOutcome.FAILED, reason, failure, policy_of(failure).strike)
