"""The exclusive right to work on a unit: taken, kept and given back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from loopcoder.domain.journal.fact import Carries, Fact
from loopcoder.domain.journal.holder import Holder


@dataclass(frozen=True, slots=True)
class ClaimTaken(Fact):
    """An exclusive right to work on the unit, under the event's fencing epoch."""

    kind: ClassVar[str] = "claim.taken"
    carries: ClassVar[Carries] = Carries.EFFECT
    holder: Holder
    until: datetime


@dataclass(frozen=True, slots=True)
class ClaimRenewed(Fact):
    """The holder is at it still, and keeps the right until then."""

    kind: ClassVar[str] = "claim.renewed"
    carries: ClassVar[Carries] = Carries.EFFECT
    until: datetime


@dataclass(frozen=True, slots=True)
class ClaimReleased(Fact):
    kind: ClassVar[str] = "claim.released"
    reason: str = ""
