"""Money and tokens: set aside, and spent."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from loopcoder.domain.journal.fact import Carries, Fact


@dataclass(frozen=True, slots=True)
class Reserved(Fact):
    """Money and tokens set aside before they can be spent; the event's id names it."""

    kind: ClassVar[str] = "budget.reserved"
    carries: ClassVar[Carries] = Carries.EFFECT
    run: str
    purpose: str
    provider: str
    usd: Decimal
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Settled(Fact):
    """What reservation `reservation` really cost. `basis`: metered, reported, free, assumed."""

    kind: ClassVar[str] = "budget.settled"
    reservation: str
    usd: Decimal
    basis: str
    tokens: int = 0
