"""How much one worker or reviewer run may spend, before it starts."""

from __future__ import annotations

from decimal import Decimal

from loopcoder.domain.settings import Caps, CostBasis

WORK_SHARE = Decimal("0.75")
"""Of what an attempt has left, the part one worker run may take; the rest pays for its review."""

REVIEW_SHARE = Decimal(1)

_CENT = Decimal("0.01")


def allowance(
    cost: CostBasis,
    caps: Caps,
    share: Decimal,
    spent: Decimal = Decimal(0),
    unit_cap: Decimal | None = None,
) -> Decimal:
    """The most (USD) the run may cost: a share of what the attempt's cap leaves after `spent`.

    A free run needs nothing. A unit's own budget, or without a cap on attempts the tightest
    wider one, bounds an attempt too; with no cap at all nothing is reserved, as the maintainer
    asked for no bound.
    """
    if cost is CostBasis.FREE:
        return Decimal(0)
    own = unit_cap if unit_cap is not None else caps.unit
    bounds = [cap for cap in (caps.attempt, own, caps.tick, caps.day) if cap is not None]
    if not bounds:
        return Decimal(0)
    left = max(min(bounds) - spent, Decimal(0))
    return (left * share).quantize(_CENT)
