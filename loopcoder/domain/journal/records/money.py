"""Money set aside and spent, and how providers did for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from loopcoder.domain.journal import event as e
from loopcoder.domain.tick.failure import FailureClass
from loopcoder.domain.unit import UnitId


@dataclass(frozen=True, slots=True)
class Spend:
    """One reservation, and what became of it. `usd` is the settled figure, else the reserved."""

    reservation: str
    at: datetime
    run: str
    unit: UnitId | None
    attempt: int | None
    provider: str
    purpose: str
    reserved: Decimal
    usd: Decimal
    tokens: int
    basis: str = ""

    @classmethod
    def reserved_by(cls, event: e.Event, fact: e.Reserved) -> Spend:
        return cls(
            reservation=event.id,
            at=event.at,
            run=fact.run,
            unit=event.unit,
            attempt=event.attempt,
            provider=fact.provider,
            purpose=fact.purpose,
            reserved=fact.usd,
            usd=fact.usd,
            tokens=fact.tokens,
        )

    def settled_by(self, fact: e.Settled) -> Spend:
        return replace(self, usd=fact.usd, tokens=fact.tokens, basis=fact.basis)

    @property
    def settled(self) -> bool:
        return bool(self.basis)


@dataclass(frozen=True, slots=True)
class ProviderOutcome:
    """What the breakers are computed from: how an attempt ended, newest last; or, `reviewing`,
    whether a reviewer answered.

    `unit` tells progress from repetition; `failure` is None for an attempt that succeeded.
    """

    at: datetime
    provider: str
    failure: FailureClass | None
    unit: UnitId | None
    usd: Decimal
    reviewing: bool = False
