"""What was spent on what, and what the rest will cost: tables as values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from loopcoder.domain.journal.history import History
from loopcoder.domain.journal.records.money import Spend
from loopcoder.domain.journal.records.unit import UnitRecord
from loopcoder.domain.limits.budget import NOTHING, Scope, Used, day_of, month_of, spent
from loopcoder.domain.settings import Caps

FEW = 3
"""With fewer finished units than this, their average says little about the rest."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a table: what was spent, on what."""

    name: str
    used: Used


@dataclass(frozen=True, slots=True)
class CapLine:
    """A cap beside what counts against it. `left` is None without a cap."""

    name: str
    cap: Decimal | None
    used: Used

    @property
    def left(self) -> Decimal | None:
        return None if self.cap is None else max(NOTHING, self.cap - self.used.usd)


@dataclass(frozen=True, slots=True)
class Forecast:
    """USD to finish `units` more, from what `basis` units cost: None when nothing is known."""

    units: int
    basis: int
    low: Decimal | None = None
    high: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Spending:
    caps: tuple[CapLine, ...]
    by_unit: tuple[Line, ...]
    by_provider: tuple[Line, ...]
    by_day: tuple[Line, ...]
    total: Used


def tabulate(history: History, caps: Caps, now: datetime) -> Spending:
    """Everything the `budget` verb shows. Tables are sorted by what cost most, days by date."""
    run = history.tick.run if history.tick else ""
    scopes = ((day_of(now), caps.day), (month_of(now), caps.month))
    lines = [CapLine(scope.name, cap, spent(history, scope)) for scope, cap in scopes]
    if run:
        lines.insert(0, CapLine("tick", caps.tick, spent(history, Scope("tick", run=run))))
    return Spending(
        caps=tuple(lines),
        by_unit=_dearest(_grouped(history, lambda spend: spend.unit or "")),
        by_provider=_dearest(_grouped(history, lambda spend: spend.provider)),
        by_day=tuple(_grouped(history, lambda spend: spend.at.date().isoformat())),
        total=spent(history, Scope("all")),
    )


def _grouped(history: History, name: Callable[[Spend], str]) -> Iterator[Line]:
    groups: dict[str, Used] = {}
    for spend in history.spend.values():
        groups[name(spend)] = groups.get(name(spend), Used()).plus(spend)
    return (Line(key, groups[key]) for key in sorted(groups))


def _dearest(lines: Iterator[Line]) -> tuple[Line, ...]:
    return tuple(sorted(lines, key=lambda line: (-line.used.usd, line.name)))


def forecast(history: History, remaining: int) -> Forecast:
    """What `remaining` units will cost if they cost what the finished ones did.

    The range runs between the cheaper and the dearer half of them; with fewer than three it is
    that of the cheapest and twice the dearest.
    """
    by_unit = {line.name: line.used.usd for line in _grouped(history, lambda s: s.unit or "")}
    costs = sorted(
        by_unit.get(record.id, NOTHING) for record in history.units.values() if _is_made(record)
    )
    if not costs or not remaining:
        known = NOTHING if not remaining else None
        return Forecast(remaining, len(costs), known, known)
    if len(costs) < FEW:
        low, high = costs[0], costs[-1] * 2
    else:
        half = (len(costs) + 1) // 2
        low, high = _mean(costs[:half]), _mean(costs[-half:])
    return Forecast(remaining, len(costs), low * remaining, high * remaining)


def _is_made(record: UnitRecord) -> bool:
    """Whether all it takes to build the unit was paid for: it was proposed, or has landed."""
    return record.pull is not None or record.landed is not None


def _mean(costs: list[Decimal]) -> Decimal:
    return sum(costs, NOTHING) / len(costs)
