"""How much one worker or reviewer run may spend, before it starts."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

from loopcoder.domain.settings import Caps, CostBasis

WORK_SHARE = Decimal("0.75")
"""Of what an attempt has left, the part one worker run may take; the rest pays for its review."""

REVIEW_SHARE = Decimal(1)

CASE_SHARE = Decimal("0.25")
"""Of what one attempt may cost, the part set aside for one calibration case: cases are small, and
several are judged at the same time under one run's cap."""

_CENT = Decimal("0.01")


def allowance(
    cost: CostBasis,
    caps: Caps,
    share: Decimal,
    spent: Decimal = Decimal(0),
    unit_cap: Decimal | None = None,
    lanes: int = 1,
) -> Decimal:
    """The most (USD) the run may cost: a share of what the attempt's cap leaves after `spent`.
    Where several workers race, each has an equal part of the cap, and `spent` is its own.

    A free run needs nothing. A unit's own budget, or without a cap on attempts the tightest
    wider one, bounds an attempt too; with no cap at all nothing is reserved, as the maintainer
    asked for no bound.
    """
    bounds = _bounds(caps, unit_cap)
    if cost is CostBasis.FREE or not bounds:
        return Decimal(0)
    left = max(min(bounds) / lanes - spent, Decimal(0))
    return (left * share).quantize(_CENT, ROUND_DOWN)  # up would be over the cap


def is_bounded(cost: CostBasis, caps: Caps, unit_cap: Decimal | None = None) -> bool:
    """Whether an allowance of nothing means that nothing may be spent, not that all may."""
    return cost is not CostBasis.FREE and bool(_bounds(caps, unit_cap))


def _bounds(caps: Caps, unit_cap: Decimal | None) -> list[Decimal]:
    own = unit_cap if unit_cap is not None else caps.unit
    return [cap for cap in (caps.attempt, own, caps.tick, caps.day) if cap is not None]


def token_allowance(
    cost: CostBasis, caps: Caps, share: Decimal, spent: int = 0, lanes: int = 1
) -> int:
    """The most tokens the run may use; 0 where nothing is set aside: without a cap, and for runs
    that we cannot stop at a number of tokens because they only report it in the end."""
    if cost is not CostBasis.METERED or caps.tokens_per_attempt is None:
        return 0
    return int(max(caps.tokens_per_attempt // lanes - spent, 0) * share)
