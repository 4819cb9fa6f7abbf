"""Budgets: money and tokens are set aside before they can be spent, and settled afterwards.

What counts against a cap is everything settled plus everything still set aside, so that no
number of workers started at the same time can spend more than the caps allow together.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from loopcoder.domain.journal.event import Reserved, Settled
from loopcoder.domain.journal.history import History
from loopcoder.domain.journal.records.money import Spend
from loopcoder.domain.settings import Caps, CostBasis
from loopcoder.domain.unit import UnitId

NOTHING = Decimal(0)
ASSUMED = "assumed"
"""The basis of a settlement that nobody reported: the whole reservation is charged."""


@dataclass(frozen=True, slots=True)
class Request:
    """One run of a worker or reviewer that wants to start. `usd` and `tokens` are the most it
    may use; `unit_cap` is the unit's own `Budget:`, which replaces the cap on units."""

    run: str
    unit: UnitId | None
    attempt: int | None
    provider: str
    purpose: str
    usd: Decimal
    tokens: int = 0
    unit_cap: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request does not fit. `scope` names the cap; `cap`, `spent` and `asked` are USD, or
    tokens where the scope is `tokens_per_attempt`."""

    reason: str
    scope: str
    cap: Decimal
    spent: Decimal
    asked: Decimal


@dataclass(frozen=True, slots=True)
class Used:
    """What counts against a cap. `usd` holds `reserved`: what is set aside and not settled."""

    usd: Decimal = NOTHING
    tokens: int = 0
    reserved: Decimal = NOTHING

    def plus(self, spend: Spend) -> Used:
        held = NOTHING if spend.settled else spend.usd
        return Used(self.usd + spend.usd, self.tokens + spend.tokens, self.reserved + held)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which spending a cap counts. Empty fields count everything; `until` is exclusive."""

    name: str
    run: str | None = None
    unit: UnitId | None = None
    attempt: int | None = None
    since: datetime | None = None
    until: datetime | None = None

    def holds(self, spend: Spend) -> bool:
        return (
            (self.run is None or spend.run == self.run)
            and (self.unit is None or spend.unit == self.unit)
            and (self.attempt is None or spend.attempt == self.attempt)
            and (self.since is None or spend.at >= self.since)
            and (self.until is None or spend.at < self.until)
        )


def spent(history: History, scope: Scope) -> Used:
    """What was spent and is set aside in a scope. A reservation counts at the time it was made."""
    used = Used()
    for spend in history.spend.values():
        if scope.holds(spend):
            used = used.plus(spend)
    return used


def day_of(now: datetime) -> Scope:
    """The calendar day in UTC."""
    start = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return Scope("day", since=start, until=start + timedelta(days=1))


def month_of(now: datetime) -> Scope:
    """The calendar month in UTC."""
    start = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return Scope("month", since=start, until=(start + timedelta(days=31)).replace(day=1))


def reserve(history: History, caps: Caps, request: Request, now: datetime) -> Reserved | Refusal:
    """The fact that sets the money aside, or the first cap it does not fit under.

    Call it inside `Journal.transact`, and return its fact there: only then does it count for
    whoever asks next. A request for nothing always fits: a free worker goes on when the money
    is spent.
    """
    if request.usd < 0 or request.tokens < 0:
        raise ValueError("a reservation cannot be negative")
    for scope, cap in _money_caps(caps, request, now):
        used = spent(history, scope).usd
        if request.usd and used + request.usd > cap:
            reason = (
                f"the {scope.name} budget of {dollars(cap)} does not allow {dollars(request.usd)}: "
                f"{dollars(used)} is spent or set aside"
            )
            return Refusal(reason, scope.name, cap, used, request.usd)
    return _token_refusal(history, caps, request) or Reserved(
        run=request.run,
        purpose=request.purpose,
        provider=request.provider,
        usd=request.usd,
        tokens=request.tokens,
    )


def _money_caps(caps: Caps, request: Request, now: datetime) -> Iterator[tuple[Scope, Decimal]]:
    """The caps that are set, the narrowest first. A unit's own budget bounds each of its
    attempts as well, but does not widen the cap on one attempt."""
    unit = request.unit
    of_unit = caps.unit if request.unit_cap is None else request.unit_cap
    if unit is not None:
        if caps.attempt is not None and request.attempt is not None:
            yield Scope("attempt", unit=unit, attempt=request.attempt), caps.attempt
        if of_unit is not None:
            yield Scope("unit", unit=unit), of_unit
    if caps.tick is not None:
        yield Scope("tick", run=request.run), caps.tick
    if caps.day is not None:
        yield day_of(now), caps.day
    if caps.month is not None:
        yield month_of(now), caps.month


def _token_refusal(history: History, caps: Caps, request: Request) -> Refusal | None:
    cap = caps.tokens_per_attempt
    if cap is None or request.unit is None or request.attempt is None:
        return None
    used = spent(history, Scope("attempt", unit=request.unit, attempt=request.attempt)).tokens
    # A run that cannot say beforehand how many tokens it needs still may not start at the cap.
    if used + request.tokens <= cap and (used < cap or request.usd == 0):
        return None
    reason = f"the attempt has used {used:,} of {cap:,} tokens"
    if request.tokens:
        reason += f" and asks for {request.tokens:,}"
    return Refusal(
        reason, "tokens_per_attempt", Decimal(cap), Decimal(used), Decimal(request.tokens)
    )


def settle(
    reservation: str, reserved: Decimal, usd: Decimal | None, tokens: int, cost: CostBasis
) -> Settled:
    """What the run cost. Unknown usage is charged at the reservation; more than was reserved is
    charged in full, and so keeps the next run from starting."""
    if cost is CostBasis.FREE:
        return Settled(reservation, NOTHING, CostBasis.FREE.value, tokens)
    if usd is None:
        return Settled(reservation, reserved, ASSUMED, tokens)
    return Settled(reservation, max(usd, NOTHING), cost.value, tokens)


def orphans(history: History, alive: Container[UnitId]) -> tuple[Spend, ...]:
    """Reservations that nobody will settle: their unit has no living claim any more."""
    return tuple(
        spend
        for spend in history.spend.values()
        if not spend.settled and (spend.unit is None or spend.unit not in alive)
    )


def settle_orphan(spend: Spend, usd: Decimal | None = None, tokens: int | None = None) -> Settled:
    """Its process died: charged what its papers show, and as reserved when it took the bill
    along."""
    if usd is None or tokens is None:
        return Settled(spend.reservation, spend.reserved, ASSUMED, spend.tokens)
    return Settled(spend.reservation, usd, CostBasis.METERED.value, tokens)


def dollars(amount: Decimal) -> str:
    """`$0.41`; `<$0.01` for what would look like nothing."""
    if NOTHING < amount < Decimal("0.005"):
        return "<$0.01"
    sign = "-" if amount < 0 else ""
    return f"{sign}${abs(amount).quantize(Decimal('0.01'), ROUND_HALF_UP):,}"
