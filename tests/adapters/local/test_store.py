"""The file under the local tracker: many writers, newer and damaged files, backups."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import threading
import time
from pathlib import Path

import pytest

from loopcoder.adapters.clock import SystemClock
from loopcoder.adapters.local import schema
from loopcoder.adapters.local.backup import backup_of
from loopcoder.adapters.local.store import Store
from loopcoder.adapters.local.tracker import LocalTracker
from loopcoder.domain.diagnostic import LoopcoderError, NotFound
from loopcoder.domain.issues.issue import BOT, Actor, CloseReason, IssueDraft, Permission

ANA = Actor(1001, "ana")
WRITERS, EACH = 8, 12


def tracker(path: Path, actor: Actor = BOT) -> LocalTracker:
    return LocalTracker(path, actor, SystemClock())


def _file_issues(path: Path, writer: int, start: object) -> None:
    start.wait()  # type: ignore[attr-defined]
    ours = tracker(path)
    for n in range(EACH):
        ours.create_issue(IssueDraft(f"{writer}/{n}", "", frozenset({"loopcoder", f"w{writer}"})))
        ours.create_comment(1, f"{writer}/{n}")


def test_eight_processes_at_once_lose_no_issue_and_no_number(tmp_path: Path) -> None:
    path, context = tmp_path / "state" / "local.db", multiprocessing.get_context("fork")
    start = context.Barrier(WRITERS)
    writers = [
        context.Process(target=_file_issues, args=(path, writer, start))
        for writer in range(WRITERS)
    ]
    for process in writers:
        process.start()
    for process in writers:
        process.join(60)
    assert [process.exitcode for process in writers] == [0] * WRITERS
    issues = tracker(path).list_issues()
    assert [issue.number for issue in issues] == list(range(1, WRITERS * EACH + 1))
    everything = sorted(f"{writer}/{n}" for writer in range(WRITERS) for n in range(EACH))
    assert sorted(issue.title for issue in issues) == everything
    assert sorted(each.body for each in tracker(path).list_comments(1)) == everything


def test_threads_share_one_tracker(tmp_path: Path) -> None:
    shared = tracker(tmp_path / "local.db")
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(20):
                number = shared.create_issue(IssueDraft("t", "")).number
                shared.add_label(number, "x")
                shared.close_issue(number, CloseReason.COMPLETED)
        except BaseException as error:  # noqa: BLE001 - handed to the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert [issue.number for issue in shared.list_issues()] == list(range(1, 121))


def test_a_tracker_survives_a_fork(tmp_path: Path) -> None:
    ours = tracker(tmp_path / "local.db")
    ours.create_issue(IssueDraft("parent", ""))
    child = os.fork()
    if child == 0:
        try:
            ours.create_issue(IssueDraft("child", ""))
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    ours.create_issue(IssueDraft("parent again", ""))
    titles = [issue.title for issue in ours.list_issues()]
    assert titles == ["parent", "child", "parent again"]


def test_a_process_killed_in_a_write_leaves_all_of_it_or_nothing(tmp_path: Path) -> None:
    path = tmp_path / "local.db"
    tracker(path).create_issue(IssueDraft("first", ""))
    child = os.fork()
    if child == 0:
        with Store(path).writing() as db:
            db.execute("UPDATE items SET title = 'half done'")
            os._exit(9)
    os.waitpid(child, 0)
    assert tracker(path).get_issue(1).title == "first"
    assert tracker(path).create_issue(IssueDraft("second", "")).number == 2


def test_a_refused_write_is_rolled_back_whole(tmp_path: Path) -> None:
    ours = tracker(tmp_path / "local.db")
    with pytest.raises(NotFound):
        ours.create_comment(1, "on nothing")
    with pytest.raises(LoopcoderError):
        ours.create_issue(IssueDraft("t", "", frozenset({"fine", "x" * 51})))
    assert not ours.list_issues() and not ours.list_labels()


def test_what_was_written_is_there_for_the_next_process(tmp_path: Path) -> None:
    first = tracker(tmp_path / "local.db", ANA)
    issue = first.create_issue(IssueDraft("kept", "body", frozenset({"x"})))
    first.close()
    assert tracker(tmp_path / "local.db").get_issue(1) == issue


def test_a_file_of_a_newer_loopcoder_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "local.db"
    tracker(path).create_issue(IssueDraft("kept", ""))
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {len(schema.MIGRATIONS) + 1}")
    with pytest.raises(LoopcoderError, match="newer loopcoder") as caught:
        tracker(path).list_issues()
    assert str(path) in caught.value.summary and "Update loopcoder" in caught.value.remedy
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT title FROM items").fetchone() == ("kept",)


def test_an_older_file_is_brought_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "local.db"
    tracker(path).create_issue(IssueDraft("kept", ""))
    more = "CREATE TABLE extra (a);\nINSERT INTO extra SELECT title FROM items;"
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, more))
    assert tracker(path).get_issue(1).title == "kept"
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT a FROM extra").fetchall() == [("kept",)]
        assert db.execute("PRAGMA user_version").fetchone() == (len(schema.MIGRATIONS),)


def test_a_migration_that_fails_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "local.db"
    tracker(path).create_issue(IssueDraft("kept", ""))
    broken = "CREATE TABLE extra (a);\nINSERT INTO no_such_table VALUES (1);"
    with monkeypatch.context() as patched:
        patched.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, broken))
        with pytest.raises(LoopcoderError):
            tracker(path).list_issues()
    assert tracker(path).get_issue(1).title == "kept"
    with sqlite3.connect(path) as db:
        assert not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'extra'").fetchall()


def _damage(path: Path) -> bytes:
    garbage = b"this was a database once\n" * 400
    path.write_bytes(garbage)
    for beside in ("-wal", "-shm"):
        path.with_name(path.name + beside).unlink(missing_ok=True)
    return garbage


def test_a_damaged_file_is_refused_and_left_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "local.db"
    garbage = _damage(path)
    with pytest.raises(LoopcoderError, match="damaged") as caught:
        tracker(path).create_issue(IssueDraft("t", ""))
    assert str(path) in caught.value.summary and "no backup" in caught.value.remedy
    assert path.read_bytes() == garbage


def test_the_backup_that_is_offered_works(tmp_path: Path) -> None:
    path = tmp_path / "local.db"
    first = tracker(path)
    first.create_issue(IssueDraft("kept", ""))
    first.close()
    tracker(path).list_issues()  # the second opening finds something worth keeping
    _damage(path)
    with pytest.raises(LoopcoderError) as caught:
        tracker(path).list_issues()
    assert str(backup_of(path)) in caught.value.remedy
    path.write_bytes(backup_of(path).read_bytes())
    assert tracker(path).get_issue(1).title == "kept"


def test_a_backup_is_renewed_once_a_day(tmp_path: Path) -> None:
    path, backup = tmp_path / "local.db", backup_of(tmp_path / "local.db")

    def file_one_more() -> None:
        ours = tracker(path)
        ours.create_issue(IssueDraft("t", ""))
        ours.close()

    def kept() -> int:
        with sqlite3.connect(backup) as db:
            return int(db.execute("SELECT count(*) FROM items").fetchone()[0])

    file_one_more()
    assert not backup.exists(), "an empty file is not worth a backup"
    file_one_more()
    file_one_more()
    assert kept() == 1
    yesterday = time.time() - 25 * 60 * 60
    os.utime(backup, (yesterday, yesterday))
    file_one_more()
    assert kept() == 3
    assert not [each.name for each in tmp_path.iterdir() if ".bak." in each.name]


def test_the_bot_is_nobody_whose_word_counts(tmp_path: Path) -> None:
    ours = tracker(tmp_path / "local.db")
    ours.create_issue(IssueDraft("t", ""))
    assert ours.permission(BOT) is Permission.NONE
    assert ours.permission(Actor(BOT.id, "ana")) is Permission.NONE
    assert ours.permission(ANA) is Permission.NONE, "nobody has seen her yet"
    assert tracker(tmp_path / "local.db", ANA).permission(ANA) is Permission.WRITE
    tracker(tmp_path / "local.db", ANA).add_label(1, "x")
    assert ours.permission(ANA) is Permission.WRITE
