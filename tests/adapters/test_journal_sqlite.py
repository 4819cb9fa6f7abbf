"""The SQLite journal as a file: many processes, kills, damage, and versions."""

from __future__ import annotations

import hashlib
import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from loopcoder.adapters.journal import table
from loopcoder.adapters.journal.chain import START, Link, forge
from loopcoder.adapters.journal.rebuild import identity, rebuild
from loopcoder.adapters.journal.sqlite import SqliteJournal
from loopcoder.adapters.memory.clock import FixedClock
from loopcoder.domain.diagnostic import LoopcoderError
from loopcoder.domain.journal import event as e
from loopcoder.domain.journal.event import Entry
from loopcoder.domain.unit import UnitId

CLOCK = FixedClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.db"


def held(reason: str) -> Entry:
    return Entry(e.Held(by="ana", reason=reason))


def opened(path: Path, **options: bool) -> SqliteJournal:
    return SqliteJournal(path, CLOCK, **options)


def written(path: Path, count: int) -> list[str]:
    """A closed journal of `count` events; their ids."""
    journal = opened(path)
    ids = [journal.record(held(str(number)))[0].id for number in range(1, count + 1)]
    journal.close()
    return ids


def reasons(path: Path) -> list[str]:
    events = opened(path, read_only=True).events()
    return [event.fact.reason for event in events if isinstance(event.fact, e.Held)]


def tamper(path: Path, *statements: str) -> None:
    """Write as somebody does who means it: without the triggers."""
    with closing(sqlite3.connect(path)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='trigger'"):
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
        connection.commit()


# --- many processes

CLAIM = """
import sys
from datetime import timedelta
from pathlib import Path
from loopcoder.adapters.journal.sqlite import SqliteJournal
from loopcoder.adapters.memory.clock import FixedClock
from loopcoder.domain.journal import event as e
from loopcoder.domain.journal.event import Entry

clock, me = FixedClock(), int(sys.argv[2])
journal = SqliteJournal(Path(sys.argv[1]), clock)
for number in range(40):
    def claim(history, unit=f"u{number}"):
        if history.unit(unit).epoch:
            return ()
        holder = e.Holder("host", "boot", me, 0.0)
        return [Entry(e.ClaimTaken(holder, clock.now()), unit=unit, epoch=1)]
    for event in journal.transact(claim):
        print(event.unit)
"""


def test_of_eight_processes_exactly_one_takes_each_claim(path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", CLAIM, str(path), str(number)], stdout=subprocess.PIPE, text=True
        )
        for number in range(8)
    ]
    won = [unit for process in processes for unit in process.communicate()[0].split()]
    assert [process.returncode for process in processes] == [0] * 8
    assert sorted(won) == sorted(f"u{number}" for number in range(40))
    assert opened(path).history().length == 40
    assert opened(path).verify() is None


APPEND = """
import sys
from pathlib import Path
from loopcoder.adapters.journal.sqlite import SqliteJournal
from loopcoder.adapters.memory.clock import FixedClock
from loopcoder.domain.journal import event as e
from loopcoder.domain.journal.event import Entry

journal = SqliteJournal(Path(sys.argv[1]), FixedClock())
number = 0
while True:
    journal.record(*(Entry(e.Held(str(number), str(part))) for part in range(3)))
    number += 1
    print(number, flush=True)
"""


@pytest.mark.parametrize("appends", [1, 7, 40])
def test_a_killed_process_leaves_whole_batches_behind(path: Path, appends: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", APPEND, str(path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        for _ in range(appends):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        confirmed = appends + len(process.stdout.readlines())
    journal = opened(path)
    assert journal.verify() is None
    assert journal.history().length % 3 == 0
    assert journal.history().length >= 3 * confirmed
    journal.record(held("goes on"))
    assert reasons(path)[-1] == "goes on"


def test_reading_works_while_another_process_writes(path: Path) -> None:
    written(path, 2)
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        assert opened(path, read_only=True).history().length == 2
        assert opened(path).history().length == 2


# --- append-only


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET row = '{}' WHERE seq = 2",
        "DELETE FROM events WHERE seq = 3",
        "INSERT INTO events SELECT 9, id, sha256, row FROM events WHERE seq = 1",
        "UPDATE head SET length = 1",
        "DELETE FROM head",
    ],
)
def test_rows_can_only_be_appended(path: Path, statement: str) -> None:
    written(path, 3)
    with (
        closing(sqlite3.connect(path)) as connection,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        connection.execute(statement)
    assert opened(path).verify() is None


@pytest.mark.parametrize("seq", [1, 2, 3, 4])
@pytest.mark.parametrize("how", ["edited", "edited with its hash", "renamed", "deleted"])
def test_verify_names_the_event_that_was_tampered_with(path: Path, seq: int, how: str) -> None:
    ids = written(path, 4)
    with closing(sqlite3.connect(path)) as connection:
        (text,) = connection.execute("SELECT row FROM events WHERE seq = ?", (seq,)).fetchone()
    row = json.loads(text)
    row["receipt"]["by"] = "mallory"
    forged = json.dumps(row, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(forged.encode()).hexdigest()
    statement = {
        "edited": f"UPDATE events SET row = '{forged}' WHERE seq = {seq}",
        "edited with its hash": (
            f"UPDATE events SET row = '{forged}', sha256 = '{digest}' WHERE seq = {seq}"
        ),
        "renamed": f"UPDATE events SET id = '{ids[0][:-1]}!' WHERE seq = {seq}",
        "deleted": f"DELETE FROM events WHERE seq = {seq}",
    }[how]
    tamper(path, statement)
    found = opened(path).verify()
    assert found is not None
    named = {found.seq, found.seq - 1} if "hash" in how or how == "deleted" else {found.seq}
    assert seq in named
    if seq < 4 and how == "deleted":
        assert f"from event {seq} on" in found.reason
    assert opened(path, read_only=True).verify() == found


# --- damage


def test_what_stands_before_the_first_broken_link_is_saved(path: Path) -> None:
    written(path, 5)
    tamper(path, "UPDATE events SET row = replace(row, 'ana', 'eve') WHERE seq = 4")
    with pytest.raises(LoopcoderError) as raised:
        opened(path).history()
    assert "3 of 5 events were saved" in raised.value.summary
    (kept,) = path.parent.glob("journal.db.corrupt-*")
    assert kept.name in raised.value.summary
    assert "loopcoder status" in raised.value.remedy
    journal = opened(path)
    *before, rebuilt = journal.events()
    assert [event.fact.reason for event in before] == ["1", "2", "3"]
    assert rebuilt.fact == e.JournalRebuilt(kept.name, 3, 2)
    journal.record(held("goes on"))
    assert journal.verify() is None
    assert opened(path).history() == journal.history()


@pytest.mark.parametrize("content", [b"this is not a database at all, not even close " * 40, None])
def test_a_file_that_cannot_be_read_is_kept_and_replaced(path: Path, content: bytes | None) -> None:
    written(path, 60)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if content is None else content)
    with pytest.raises(LoopcoderError, match="was damaged"):
        opened(path).record(held("x"))
    (kept,) = path.parent.glob("journal.db.corrupt-*")
    assert kept.read_bytes()[:40] == (content or whole)[:40]
    journal = opened(path)
    journal.record(held("goes on"))
    assert journal.verify() is None
    assert [event.fact for event in journal.events()][-2].kind == "journal.rebuilt"


def test_zeroed_pages_lose_only_what_was_on_them(path: Path) -> None:
    written(path, 200)
    data = bytearray(path.read_bytes())
    data[-8192:] = bytes(8192)
    path.write_bytes(data)
    with pytest.raises(LoopcoderError, match="was damaged"):
        opened(path).history()
    saved = reasons(path)
    assert 50 < len(saved) < 200
    assert saved == [str(number) for number in range(1, len(saved) + 1)]


def test_reading_reports_damage_and_touches_nothing(path: Path) -> None:
    written(path, 3)
    tamper(path, "DELETE FROM events WHERE seq = 2")
    before = path.read_bytes()
    with pytest.raises(LoopcoderError, match="is damaged"):
        opened(path, read_only=True).history()
    assert opened(path).verify() is not None
    assert path.read_bytes() == before
    assert not list(path.parent.glob("*.corrupt-*"))


def test_damage_found_in_the_middle_of_work_does_not_stop_the_next_use(path: Path) -> None:
    journal = opened(path)
    journal.record(held("1"), held("2"))
    row, _ = forge([held("3")], Link(2, journal.history().head, "0" * 64), CLOCK.now())[0]
    with closing(sqlite3.connect(path)) as other:
        table.append(other, [row])
        other.commit()
    with pytest.raises(LoopcoderError, match="2 of 3 events were saved"):
        journal.record(held("4"))
    journal.record(held("5"))
    assert reasons(path) == ["1", "2", "5"]


def test_of_two_who_find_the_damage_one_rebuilds(path: Path) -> None:
    written(path, 3)
    tamper(path, "DELETE FROM events WHERE seq = 2")
    seen = identity(path)
    first = rebuild(path, seen, "a gap", CLOCK.now())
    opened(path).record(held("after"))
    second = rebuild(path, seen, "a gap", CLOCK.now())
    assert "1 of 3 events were saved" in first.summary
    assert "was replaced" in second.summary
    assert len(list(path.parent.glob("*.corrupt-*"))) == 1
    assert reasons(path) == ["1", "after"]


def test_a_journal_that_was_replaced_is_not_written_behind_its_back(path: Path) -> None:
    written(path, 2)
    journal = opened(path)
    journal.history()
    tamper(path, "DELETE FROM events WHERE seq = 2")
    with pytest.raises(LoopcoderError, match="was damaged"):
        opened(path).history()
    with pytest.raises(LoopcoderError, match="was replaced while it was in use"):
        journal.record(held("into the void"))
    journal.close()
    journal.record(held("again"))
    assert reasons(path) == ["1", "again"]


# --- versions


def test_a_newer_schema_is_refused_and_left_alone(path: Path) -> None:
    written(path, 1)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version={table.NEWEST + 1}")
    for options in ({}, {"read_only": True}):
        with pytest.raises(LoopcoderError, match="schema version 2") as raised:
            opened(path, **options).history()
        assert "Upgrade loopcoder" in raised.value.remedy
    assert not list(path.parent.glob("*.corrupt-*"))


def test_rows_of_a_newer_version_are_refused_and_left_alone(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("loopcoder.adapters.journal.chain.decode", lambda text: None)
        patch.setattr("loopcoder.adapters.journal.codec.VERSION", 2)
        (pair,) = forge([held("from the future")], START, CLOCK.now())
    opened(path).history()
    with closing(sqlite3.connect(path)) as connection:
        table.append(connection, [pair[0]])
        connection.commit()
    with pytest.raises(LoopcoderError, match="newer than this loopcoder"):
        opened(path).history()
    assert not list(path.parent.glob("*.corrupt-*"))


def test_an_older_schema_is_migrated_with_everything_in_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(path, 3)
    more = (*table.MIGRATIONS, "CREATE TABLE notes (text TEXT);")
    monkeypatch.setattr(table, "MIGRATIONS", more)
    monkeypatch.setattr(table, "NEWEST", len(more))
    journal = opened(path)
    journal.record(held("4"))
    assert reasons(path) == ["1", "2", "3", "4"]
    with closing(sqlite3.connect(path)) as connection:
        assert table.version(connection) == 2
        assert connection.execute("SELECT count(*) FROM notes").fetchone() == (0,)


def test_a_migration_that_fails_changes_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(path, 3)
    with monkeypatch.context() as patch:
        patch.setattr(table, "MIGRATIONS", (*table.MIGRATIONS, "CREATE TABLE n (t); NONSENSE;"))
        patch.setattr(table, "NEWEST", 2)
        with pytest.raises(LoopcoderError, match="cannot be used"):
            opened(path).history()
    assert reasons(path) == ["1", "2", "3"]


# --- the disk and its permissions


def test_a_full_disk_is_said_in_a_sentence_and_loses_nothing(path: Path) -> None:
    journal = opened(path)
    journal.record(held("before"))
    connection = journal._connection
    assert connection is not None
    connection.execute("PRAGMA max_page_count=1")
    with pytest.raises(LoopcoderError, match="disk is full") as raised:
        journal.record(held("x" * 100_000))
    assert "Free some space" in raised.value.remedy
    connection.execute("PRAGMA max_page_count=100000")
    journal.record(held("after"))
    assert reasons(path) == ["before", "after"]
    assert journal.history() == opened(path).history()


def test_a_folder_that_is_a_file_is_said_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.mkdir()
    with pytest.raises(LoopcoderError, match="cannot be opened"):
        opened(path).history()


def test_reading_makes_no_file(path: Path) -> None:
    journal = opened(path, read_only=True)
    assert journal.history().length == 0
    assert list(journal.events()) == []
    assert not path.parent.exists()
    written(path, 1)
    assert journal.history().length == 1
    with pytest.raises(RuntimeError, match="reading only"):
        journal.record(held("x"))


def test_an_empty_file_is_a_new_journal(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    assert opened(path, read_only=True).history().length == 0
    opened(path).record(held("1"))
    assert reasons(path) == ["1"]


# --- speed


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("large") / "journal.db"
    journal = opened(path)
    for start in range(0, 50_000, 5_000):
        journal.record(
            *(
                Entry(
                    e.StageFinished("verify", 1, True, "a" * 40, detail={"checks": [number]}),
                    unit=UnitId(f"u{number % 2000}"),
                    attempt=1,
                )
                for number in range(start, start + 5_000)
            )
        )
    journal.close()
    yield path


def test_fifty_thousand_events_open_in_seconds_and_then_cost_little(large: Path) -> None:
    journal = opened(large)
    begun = time.process_time()
    assert journal.history().length == 50_000
    opening = time.process_time() - begun
    begun = time.process_time()
    for _ in range(20):
        journal.history()
    again = time.process_time() - begun
    assert opening < 6.0, f"{opening:.2f} s of processor time"
    assert again < 0.5, f"{again:.2f} s of processor time"
