"""A write outside the process: begun in the journal, done, and finished in the journal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from loopcoder.domain.diagnostic import LimitReached, Refused, Stale
from loopcoder.domain.journal.canonical import input_hash
from loopcoder.domain.journal.event import (
    EffectBegun,
    EffectFinished,
    EffectOutcome,
    Entry,
    Fact,
    Json,
)
from loopcoder.domain.journal.history import History
from loopcoder.domain.unit import UnitId
from loopcoder.ports.journal import Journal


@dataclass(slots=True)
class Effect:
    """A write under way. `receipt` collects what came of it, `facts` what else is now true."""

    outcome: EffectOutcome = EffectOutcome.DONE
    receipt: dict[str, Json] = field(default_factory=dict)
    facts: list[Fact] = field(default_factory=list)

    def found(self) -> None:
        """The world already was as intended; nothing was written."""
        self.outcome = EffectOutcome.FOUND


@contextmanager
def effect(
    journal: Journal,
    verb: str,
    target: str,
    detail: Mapping[str, Json] | None = None,
    *,
    unit: UnitId | None = None,
    attempt: int | None = None,
    epoch: int | None = None,
    principal: str = "scheduler",
    refusal: Callable[[History], str] | None = None,
) -> Iterator[Effect]:
    """Begin, let the caller act, finish.

    A process killed in between leaves the begin behind, and so does a write that failed: its
    answer may be lost and not its effect. Whoever comes next looks at the world before it does
    anything again. Only what was refused is closed: as stale before it was tried, else as failed.

    `refusal` says on the newest history why nothing may be begun: then `LimitReached` is raised.
    """

    decided = input_hash({"verb": verb, "target": target, "unit": unit, **(detail or {})})

    def entry(fact: Fact) -> Entry:
        return Entry(fact, unit, attempt, epoch, principal, decided)

    def begin(history: History) -> Sequence[Entry]:
        if refusal and (reason := refusal(history)):
            raise LimitReached(f"{reason}; {target} waits.")
        return [entry(EffectBegun(verb, target, dict(detail or {})))]

    (begun,) = journal.transact(begin) if refusal else journal.record(*begin(History()))
    running = Effect()
    try:
        yield running
    except (Stale, Refused) as error:
        refused = isinstance(error, Refused)
        outcome = EffectOutcome.FAILED if refused else EffectOutcome.STALE
        journal.record(entry(EffectFinished(begun.id, outcome, {"error": str(error)})))
        raise
    done = EffectFinished(begun.id, running.outcome, running.receipt)
    journal.record(entry(done), *map(entry, running.facts))
