"""What the journal adds up to: a fold of events into one record per unit and a few totals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from loopcoder.domain.context.learned import MOST_KEPT, Hint, hint_name
from loopcoder.domain.journal import event as e
from loopcoder.domain.journal.folds.unit import unit_after
from loopcoder.domain.journal.records.books import NO_BOOKS, BooksRecord
from loopcoder.domain.journal.records.last_change import LastChange
from loopcoder.domain.journal.records.money import ProviderOutcome, Spend
from loopcoder.domain.journal.records.unit import UnitRecord
from loopcoder.domain.unit import UnitId, is_section_id

_SUCCEEDED = frozenset({"proposed", "updated", "committed"})
"""Outcomes that show a provider at work. An attempt that a person ended, or that asked for one,
says nothing about its provider either way."""


@dataclass(slots=True)
class History:
    """The fold. `apply` takes events in order; everything else only reads.

    `calibrations` holds the newest result per reviewer identity, `judged_cases` what was judged
    (per identity and case) since that result. `sections` are the issues of the roadmap's sections:
    bound and written like units', and no units.
    """

    units: dict[UnitId, UnitRecord] = field(default_factory=dict)
    spend: dict[str, Spend] = field(default_factory=dict)
    outcomes: list[ProviderOutcome] = field(default_factory=list)
    breaker_resets: list[tuple[datetime, str]] = field(default_factory=list)
    hold: e.Held | None = None
    base_checks: dict[tuple[str, str], e.BaseChecked] = field(default_factory=dict)
    open_effects: dict[str, e.Event] = field(default_factory=dict)
    effects_done: list[tuple[datetime, str]] = field(default_factory=list)
    duplicates: set[int] = field(default_factory=set)
    tick: e.TickBegun | None = None
    tick_at: datetime | None = None
    last_report: e.TickFinished | None = None
    sealed: e.Sealed | None = None
    dashboard: e.DashboardBound | None = None
    dashboard_intent: e.Event | None = None
    dashboard_note: str = ""
    carried_from: str = ""
    last_change: LastChange | None = None
    calibrations: dict[str, tuple[datetime, e.Calibrated]] = field(default_factory=dict)
    judged_cases: dict[tuple[str, str], tuple[datetime, e.CaseJudged]] = field(default_factory=dict)
    books: BooksRecord = NO_BOOKS
    hints: dict[str, Hint] = field(default_factory=dict)
    forgotten: set[str] = field(default_factory=set)
    sections: dict[UnitId, UnitRecord] = field(default_factory=dict)
    head: str = ""
    length: int = 0

    def unit(self, unit: UnitId) -> UnitRecord:
        """The unit's record, or a section's; an empty one when nothing is recorded."""
        return self._of(unit).get(unit) or UnitRecord(unit)

    @property
    def bound(self) -> Iterator[UnitRecord]:
        """The records of everything that has an issue: units, and sections of the roadmap."""
        records = (*self.units.values(), *self.sections.values())
        return (record for record in records if record.number is not None)

    def _of(self, id: UnitId) -> dict[UnitId, UnitRecord]:
        return self.sections if is_section_id(id) else self.units

    def copy(self) -> History:
        """A snapshot that later events do not change (the records themselves are frozen)."""
        grown: dict[str, Any] = {
            each.name: value.copy()
            for each in fields(self)
            if isinstance(value := getattr(self, each.name), dict | list | set)
        }
        return replace(self, **grown)

    def apply(self, event: e.Event) -> None:
        """Take one event in."""
        self.head, self.length = event.id, self.length + 1
        self._take_effects(event)
        self._take_money(event)
        self._take_ticks(event)
        self._take_pages(event)
        self._take_measurements(event)
        self._take_hints(event)
        if event.unit is not None:
            record = self.unit(event.unit)
            changed = unit_after(record, event)
            if changed is not record:
                self._of(event.unit)[event.unit] = changed

    def apply_all(self, events: Iterable[e.Event]) -> History:
        for event in events:
            self.apply(event)
        return self

    def _take_effects(self, event: e.Event) -> None:
        match event.fact:
            case e.EffectBegun() as fact:
                self.open_effects[event.id] = event
                if fact.verb == "dashboard.create":
                    self.dashboard_intent = event
            case e.EffectFinished() as fact:
                begun = self.open_effects.pop(fact.begun, None)
                if begun and fact.outcome in (e.EffectOutcome.DONE, e.EffectOutcome.FOUND):
                    assert isinstance(begun.fact, e.EffectBegun)
                    self.effects_done.append((event.at, begun.fact.verb))
            case e.DuplicateClosed() as fact:
                self.duplicates.add(fact.database_id)

    def _take_money(self, event: e.Event) -> None:
        """Reservations, what became of them, and what the breakers are computed from."""
        match event.fact:
            case e.Reserved() as fact:
                self.spend[event.id] = Spend.reserved_by(event, fact)
            case e.Settled() as fact if fact.reservation in self.spend:
                reserved = self.spend[fact.reservation]
                self.spend[fact.reservation] = reserved.settled_by(fact)
            case e.AttemptFinished() as fact if fact.failure or fact.outcome in _SUCCEEDED:
                spent = self._spent_on(event)
                self.outcomes.append(
                    ProviderOutcome(event.at, fact.provider, fact.failure, event.unit, spent)
                )
            case e.ReviewerAsked() as fact:
                self.outcomes.append(
                    ProviderOutcome(
                        event.at, fact.provider, fact.failure, event.unit, Decimal(0), True
                    )
                )
            case e.BreakerReset() as fact:
                self.breaker_resets.append((event.at, fact.scope))

    def _take_ticks(self, event: e.Event) -> None:
        """The tick itself, and what holds for all units at once."""
        match event.fact:
            case e.TickBegun() as fact:
                self.tick, self.tick_at = fact, event.at
            case e.TickFinished() as fact:
                self.tick, self.last_report = None, fact
                self.last_change = LastChange.told_by(fact) or self.last_change
            case e.Held() as fact if event.unit is None:
                self.hold = fact
            case e.Released() if event.unit is None:
                self.hold = None
            case e.BaseChecked() as fact:
                self.base_checks[fact.sha, fact.commands] = fact
            case e.Sealed() as fact:
                self.sealed = fact
            case e.CarriedOver() as fact if event.unit is None:
                self.carried_from = fact.source

    def _take_pages(self, event: e.Event) -> None:
        """What is kept on the host for people: the dashboard, and the bookkeeping branch."""
        match event.fact:
            case e.DashboardBound() as fact:
                self.dashboard, self.dashboard_intent = fact, None
            case e.DashboardNoted() as fact:
                self.dashboard_note = fact.note
            case e.BooksMade() as fact:
                heads = self.books.heads | {fact.head}
                self.books = replace(self.books, head=fact.head, heads=heads, digest=fact.digest)
            case e.BooksProposed() as fact:
                self.books = replace(self.books, number=fact.number)

    def _take_measurements(self, event: e.Event) -> None:
        match event.fact:
            case e.CaseJudged() as fact:
                self.judged_cases[fact.identity, fact.digest] = (event.at, fact)
            case e.Calibrated() as fact:
                self.calibrations[fact.identity] = (event.at, fact)
                self.judged_cases = {
                    key: row for key, row in self.judged_cases.items() if key[0] != fact.identity
                }

    def _take_hints(self, event: e.Event) -> None:
        match event.fact:
            case e.Learned() as fact:
                self._learn(event, fact)
            case e.Forgotten() as fact:
                self.hints.pop(fact.hint, None)
                self.forgotten.add(fact.hint)

    def _learn(self, event: e.Event, fact: e.Learned) -> None:
        """Take a hint in as the newest; the oldest goes when there are too many."""
        name = hint_name(fact.text)
        if name in self.forgotten:
            return
        self.hints.pop(name, None)
        self.hints[name] = Hint(name, fact.text, fact.paths, event.unit, event.at)
        if len(self.hints) > MOST_KEPT:
            self.hints.pop(next(iter(self.hints)))

    def _spent_on(self, event: e.Event) -> Decimal:
        record = self.units.get(event.unit) if event.unit else None
        return record.attempts[-1].usd if record and record.attempts else Decimal(0)
