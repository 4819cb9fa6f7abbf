"""Who writes issues, with what, and how a write is recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from loopcoder.domain.journal.event import Entry, Fact, Holder, Json
from loopcoder.domain.settings import Limits, Settings
from loopcoder.domain.unit import DEFAULT_PLAN, UnitId
from loopcoder.engine.effects import Effect, effect
from loopcoder.ports.clock import Clock
from loopcoder.ports.journal import Journal
from loopcoder.ports.tracker import Tracker


@dataclass(frozen=True, slots=True)
class Clerk:
    """`holder` is this process, `is_alive` knows other processes of this machine.

    `lag_s` is how long a new issue may be missing from the tracker's list; an intent that was
    begun so recently is not repeated. `trusted` are ids, besides our own, whose markers count.
    """

    tracker: Tracker
    journal: Journal
    clock: Clock
    holder: Holder
    is_alive: Callable[[Holder], bool]
    plan: str = DEFAULT_PLAN
    limits: Limits = field(default_factory=Limits)
    lag_s: float = 0.0
    trusted: frozenset[int] = frozenset()
    principal: str = "scheduler"

    def entry(self, unit: UnitId, fact: Fact) -> Entry:
        return Entry(fact, unit, principal=self.principal)

    def record(self, unit: UnitId, facts: Iterable[Fact]) -> None:
        entries = [self.entry(unit, fact) for fact in facts]
        if entries:
            self.journal.record(*entries)


def clerk_of(
    settings: Settings,
    tracker: Tracker,
    journal: Journal,
    clock: Clock,
    holder: Holder,
    is_alive: Callable[[Holder], bool],
    plan: str,
    principal: str = "scheduler",
) -> Clerk:
    """Who writes issues for this process, within the configured limits."""
    return Clerk(
        tracker=tracker,
        journal=journal,
        clock=clock,
        holder=holder,
        is_alive=is_alive,
        plan=plan,
        limits=settings.limits,
        lag_s=settings.list_lag_s,
        trusted=settings.trusted_ids,
        principal=principal,
    )


def json_list(items: Iterable[str]) -> list[Json]:
    """Names as a journal detail."""
    return list(items)


def writing(
    clerk: Clerk, unit: UnitId, verb: str, number: int, detail: Mapping[str, Json]
) -> AbstractContextManager[Effect]:
    """A write on an issue, begun before and finished after. One that fails stays open, and the
    next plan looks and closes it."""
    return effect(clerk.journal, verb, f"#{number}", detail, unit=unit, principal=clerk.principal)
