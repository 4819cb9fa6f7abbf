"""Money and tokens around one run: set aside before, settled after, whatever happens between."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from loopcoder.domain.journal.event import Entry
from loopcoder.domain.journal.history import History
from loopcoder.domain.limits.allowance import allowance, is_bounded, token_allowance
from loopcoder.domain.limits.budget import (
    Refusal,
    Request,
    Scope,
    Used,
    dollars,
    reserve,
    settle,
    spent,
)
from loopcoder.domain.settings import WorkerSpec
from loopcoder.domain.tick.race import lane_name, name_in
from loopcoder.domain.unit import UnitId
from loopcoder.engine.attempt.stage import Desk, Suspended
from loopcoder.engine.services import Services
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


@dataclass(frozen=True, slots=True)
class Purse:
    """Whose money it is: an attempt's of a unit, or only a run's when there is no unit. In a race
    it is that of one of `lanes`."""

    services: Services
    run: str
    unit: UnitId | None = None
    attempt: int | None = None
    epoch: int | None = None
    unit_cap: Decimal | None = None
    lane: int = 0
    lanes: int = 1

    @classmethod
    def of(cls, desk: Desk) -> Purse:
        return cls(
            services=desk.services,
            run=desk.run,
            unit=desk.step.unit,
            attempt=desk.step.attempt,
            epoch=desk.epoch,
            unit_cap=desk.view.unit.budget,
            lane=desk.lane,
            lanes=desk.lanes,
        )

    def reserve(self, spec: WorkerSpec, purpose: str, share: Decimal) -> Reservation:
        """Set money and tokens aside for one run. Raises `OverBudget` with the cap that does not
        allow it."""
        services, own = self.services, self.unit_cap
        caps = services.settings.budget
        amount, tokens = Decimal(0), 0

        def decision(history: History) -> list[Entry]:
            nonlocal amount, tokens
            used = self._used(history)
            amount = allowance(spec.cost, caps, share, used.usd, own, self.lanes)
            tokens = token_allowance(spec.cost, caps, share, used.tokens, self.lanes)
            if not amount and is_bounded(spec.cost, caps, own):
                raise OverBudget(f"the attempt has spent its budget: {dollars(used.usd)}")
            request = Request(
                run=self.run,
                unit=self.unit,
                attempt=self.attempt,
                provider=spec.provider,
                purpose=lane_name(purpose, self.lane),
                usd=amount,
                tokens=tokens,
                unit_cap=own,
            )
            verdict = reserve(history, caps, request, services.clock.now())
            if isinstance(verdict, Refusal):
                raise OverBudget(verdict.reason)
            return [Entry(verdict, self.unit, self.attempt, self.epoch)]

        (event,) = services.journal.transact(decision)
        return Reservation(event.id, amount, tokens)

    def settle(self, spec: WorkerSpec, reserved: Reservation, usage: Usage | None) -> Decimal:
        """Charge what the run cost, or the whole reservation when nobody knows; returns it."""
        usd = usage.usd if usage else None
        tokens = usage.tokens if usage else reserved.tokens
        fact = settle(reserved.id, reserved.usd, usd, tokens, spec.cost)
        self.services.journal.record(Entry(fact, self.unit, self.attempt, self.epoch))
        return fact.usd

    def _used(self, history: History) -> Used:
        """What the attempt has used; runs without one start from nothing each."""
        if self.unit is None:
            return Used()
        scope = Scope("attempt", unit=self.unit, attempt=self.attempt)
        if not self.lane:
            return spent(history, scope)
        used = Used()
        for spend in history.spend.values():
            if scope.holds(spend) and name_in(spend.purpose, self.lane) is not None:
                used = used.plus(spend)
        return used

    @property
    def spent_usd(self) -> Decimal:
        """What the attempt, or its lane in a race, has spent and set aside."""
        return self._used(self.services.journal.history()).usd


def reserve_for(desk: Desk, spec: WorkerSpec, purpose: str, share: Decimal) -> Reservation:
    """Set the attempt's money and tokens aside for one run."""
    return Purse.of(desk).reserve(spec, purpose, share)


def settle_for(desk: Desk, spec: WorkerSpec, reserved: Reservation, usage: Usage | None) -> None:
    """Charge the attempt what the run cost."""
    Purse.of(desk).settle(spec, reserved, usage)
