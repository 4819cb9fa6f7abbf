"""How many more runs may start: places, time and attempts are budgets too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from loopcoder.domain.journal.records.unit import UnitRecord
from loopcoder.domain.settings import Limits, WorkerSpec

MOST = 50
"""More workers than this are never started at the same time, whatever is configured."""


@dataclass(frozen=True, slots=True)
class Slots:
    """Free places: `total`, and of those at most `by_provider` for each provider."""

    total: int
    by_provider: Mapping[str, int]

    def free(self, provider: str) -> int:
        """How many more runs of the provider may start now."""
        return min(self.total, self.by_provider.get(provider, self.total))


def slots(jobs: int, workers: Iterable[WorkerSpec], in_flight: Iterable[str]) -> Slots:
    """What is free while a run is in flight for each provider in `in_flight`. Workers that share
    a provider share its places: the smallest `max_parallel` counts."""
    running = Counter(in_flight)
    caps: dict[str, int] = {}
    for spec in workers:
        caps[spec.provider] = min(caps.get(spec.provider, MOST), spec.max_parallel)
    total = max(0, min(jobs, MOST) - running.total())
    return Slots(total, {name: max(0, cap - running[name]) for name, cap in caps.items()})


def minutes_left(limits: Limits, started_at: datetime, now: datetime) -> float:
    """Minutes until the tick's time is used up; 0 when it is."""
    return max(0.0, limits.minutes_per_tick - (now - started_at) / timedelta(minutes=1))


def attempts_left(limits: Limits, record: UnitRecord) -> int:
    """Strikes until the unit goes to a person."""
    return max(0, limits.attempts - len(record.struck))
