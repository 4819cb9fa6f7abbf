"""Money and tokens around one run: set aside before, settled after, whatever happens between."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from loopcoder.domain.allowance import allowance, is_bounded, token_allowance
from loopcoder.domain.budget import (
    Refusal,
    Request,
    Scope,
    dollars,
    reserve,
    settle,
    spent,
)
from loopcoder.domain.event import Entry
from loopcoder.domain.history import History
from loopcoder.domain.settings import WorkerSpec
from loopcoder.engine.stage import Desk, Suspended
from loopcoder.ports.worker import Usage


class OverBudget(Suspended):
    """A cap does not allow the run; the attempt stays open until there is money again."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """What was set aside for one run: at most so much money (USD) and so many tokens. 0 is no
    bound of ours: nothing was set aside, because there is no cap or nothing is charged."""

    id: str
    usd: Decimal
    tokens: int


def reserve_for(desk: Desk, spec: WorkerSpec, purpose: str, share: Decimal) -> Reservation:
    """Set money and tokens aside for one run. Raises `OverBudget` with the cap that does not
    allow it."""
    services = desk.services
    caps, own = services.settings.budget, desk.view.unit.budget
    amount, tokens = Decimal(0), 0

    def decision(history: History) -> list[Entry]:
        nonlocal amount, tokens
        used = spent(history, Scope("attempt", unit=desk.step.unit, attempt=desk.step.attempt))
        amount = allowance(spec.cost, caps, share, used.usd, own)
        tokens = token_allowance(spec.cost, caps, share, used.tokens)
        if not amount and is_bounded(spec.cost, caps, own):
            raise OverBudget(f"the attempt has spent its budget: {dollars(used.usd)}")
        request = Request(
            run=desk.run,
            unit=desk.step.unit,
            attempt=desk.step.attempt,
            provider=spec.provider,
            purpose=purpose,
            usd=amount,
            tokens=tokens,
            unit_cap=own,
        )
        verdict = reserve(history, caps, request, services.clock.now())
        if isinstance(verdict, Refusal):
            raise OverBudget(verdict.reason)
        return [Entry(verdict, desk.step.unit, desk.step.attempt, desk.epoch)]

    (event,) = services.journal.transact(decision)
    return Reservation(event.id, amount, tokens)


def settle_for(desk: Desk, spec: WorkerSpec, reserved: Reservation, usage: Usage | None) -> None:
    """Charge what the run cost, or the whole reservation when nobody knows."""
    usd = usage.usd if usage else None
    tokens = usage.tokens if usage else reserved.tokens
    desk.log(settle(reserved.id, reserved.usd, usd, tokens, spec.cost))
