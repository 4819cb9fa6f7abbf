"""Who writes issues, with what, and how a write is recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from loopcoder.domain.diagnostic import Stale
from loopcoder.domain.event import (
    EffectBegun,
    EffectFinished,
    EffectOutcome,
    Entry,
    Fact,
    Holder,
    Json,
)
from loopcoder.domain.unit import DEFAULT_PLAN, UnitId
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
    issues_per_day: int = 100
    lag_s: float = 0.0
    trusted: frozenset[int] = frozenset()
    principal: str = "scheduler"

    def entry(self, unit: UnitId, fact: Fact) -> Entry:
        return Entry(fact, unit, principal=self.principal)

    def record(self, unit: UnitId, facts: Iterable[Fact]) -> None:
        entries = [self.entry(unit, fact) for fact in facts]
        if entries:
            self.journal.record(*entries)


def json_list(items: Iterable[str]) -> list[Json]:
    """Names as a journal detail."""
    return list(items)


@dataclass(slots=True)
class Write:
    """A write under way. `facts` are recorded with its receipt, in the same step."""

    outcome: EffectOutcome = EffectOutcome.DONE
    facts: list[Fact] = field(default_factory=list)


@contextmanager
def writing(
    clerk: Clerk, unit: UnitId, verb: str, number: int, detail: Mapping[str, Json]
) -> Iterator[Write]:
    """Begin a write on an issue and, when the caller is through, finish it.

    When the tracker fails, the write stays open in the record: its answer may be lost and not
    its effect. The next plan looks, and closes it.
    """
    begun = EffectBegun(verb, f"#{number}", detail)
    (event,) = clerk.journal.record(clerk.entry(unit, begun))
    write = Write()
    try:
        yield write
    except Stale as error:
        receipt = EffectFinished(event.id, EffectOutcome.STALE, {"error": str(error)})
        clerk.record(unit, [receipt])
        raise
    clerk.record(unit, [EffectFinished(event.id, write.outcome), *write.facts])
