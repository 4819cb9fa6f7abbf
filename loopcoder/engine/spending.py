"""Money and tokens around one run: set aside before, settled after, whatever happens between."""

from __future__ import annotations

from decimal import Decimal

from loopcoder.domain.allowance import allowance
from loopcoder.domain.budget import Refusal, Request, reserve, settle
from loopcoder.domain.event import Entry
from loopcoder.domain.history import History
from loopcoder.domain.settings import WorkerSpec
from loopcoder.engine.stage import Desk, Suspended
from loopcoder.ports.worker import Usage


class OverBudget(Suspended):
    """A cap does not allow the run; the attempt stays open until there is money again."""


def reserve_for(desk: Desk, spec: WorkerSpec, purpose: str, share: Decimal) -> tuple[str, Decimal]:
    """Set money aside for one run; returns the reservation's id and its amount.

    Raises `OverBudget` with the cap that does not allow it.
    """
    services = desk.services
    amount = Decimal(0)

    def decision(history: History) -> list[Entry]:
        nonlocal amount
        spent = _spent(history, desk)
        own = desk.view.unit.budget
        amount = allowance(spec.cost, services.settings.budget, share, spent, own)
        request = Request(
            run=desk.run,
            unit=desk.step.unit,
            attempt=desk.step.attempt,
            provider=spec.provider,
            purpose=purpose,
            usd=amount,
            unit_cap=own,
        )
        verdict = reserve(history, services.settings.budget, request, services.clock.now())
        if isinstance(verdict, Refusal):
            raise OverBudget(verdict.reason)
        return [Entry(verdict, desk.step.unit, desk.step.attempt, desk.epoch)]

    (event,) = services.journal.transact(decision)
    return event.id, amount


def settle_for(
    desk: Desk, spec: WorkerSpec, reservation: str, amount: Decimal, usage: Usage | None
) -> None:
    """Charge what the run cost, or the whole reservation when nobody knows."""
    usd = usage.usd if usage else None
    desk.log(settle(reservation, amount, usd, usage.tokens if usage else 0, spec.cost))


def _spent(history: History, desk: Desk) -> Decimal:
    attempt = history.unit(desk.step.unit).attempts
    return next((a.usd for a in attempt if a.number == desk.step.attempt), Decimal(0))
