"""What a tick did, as a value that is printed, written to a file and sent to programs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from loopcoder.domain.diagnostic import Diagnostic
from loopcoder.domain.review.dispute import Round
from loopcoder.domain.review.verdict import Check, Finding
from loopcoder.domain.unit import UnitId
from loopcoder.domain.views.unit_graph import Node


class StopReason(StrEnum):
    """Why the pass ended."""

    IDLE = "idle"
    WAITING_FOR_MERGE = "waiting-for-merge"
    SEALED = "sealed"
    LIMIT = "limit"
    BUDGET = "budget"
    BREAKER = "breaker"
    BASE_RED = "base-red"
    HELD = "held"
    RATE_LIMIT = "rate-limit"


class UnitOutcome(StrEnum):
    """What became of a unit in this tick."""

    PROPOSED = "proposed"
    COMMITTED = "committed"
    UPDATED = "updated"
    FAILED = "failed"
    BLOCKED = "blocked"
    HELD = "held"
    NEEDS_HUMAN = "needs-human"
    WAITING = "waiting"
    DROPPED = "dropped"


WORKED = frozenset(
    {UnitOutcome.PROPOSED, UnitOutcome.COMMITTED, UnitOutcome.UPDATED, UnitOutcome.FAILED}
)


@dataclass(frozen=True, slots=True)
class StageTime:
    """When a stage of an attempt ran, and how it ended."""

    stage: str
    round: int
    begun_at: datetime
    finished_at: datetime
    passed: bool


@dataclass(frozen=True, slots=True)
class UnitLine:
    """One unit's line of the report. `stage` is the last stage that ran, of a failed attempt the
    one that held it back; empty if none ran."""

    unit: UnitId
    title: str
    outcome: UnitOutcome
    reason: str
    issue: int | None = None
    stage: str = ""
    attempt: int | None = None
    branch: str = ""
    head: str = ""
    pull: int | None = None
    usd: Decimal = Decimal(0)
    tokens: int = 0
    worker: str = ""
    reviewer: str = ""
    checks: tuple[Check, ...] = ()
    findings: tuple[Finding, ...] = ()
    verdict: str = ""
    files: tuple[str, ...] = ()
    seconds: float = 0.0
    rounds: int = 0
    exchange: tuple[Round, ...] = ()
    follow_ups: tuple[str, ...] = ()
    stages: tuple[StageTime, ...] = ()


def worth_telling(units: Iterable[UnitLine]) -> list[UnitLine]:
    """The lines that people are shown: what the roadmap dropped is no news in any tick."""
    return [line for line in units if line.outcome is not UnitOutcome.DROPPED or line.attempt]


@dataclass(frozen=True, slots=True)
class ApiUse:
    """Requests made to a tracker over a network; all zero for the local one."""

    requests: int = 0
    points: int = 0
    not_modified: int = 0
    writes: int = 0
    retries: int = 0
    slept_s: float = 0.0

    def since(self, before: ApiUse) -> ApiUse:
        """What came on top of an earlier count."""
        return ApiUse(
            self.requests - before.requests,
            self.points - before.points,
            self.not_modified - before.not_modified,
            self.writes - before.writes,
            self.retries - before.retries,
            self.slept_s - before.slept_s,
        )


@dataclass(frozen=True, slots=True)
class TickReport:
    """`warnings` are what every reader must see, such as a reviewer that was never calibrated.
    `interrupted`: a person or the machine asked the tick to end before it was through. `nodes`:
    every unit that is not dropped, for a picture.
    `books`: the open pull request with the roadmap's boxes as the tick left it, 0 for none, None
    where it was left alone.
    `try_again_at`: when a host that refused for its limits will answer again (UTC)."""

    run: str
    stop_reason: StopReason
    started_at: datetime
    finished_at: datetime
    base: str
    base_branch: str
    units: tuple[UnitLine, ...] = ()
    base_failing: str = ""
    spent: Decimal = Decimal(0)
    cap: Decimal | None = None
    tokens: int = 0
    writes: int = 0
    api: ApiUse = ApiUse()
    warnings: tuple[str, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = field(default=())
    waiting_for_you: tuple[str, ...] = ()
    interrupted: bool = False
    books: int | None = None
    nodes: tuple[Node, ...] = ()
    try_again_at: datetime | None = None
