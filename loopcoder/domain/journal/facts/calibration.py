"""The measurement of a reviewer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from loopcoder.domain.journal.fact import Fact


@dataclass(frozen=True, slots=True)
class CaseJudged(Fact):
    """A reviewer under measurement judged one case. `identity` names the reviewer and all that
    its judgement depends on, `digest` the case's content; `found` is what it said, in short."""

    kind: ClassVar[str] = "calibration.case"
    run: str
    identity: str
    case: str
    digest: str
    expected: str
    outcome: str
    found: str = ""
    usd: Decimal = Decimal(0)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Calibrated(Fact):
    """What a reviewer reached over all cases, believed until `until`. `stopped` says why it was
    ended before all of them were shown."""

    kind: ClassVar[str] = "calibration.finish"
    run: str
    identity: str
    provider: str
    model: str
    prompt: str
    cases: str
    defects: int
    caught: int
    clean: int
    alarms: int
    until: datetime
    unusable: int = 0
    stopped: str = ""
    usd: Decimal = Decimal(0)
