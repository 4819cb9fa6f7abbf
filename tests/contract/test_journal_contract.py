"""What every journal does, whatever it keeps its rows in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loopcoder.adapters.journal.sqlite import SqliteJournal
from loopcoder.adapters.memory.clock import FixedClock
from loopcoder.adapters.memory.journal import MemoryJournal
from loopcoder.domain.journal import event as e
from loopcoder.domain.journal.event import Entry, Event
from loopcoder.domain.journal.history import History
from loopcoder.domain.unit import UnitId
from tests.support.facts import ENTRIES
from tests.support.shared_journal import Clone, bare_repository

A, B = UnitId("a"), UnitId("b")


@dataclass
class Shelf:
    """One kind of journal. `open` gives another object on the same record: a new process."""

    clock: FixedClock
    open: Callable[[], Any]


def memory_shelf(_: Path) -> Shelf:
    clock, rows = FixedClock(), []
    return Shelf(clock, lambda: MemoryJournal(clock, rows))


def sqlite_shelf(folder: Path) -> Shelf:
    clock = FixedClock()
    return Shelf(clock, lambda: SqliteJournal(folder / "journal.db", clock))


def git_ref_shelf(folder: Path) -> Shelf:
    clock, remote = FixedClock(), bare_repository(folder / "remote.git")
    clone = Clone(folder / "clone", remote, clock)
    return Shelf(clock, clone.open)


SHELVES = {"memory": memory_shelf, "sqlite": sqlite_shelf, "git ref": git_ref_shelf}


@pytest.fixture(params=SHELVES)
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Shelf:
    return SHELVES[request.param](tmp_path)


def held(reason: str, unit: UnitId | None = None) -> Entry:
    return Entry(e.Held(by="ana", reason=reason), unit=unit, principal="person:ana")


def reasons(events: Sequence[Event]) -> list[str]:
    return [event.fact.reason for event in events if isinstance(event.fact, e.Held)]


# --- order and identity


def test_events_come_back_in_the_order_they_were_recorded(shelf: Shelf) -> None:
    journal = shelf.open()
    journal.record(held("1"), held("2"))
    journal.record(held("3"))
    assert reasons(list(journal.events())) == ["1", "2", "3"]


def test_an_event_keeps_everything_that_its_entry_said(shelf: Shelf) -> None:
    entry = Entry(e.Held("ana", "lunch"), A, 2, 7, "person:ana", "f" * 64)
    (recorded,) = shelf.open().record(entry)
    (event,) = shelf.open().events()
    assert event == recorded
    assert (event.fact, event.unit, event.attempt, event.epoch) == (entry.fact, A, 2, 7)
    assert (event.principal, event.input_hash, event.at) == (
        "person:ana",
        "f" * 64,
        shelf.clock.now(),
    )


def test_ids_increase_even_when_the_clock_goes_back(shelf: Shelf) -> None:
    journal = shelf.open()
    journal.record(held("1"), held("2"))
    shelf.clock.advance(days=-3)
    journal.record(held("3"))
    shelf.open().record(held("4"))
    ids = [event.id for event in journal.events()]
    assert ids == sorted(set(ids))
    assert len(ids) == 4


def test_events_since_leaves_out_what_is_older(shelf: Shelf) -> None:
    journal = shelf.open()
    journal.record(held("old"))
    since = shelf.clock.advance(minutes=1)
    journal.record(held("at the moment"))
    shelf.clock.advance(days=-1)
    journal.record(held("clock went back"))
    shelf.clock.advance(days=2)
    journal.record(held("later"))
    assert reasons(list(journal.events(since))) == ["at the moment", "later"]


def test_each_event_names_the_hash_of_the_one_before(shelf: Shelf) -> None:
    journal = shelf.open()
    first, second = journal.record(held("1"), held("2"))
    (third,) = journal.record(held("3"))
    assert first.prev_sha256 == ""
    assert len({second.prev_sha256, third.prev_sha256, ""}) == 3
    assert journal.verify() is None


def test_an_empty_journal_is_an_empty_history(shelf: Shelf) -> None:
    journal = shelf.open()
    assert journal.history() == History()
    assert list(journal.events()) == []
    assert journal.record() == ()
    assert journal.verify() is None


# --- atomicity


def test_a_decision_that_raises_records_nothing(shelf: Shelf) -> None:
    journal = shelf.open()
    journal.record(held("kept"))

    def decision(_: History) -> Sequence[Entry]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        journal.transact(decision)
    journal.record(held("after"))
    assert reasons(list(shelf.open().events())) == ["kept", "after"]


def test_a_batch_with_one_unwritable_fact_records_nothing(shelf: Shelf) -> None:
    journal = shelf.open()
    odd = Entry(e.EffectBegun("issue.create", "a", {"what": object()}))  # type: ignore[dict-item]
    with pytest.raises(TypeError):
        journal.record(held("1"), odd)
    with pytest.raises(ValueError, match="JSON compliant"):
        journal.record(held("1"), Entry(e.EffectBegun("v", "t", {"cost": float("nan")})))
    assert list(shelf.open().events()) == []
    assert journal.history() == History()


def test_a_decision_sees_what_another_process_recorded_last(shelf: Shelf) -> None:
    first, second = shelf.open(), shelf.open()
    first.history()
    second.record(held("by the other", A))
    if isinstance(first, MemoryJournal):
        pytest.skip("two memory journals are two processes only one after the other")
    seen: list[History] = []

    def decision(history: History) -> Sequence[Entry]:
        seen.append(history)
        return ()

    first.transact(decision)
    assert seen[0].unit(A).held is not None


def test_a_decision_may_read_but_not_write_the_journal(shelf: Shelf) -> None:
    journal = shelf.open()
    journal.record(held("1"))

    def decision(history: History) -> Sequence[Entry]:
        assert journal.history() == history
        journal.record(held("nested"))
        return ()

    with pytest.raises(RuntimeError, match="must not write"):
        journal.transact(decision)
    assert reasons(list(journal.events())) == ["1"]


def test_of_many_threads_one_takes_each_claim(shelf: Shelf) -> None:
    journal = shelf.open()
    units = [UnitId(f"u{number}") for number in range(12)]
    won: list[UnitId] = []

    def worker() -> None:
        for unit in units:
            won.extend(event.unit for event in journal.transact(claiming(unit, shelf.clock)))

    threads = [threading.Thread(target=worker) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == sorted(units)
    assert {record.epoch for record in shelf.open().history().units.values()} == {1}


def claiming(unit: UnitId, clock: FixedClock) -> Callable[[History], Sequence[Entry]]:
    def decision(history: History) -> Sequence[Entry]:
        if history.unit(unit).claim:
            return ()
        holder = e.Holder("host", "boot", 1, 1.0)
        epoch = history.unit(unit).epoch + 1
        until = clock.now() + timedelta(minutes=15)
        return [Entry(e.ClaimTaken(holder, until), unit=unit, epoch=epoch)]

    return decision


# --- the fold


def test_a_history_is_the_callers_own(shelf: Shelf) -> None:
    journal = shelf.open()
    journal.record(held("1", A))
    mine = journal.history()
    mine.units.clear()
    mine.outcomes.append(None)  # type: ignore[arg-type]
    journal.transact(lambda history: history.units.clear() or ())
    assert journal.history().unit(A).held is not None
    assert journal.history() == shelf.open().history()


def test_a_history_does_not_change_afterwards(shelf: Shelf) -> None:
    journal = shelf.open()
    before = journal.history()
    journal.record(held("1", A))
    assert before == History()


# --- any facts at all


BATCHES = st.lists(st.lists(ENTRIES, max_size=4), max_size=6)


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
@given(batches=BATCHES)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_live_fold_is_the_fold_of_a_reopened_journal(
    kind: str, batches: list[list[Entry]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    check_the_fold(SHELVES[kind](tmp_path_factory.mktemp("journal")), batches)


@given(batches=BATCHES)
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_live_fold_is_the_fold_of_a_reopened_shared_journal(
    batches: list[list[Entry]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    check_the_fold(git_ref_shelf(tmp_path_factory.mktemp("journal")), batches)


def check_the_fold(shelf: Shelf, batches: list[list[Entry]]) -> None:
    live = shelf.open()
    recorded: list[Event] = []
    for number, batch in enumerate(batches):
        shelf.clock.advance(seconds=(7, -5, 0)[number % 3])
        recorded.extend(live.record(*batch))
    reopened = shelf.open()
    assert list(reopened.events()) == recorded
    assert live.history() == reopened.history() == History().apply_all(recorded)
    assert live.verify() is None
    live.close()
    reopened.close()
