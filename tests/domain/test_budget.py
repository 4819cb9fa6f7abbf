"""Budgets: what is set aside and spent together never exceeds a cap."""

from __future__ import annotations

import random
import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopcoder.adapters.memory.clock import FixedClock
from loopcoder.adapters.memory.journal import MemoryJournal
from loopcoder.domain.journal import event as e
from loopcoder.domain.journal.event import Entry
from loopcoder.domain.journal.history import History
from loopcoder.domain.limits.budget import (
    Refusal,
    Request,
    Scope,
    day_of,
    dollars,
    month_of,
    orphans,
    reserve,
    settle,
    settle_orphan,
    spent,
)
from loopcoder.domain.settings import Caps, CostBasis
from loopcoder.domain.unit import UnitId

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
A, B = UnitId("a"), UnitId("b")
CAPS = Caps(Decimal(2), Decimal(5), Decimal(10), Decimal(50), Decimal(500), 1000)
OPEN = Caps(None, None, None, None, None, None)


def usd(amount: str | float) -> Decimal:
    return Decimal(str(amount))


class Ledger:
    """A journal with reservations in it; `spends` says which are settled, and at what."""

    def __init__(self) -> None:
        self.clock = FixedClock(NOW)
        self.journal = MemoryJournal(self.clock)

    def spends(
        self,
        reserved: float,
        settled: float | None = None,
        unit: UnitId = A,
        attempt: int = 1,
        run: str = "r1",
        tokens: int = 0,
    ) -> Ledger:
        fact = e.Reserved(run, "work", "p", usd(reserved), tokens)
        (event,) = self.journal.record(Entry(fact, unit, attempt))
        if settled is not None:
            done = e.Settled(event.id, usd(settled), "metered", tokens)
            self.journal.record(Entry(done, unit, attempt))
        return self

    def at(self, moment: datetime) -> Ledger:
        self.clock.advance(seconds=(moment - self.clock.now()).total_seconds())
        return self

    @property
    def history(self) -> History:
        return self.journal.history()


def ask(
    amount: float, unit: UnitId | None = A, attempt: int | None = 1, run: str = "r1", **more: object
) -> Request:
    return Request(run, unit, attempt, "p", "work", usd(amount), **more)  # type: ignore[arg-type]


# --- what fits and what does not


@pytest.mark.parametrize(
    ("situation", "ledger", "request_", "refused_by"),
    [
        ("nothing was spent", Ledger(), ask(2), None),
        ("more than an attempt may have", Ledger(), ask(2.01), "attempt"),
        ("it fits exactly", Ledger().spends(1.5), ask(0.5), None),
        ("what is only set aside counts", Ledger().spends(1.5), ask(0.51), "attempt"),
        ("what was settled for less is free again", Ledger().spends(2, 0.2), ask(1.8), None),
        ("a second attempt has its own cap", Ledger().spends(2, 2), ask(2, attempt=2), None),
        (
            "the unit's attempts share a cap",
            Ledger().spends(2, 2).spends(2, 2, attempt=2),
            ask(1.01, attempt=3),
            "unit",
        ),
        ("a unit's own budget is smaller", Ledger(), ask(0.6, unit_cap=usd(0.5)), "unit"),
        (
            "a unit's own budget is larger",
            Ledger().spends(2, 2).spends(2, 2, attempt=2),
            ask(2, attempt=3, unit_cap=usd(8)),
            None,
        ),
        (
            "the tick is full",
            Ledger().spends(9, 9, unit=B),
            ask(1.01),
            "tick",
        ),
        (
            "another tick's spending is not this one's",
            Ledger().spends(9, 9, B, run="r0"),
            ask(2),
            None,
        ),
        ("the day is full", Ledger().spends(49, 49, B, run="r0"), ask(2), "day"),
        (
            "an overshoot is counted in full",
            Ledger().spends(1, 7),
            ask(0.01, attempt=2),
            "unit",
        ),
        ("a free run needs no money", Ledger().spends(1, 7), ask(0), None),
        ("tokens are used up", Ledger().spends(0, 0, tokens=1000), ask(0.1), "tokens_per_attempt"),
        (
            "tokens do not suffice",
            Ledger().spends(0, 0, tokens=900),
            ask(0, tokens=101),
            "tokens_per_attempt",
        ),
        ("tokens suffice exactly", Ledger().spends(0, 0, tokens=900), ask(0, tokens=100), None),
        ("work for no unit has no cap of one", Ledger(), ask(9, None, None), None),
    ],
)
def test_a_request_is_let_through_or_names_the_cap(
    situation: str, ledger: Ledger, request_: Request, refused_by: str | None
) -> None:
    verdict = reserve(ledger.history, CAPS, request_, NOW)
    assert (verdict.scope if isinstance(verdict, Refusal) else None) == refused_by, situation


def test_a_reservation_says_what_was_asked() -> None:
    request = Request("r1", A, 2, "claude:x", "review", usd("0.40"), 70)
    assert reserve(History(), CAPS, request, NOW) == e.Reserved(
        "r1", "review", "claude:x", usd("0.40"), 70
    )


def test_a_refusal_carries_the_figures() -> None:
    verdict = reserve(Ledger().spends(1.5, 1.4).history, CAPS, ask(1), NOW)
    assert verdict == Refusal(
        "the attempt budget of $2.00 does not allow $1.00: $1.40 is spent or set aside",
        "attempt",
        usd(2),
        usd(1.4),
        usd(1),
    )


def test_without_caps_everything_goes() -> None:
    ledger = Ledger().spends(10_000, 20_000, tokens=10**9)
    assert isinstance(reserve(ledger.history, OPEN, ask(10_000), NOW), e.Reserved)


def test_a_negative_request_is_a_bug() -> None:
    with pytest.raises(ValueError, match="negative"):
        reserve(History(), CAPS, ask(-1), NOW)


def test_days_and_months_are_those_of_utc() -> None:
    ledger = Ledger().at(datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC)).spends(3, 3)
    ledger.at(datetime(2026, 2, 1, tzinfo=UTC)).spends(4, 4)
    january, february = (datetime(2026, m, d, 12, tzinfo=UTC) for m, d in ((1, 31), (2, 1)))
    assert [spent(ledger.history, day_of(now)).usd for now in (january, february)] == [3, 4]
    assert [spent(ledger.history, month_of(now)).usd for now in (january, february)] == [3, 4]
    december = month_of(datetime(2026, 12, 24, tzinfo=UTC))
    assert december.until == datetime(2027, 1, 1, tzinfo=UTC)


def test_the_month_can_be_full_on_a_fresh_day() -> None:
    ledger = Ledger()
    for day in range(1, 11):
        ledger.at(datetime(2026, 1, day, 12, tzinfo=UTC)).spends(49.9, 49.9, B, run=f"r{day}")
    later = datetime(2026, 1, 20, tzinfo=UTC)
    verdict = reserve(ledger.history, CAPS, ask(2, run="r20"), later)
    assert isinstance(verdict, Refusal) and verdict.scope == "month"
    assert isinstance(
        reserve(ledger.history, CAPS, ask(2, run="r20"), NOW.replace(month=2)), e.Reserved
    )


# --- settling


@pytest.mark.parametrize(
    ("cost", "used", "charged", "basis"),
    [
        (CostBasis.METERED, "0.41", "0.41", "metered"),
        (CostBasis.REPORTED, "0.41", "0.41", "reported"),
        (CostBasis.REPORTED, "7.5", "7.5", "reported"),
        (CostBasis.REPORTED, None, "2", "assumed"),
        (CostBasis.METERED, None, "2", "assumed"),
        (CostBasis.FREE, None, "0", "free"),
        (CostBasis.FREE, "0.41", "0", "free"),
        (CostBasis.REPORTED, "-1", "0", "reported"),
    ],
)
def test_a_run_is_charged_by_its_basis(
    cost: CostBasis, used: str | None, charged: str, basis: str
) -> None:
    fact = settle("r", usd(2), None if used is None else usd(used), 5, cost)
    assert (fact.usd, fact.basis, fact.tokens) == (usd(charged), basis, 5)


def test_reservations_of_the_dead_are_charged_as_reserved() -> None:
    ledger = Ledger().spends(2, 1).spends(1.5, None, A).spends(0.5, None, B)
    (orphan,) = orphans(ledger.history, alive={B})
    assert (orphan.unit, orphan.reserved) == (A, usd(1.5))
    ledger.journal.record(Entry(settle_orphan(orphan), A, 1))
    assert orphans(ledger.history, alive={B}) == ()
    assert spent(ledger.history, Scope("unit", unit=A)).usd == usd(2.5)


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("0.41", "$0.41"),
        ("0", "$0.00"),
        ("0.001", "<$0.01"),
        ("0.005", "$0.01"),
        ("1234.5", "$1,234.50"),
        ("-0.1", "-$0.10"),
        ("2", "$2.00"),
    ],
)
def test_money_is_shown_in_cents(amount: str, shown: str) -> None:
    assert dollars(usd(amount)) == shown


# --- many workers at once


class Worker:
    """Reserves, runs, settles, again and again: a generator, so that any order can be played."""

    def __init__(self, journal: MemoryJournal, caps: Caps, number: int, chance: random.Random):
        self.journal, self.caps, self.number, self.chance = journal, caps, number, chance

    def live(self):  # type: ignore[no-untyped-def]
        for attempt in range(1, 4):
            unit = UnitId(f"u{self.number % 7}")
            amount = usd(self.chance.randint(0, 300)) / 100
            request = Request(
                f"r{attempt}", unit, attempt, "p", "work", amount, self.chance.randint(0, 400)
            )
            reserved = self.take(request)
            yield
            if reserved is None:
                continue
            if self.chance.random() < 0.1:
                return  # killed: its reservation stays
            used = (
                None if self.chance.random() < 0.2 else amount * self.chance.randint(0, 100) / 100
            )
            fact = settle(reserved.id, amount, used, request.tokens, CostBasis.REPORTED)
            self.journal.record(Entry(fact, unit, attempt))
            yield

    def take(self, request: Request) -> e.Event | None:
        def decision(history: History) -> list[Entry]:
            verdict = reserve(history, self.caps, request, NOW)
            if isinstance(verdict, Refusal):
                return []
            return [Entry(verdict, request.unit, request.attempt)]

        return next(iter(self.journal.transact(decision)), None)


def overspent(history: History, caps: Caps) -> list[tuple[Scope, Decimal]]:
    spends = history.spend.values()
    scopes = [(Scope("day"), caps.day)]
    scopes += [(Scope("tick", run=s.run), caps.tick) for s in spends]
    scopes += [(Scope("unit", unit=s.unit), caps.unit) for s in spends]
    scopes += [(Scope("attempt", unit=s.unit, attempt=s.attempt), caps.attempt) for s in spends]
    return [(scope, cap) for scope, cap in set(scopes) if cap and spent(history, scope).usd > cap]


def play(seed: int) -> None:
    """One schedule of fifty workers; after every step nothing is overspent."""
    chance = random.Random(seed)
    attempt, unit, tick, day = (
        usd(chance.randint(100, most)) / 100 for most in (500, 900, 4000, 9000)
    )
    caps = Caps(attempt, unit, tick, day, usd(500), 2000)
    journal = MemoryJournal(FixedClock(NOW))
    running = [Worker(journal, caps, number, chance).live() for number in range(50)]
    while running:
        worker = chance.choice(running)
        if next(worker, "done") == "done":
            running.remove(worker)
    history, events = History(), list(journal.events())
    for event in events:
        history.apply(event)
        if isinstance(event.fact, e.Reserved):
            affected = history.spend[event.id]
            for scope, cap in (
                (Scope("attempt", unit=affected.unit, attempt=affected.attempt), caps.attempt),
                (Scope("unit", unit=affected.unit), caps.unit),
                (Scope("tick", run=affected.run), caps.tick),
                (Scope("day"), caps.day),
            ):
                assert cap is not None
                assert spent(history, scope).usd <= cap, (seed, scope)
    assert overspent(history, caps) == []


@given(seed=st.integers(0, 2**32))
@settings(max_examples=100, deadline=None)
def test_no_schedule_of_fifty_workers_exceeds_a_cap(seed: int) -> None:
    play(seed)


@pytest.mark.slow
def test_a_thousand_schedules_of_fifty_workers_exceed_no_cap() -> None:
    for seed in range(1000):
        play(seed)


def test_fifty_threads_at_once_exceed_no_cap() -> None:
    caps = Caps(usd(1), usd(3), usd(4), usd(9), usd(500), None)
    journal = MemoryJournal(FixedClock(NOW))
    barrier = threading.Barrier(50)

    def run(number: int) -> None:
        worker = Worker(journal, caps, number, random.Random(number))
        barrier.wait()
        for _ in worker.live():
            pass

    threads = [threading.Thread(target=run, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert journal.history().spend
    assert overspent(journal.history(), caps) == []


def test_an_overshoot_stops_what_comes_after_it() -> None:
    ledger = Ledger().spends(2, 11, B)
    for unit in (A, B):
        verdict = reserve(ledger.history, CAPS, ask(0.01, unit, 2), NOW + timedelta(minutes=1))
        assert isinstance(verdict, Refusal)
