"""The journal shared through a git ref: clones, races, kills, tampering, and no network."""

from __future__ import annotations

import queue
import shutil
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from loopcoder.adapters.journal import ref_store
from loopcoder.adapters.journal.distrust import Untrusted
from loopcoder.adapters.journal.git_ref import REF, TRIES, GitRefJournal
from loopcoder.adapters.journal.ref_store import PushFailed, RefStore
from loopcoder.adapters.memory.clock import FixedClock
from loopcoder.domain.diagnostic import LoopcoderError, Stale, TryLater, Unavailable
from loopcoder.domain.journal import event as e
from loopcoder.domain.journal.event import Entry
from loopcoder.domain.unit import UnitId
from tests.support.crashing import CONTEXT
from tests.support.shared_journal import (
    Clone,
    Turns,
    TurnStore,
    bare_repository,
    claim_many,
    claiming,
    git,
    held,
    published_files,
    reasons,
    rewrite,
    work_and_die,
)

CLOCK = FixedClock()


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    return bare_repository(tmp_path / "remote.git")


@pytest.fixture
def one(tmp_path: Path, remote: Path) -> Clone:
    return Clone(tmp_path / "one", remote, CLOCK)


@pytest.fixture
def two(tmp_path: Path, remote: Path) -> Clone:
    return Clone(tmp_path / "two", remote, CLOCK)


def person(reason: str) -> Entry:
    return Entry(e.Held("ana", reason), UnitId("a"), principal="person:ana")


def tip(remote: Path) -> str:
    return git(remote, "for-each-ref", "--format=%(objectname)", REF)


def commits(remote: Path) -> int:
    return int(git(remote, "rev-list", "--count", REF))


def published(one: Clone, count: int) -> GitRefJournal:
    """A journal with so many published events, each in a batch of its own."""
    journal = one.open()
    for number in range(1, count + 1):
        journal.record(person(str(number)))
    return journal


# --- what is published, and when


def test_a_claim_is_on_the_remote_when_it_is_taken(one: Clone, two: Clone) -> None:
    (taken,) = one.open().transact(claiming("u", CLOCK))
    assert list(two.open().events()) == [taken]
    assert two.open().transact(claiming("u", CLOCK)) == ()


def test_other_facts_wait_for_a_flush_or_the_next_claim(
    one: Clone, two: Clone, remote: Path
) -> None:
    journal = one.open()
    journal.record(held("1"))
    assert tip(remote) == ""
    journal.flush()
    journal.record(held("2"))
    assert reasons(two.open().events()) == ["1"]
    journal.transact(claiming("u", CLOCK))
    assert reasons(two.open().events()) == ["1", "2"]
    assert commits(remote) == 2


def test_a_persons_word_is_published_at_once(one: Clone, two: Clone) -> None:
    one.open().record(person("mine"))
    assert reasons(two.open().events()) == ["mine"]


def test_a_fact_takes_older_ones_along_after_a_minute(tmp_path: Path, remote: Path) -> None:
    clock = FixedClock()
    journal = Clone(tmp_path / "one", remote, clock).open()
    journal.record(held("1"))
    clock.advance(seconds=59)
    journal.record(held("2"))
    assert tip(remote) == ""
    clock.advance(seconds=1)
    journal.record(held("3"))
    assert reasons(Clone(tmp_path / "two", remote, clock).open().events()) == ["1", "2", "3"]


def test_an_idle_tick_publishes_nothing(one: Clone, remote: Path) -> None:
    journal = published(one, 1)
    before = tip(remote)
    journal.refresh()
    journal.record(Entry(e.TickBegun("run", "base", e.Holder("host", "boot", 1, 1.0))))
    journal.record(Entry(e.TickFinished("run", "idle")))
    journal.flush()
    assert tip(remote) == before
    journal.record(held("something"))
    journal.flush()
    assert [event.fact.kind for event in one.open().events()][1:3] == ["tick.begin", "tick.finish"]
    assert tip(remote) != before


def test_a_process_that_dies_before_the_flush_loses_nothing_of_its_clone(one: Clone) -> None:
    one.open().record(held("1"))
    again = one.open()
    assert reasons(again.events()) == ["1"]
    again.flush()
    assert reasons(one.open().events()) == ["1"]


def test_what_others_published_is_seen_after_a_refresh_and_not_before(
    one: Clone, two: Clone
) -> None:
    mine, other = one.open(), two.open()
    mine.history()
    other.record(person("news"))
    assert mine.history().unit(UnitId("a")).held is None
    mine.refresh()
    assert mine.history().unit(UnitId("a")).held is not None


def test_facts_that_waited_keep_their_ids_behind_what_was_faster(one: Clone, two: Clone) -> None:
    slow, fast = one.open(), two.open()
    (begun,) = slow.record(Entry(e.EffectBegun("label.add", "#1"), UnitId("a")))
    fast.record(person("faster"))
    slow.record(Entry(e.EffectFinished(begun.id, e.EffectOutcome.DONE), UnitId("a")))
    slow.flush()
    fresh = two.open()
    kinds = ["person.held", "effect.begin", "effect.finish"]
    assert [event.fact.kind for event in fresh.events()] == kinds
    assert [event.id for event in fresh.events()][1] == begun.id
    assert not fresh.history().open_effects
    assert fresh.history() == one.open().history()
    assert fresh.verify() is None


def test_the_remote_is_asked_no_more_than_needed(
    one: Clone, two: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    inner = RefStore._run

    def run(self: RefStore, *args: str) -> ref_store.Result:
        asked.append(args[0])
        return inner(self, *args)

    monkeypatch.setattr(RefStore, "_run", run)
    journal = one.open()
    journal.transact(claiming("u", CLOCK))
    assert asked == ["ls-remote", "push"]
    journal.transact(claiming("v", CLOCK))
    assert asked[2:] == ["push"]
    journal.transact(claiming("v", CLOCK))
    assert asked[3:] == ["ls-remote"]
    asked.clear()
    two.open().history()
    assert asked == ["ls-remote", "fetch"]


# --- races


def test_who_loses_the_race_decides_again_on_what_won(one: Clone, two: Clone) -> None:
    mine, other = one.open(), two.open()
    mine.history()
    asked = []

    def decision(history: e.Sequence) -> list[Entry]:  # type: ignore[name-defined]
        asked.append(history.unit(UnitId("u")).epoch)
        if len(asked) == 1:
            other.transact(claiming("u", CLOCK))
        if asked[-1]:
            raise Stale("u is taken")
        return list(claiming("u", CLOCK)(history))

    with pytest.raises(Stale):
        mine.transact(decision)
    assert asked == [0, 1]
    assert mine.history().length == 1


def test_a_refusal_on_an_old_view_is_asked_again(one: Clone, two: Clone) -> None:
    mine, other = one.open(), two.open()
    other.transact(claiming("u", CLOCK))
    mine.history()
    other.record(Entry(e.ClaimReleased(), UnitId("u"), epoch=1, principal="person:ana"))

    def decision(history: e.Sequence) -> list[Entry]:  # type: ignore[name-defined]
        if history.unit(UnitId("u")).claim:
            raise Stale("u is taken")
        return [held("free", "u")]

    mine.transact(decision)
    assert reasons(two.open().events()) == ["free"]


def run_races(one: Clone, two: Clone, seeds: range) -> None:
    for seed in seeds:
        turns = Turns(seed, ("one", "two"))
        won: list[tuple[str, str]] = []
        failures: list[LoopcoderError] = []

        def runner(
            clone: Clone,
            name: str,
            seed: int = seed,
            turns: Turns = turns,
            won: list[tuple[str, str]] = won,
            failures: list[LoopcoderError] = failures,
        ) -> None:
            plain = clone.store()
            fields = {n: getattr(plain, n) for n in RefStore.__dataclass_fields__}
            store = TurnStore(**fields, step=lambda: turns.step(name))
            units = [f"race-{seed}-{number}" for number in range(2)]
            Random(f"{seed}{name}").shuffle(units)
            try:
                journal = clone.open(store, seed)
                for unit in units:
                    for event in journal.transact(claiming(unit, CLOCK, name)):
                        assert isinstance(event.fact, e.ClaimTaken)
                        won.append((str(event.unit), event.fact.holder.host))
                journal.close()
            except LoopcoderError as error:
                failures.append(error)
            finally:
                turns.end(name)

        threads = [
            threading.Thread(target=runner, args=(clone, name))
            for clone, name in ((one, "one"), (two, "two"))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures, (seed, failures)
        assert sorted(unit for unit, _ in won) == [f"race-{seed}-0", f"race-{seed}-1"], seed
        claims = dict(won)
        for unit, record in one.open().history().units.items():
            if unit in claims:
                assert record.claim and record.claim.holder.host == claims[unit]
    assert one.open().verify() is None
    assert one.open().history() == two.open().history()


def test_of_two_clones_that_race_exactly_one_takes_each_claim(one: Clone, two: Clone) -> None:
    run_races(one, two, range(20))


@pytest.mark.slow
def test_two_hundred_races(one: Clone, two: Clone) -> None:
    run_races(one, two, range(200))


@pytest.mark.parametrize("count", [8, pytest.param(100, marks=pytest.mark.slow)])
def test_of_eight_processes_on_two_clones_exactly_one_takes_each_claim(
    one: Clone, two: Clone, count: int
) -> None:
    won = CONTEXT.Queue()
    processes = [
        CONTEXT.Process(
            target=claim_many,
            args=(str(clone.folder), str(clone.remote), number, count, won),
        )
        for number, clone in enumerate((one, two) * 4)
    ]
    for process in processes:
        process.start()
    found = [won.get(timeout=200) for _ in range(count)]
    for process in processes:
        process.join(200)
    assert [process.exitcode for process in processes] == [0] * 8
    with pytest.raises(queue.Empty):
        won.get(timeout=0.05)
    assert sorted(found) == sorted(f"u{number}" for number in range(count))
    assert two.open().history().length == count
    assert one.open().verify() is None


class _Elsewhere(RefStore):
    """A remote on which somebody always is a moment faster."""

    def push(self, commit: str, on: str) -> None:
        git(Path(self.url()), "update-ref", f"{self.ref}-x", git(Path(self.url()), "rev-parse", on))
        raise PushFailed(Unavailable("cannot lock ref"), raced=True)


def test_whoever_never_gets_in_is_told_to_try_later(one: Clone) -> None:
    published(one, 1)
    clock = FixedClock()
    journal = replace(one, clock=clock).open(one.store(_Elsewhere))
    with pytest.raises(TryLater, match=f"{TRIES} tries"):
        journal.transact(claiming("u", clock))
    assert 0 < clock.slept_s < 20
    assert one.open().history().length == 1


# --- kills and lost answers


def check_kills(folder: Path, first: int, step: int) -> int:
    """Kill at every so many-th boundary; how many were met."""
    template = bare_repository(folder / "template.git")
    Clone(folder / "other", template, CLOCK).open().record(person("theirs"))
    at = first
    while True:
        remote = Path(shutil.copytree(template, folder / f"remote-{at}.git"))
        clone = Clone(folder / f"clone-{at}", remote, CLOCK)
        killed = run_child(clone, at)
        assert not run_child(clone, 10_000), at
        fresh = Clone(folder / f"fresh-{at}", remote, CLOCK).open()
        assert reasons(fresh.events()) == ["theirs", "before", "after"], at
        assert fresh.history().unit(UnitId("u")).epoch == 1, at
        assert fresh.history().length == 4, at
        assert fresh.verify() is None, at
        assert clone.open().history() == fresh.history(), at
        if not killed:
            return at
        at += step


@pytest.mark.parametrize(
    ("first", "step"),
    [pytest.param(first, 5, marks=pytest.mark.slow if first != 3 else ()) for first in range(5)],
)
def test_a_kill_at_any_step_leaves_one_claim_and_every_fact_once(
    tmp_path: Path, first: int, step: int
) -> None:
    assert check_kills(tmp_path, first, step) > 20


def run_child(clone: Clone, at: int) -> bool:
    """Whether the process was killed at that boundary; otherwise it must have ended well."""
    args = (str(clone.folder), str(clone.remote), at)
    process = CONTEXT.Process(target=work_and_die, args=args)
    process.start()
    process.join(60)
    assert process.exitcode in (0, -9)
    return process.exitcode == -9


class _Silent(RefStore):
    """A remote whose answer to a push is lost."""

    def push(self, commit: str, on: str) -> None:
        RefStore.push(self, commit, on)
        raise PushFailed(Unavailable("the connection was cut"), raced=False)


def test_a_push_whose_answer_was_lost_is_recognised(one: Clone, two: Clone) -> None:
    journal = one.open(one.store(_Silent))
    journal.record(held("waited"))
    (taken,) = journal.transact(claiming("u", CLOCK))
    assert taken.fact.kind == "claim.taken"
    journal.flush()
    assert [event.fact.kind for event in two.open().events()] == ["person.held", "claim.taken"]
    assert list(one.open().events()) == list(two.open().events())


class _Deaf(_Silent):
    """The network is gone right after the push."""

    def look(self) -> ref_store.Seen:
        if not (self.folder / "pushed").exists():
            return RefStore.look(self)
        raise Unavailable("there is no network")

    def push(self, commit: str, on: str) -> None:
        (self.folder / "pushed").touch()
        _Silent.push(self, commit, on)


def test_when_nothing_can_be_asked_after_a_lost_answer_it_says_so(one: Clone) -> None:
    with pytest.raises(Unavailable, match="is not known"):
        one.open(one.store(_Deaf)).transact(claiming("u", CLOCK))
    again = one.open()
    assert again.transact(claiming("u", CLOCK)) == ()
    assert again.history().length == 1


# --- no network, no permission


def test_without_network_facts_are_kept_and_claims_refused(
    one: Clone, two: Clone, remote: Path
) -> None:
    journal = published(one, 1)
    away = remote.rename(remote.with_name("away"))
    journal.record(held("kept"))
    with pytest.raises(Unavailable, match="could not be reached"):
        journal.transact(claiming("u", CLOCK))
    with pytest.raises(Unavailable, match="could not be reached"):
        journal.record(person("refused"))
    with pytest.raises(Unavailable):
        one.open().history()
    reader = one.open(read_only=True)
    assert reasons(reader.events()) == ["1", "kept"]
    away.rename(remote)
    journal.flush()
    assert reasons(two.open().events()) == ["1", "kept"]


def test_a_reader_publishes_nothing(one: Clone, two: Clone, remote: Path) -> None:
    assert two.open(read_only=True).history().length == 0
    assert tip(remote) == ""
    with pytest.raises(RuntimeError, match="reading only"):
        two.open(read_only=True).record(held("1"))


def test_a_remote_that_refuses_is_quoted(one: Clone, remote: Path) -> None:
    hook = remote / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(LoopcoderError, match=r"refused refs/loopcoder/journal: .*declined"):
        one.open().transact(claiming("u", CLOCK))
    assert one.open().history().length == 0


# --- tampering


def edited(data: bytes) -> bytes:
    return data.replace(b'"reason":"2"', b'"reason":"x"')


TAMPERING = {
    "an old event edited": ({"batches/0000000002-0000000002.jsonl": edited}, "event 2 .*changed"),
    "an event dropped": (
        {"batches/0000000002-0000000002.jsonl": None},
        r"event 2 \(\?\): batches/0000000003",
    ),
    "the end dropped": (
        {"batches/0000000003-0000000003.jsonl": None},
        "3 events are announced, and the files hold 2",
    ),
    "the note gone": ({"head.json": None}, "no head.json"),
    "the note unreadable": ({"head.json": lambda _: b"["}, "head.json cannot be read"),
    "a row too many": (
        {"batches/0000000002-0000000002.jsonl": lambda data: data + data},
        "should hold 1 rows and holds 2",
    ),
}


@pytest.mark.parametrize("case", TAMPERING)
@pytest.mark.parametrize("known", [True, False], ids=["known", "new clone"])
def test_tampering_is_named_and_nothing_is_used_or_changed(
    case: str, known: bool, one: Clone, two: Clone, remote: Path
) -> None:
    changes, words = TAMPERING[case]
    mine = published(one, 3)
    files = published_files(remote)
    rewrite(remote, {n: change and change(files[n]) for n, change in changes.items()})
    after = tip(remote)
    journal = one.open() if known else two.open()
    if known and case == "an old event edited":
        words = "event 2 .*(changed|not what was published)"
    with pytest.raises(Untrusted, match=words):
        journal.history()
    with pytest.raises(Untrusted):
        journal.transact(claiming("u", CLOCK))
    broken = journal.verify()
    assert broken is not None
    assert tip(remote) == after
    if known:
        with pytest.raises(Untrusted, match="is put back by: git") as raised:
            mine.refresh()
        command = raised.value.remedy.rsplit("by: git ", 1)[1]
        git(remote, *command.split())
        assert one.open().history().length == 3
        assert one.open().verify() is None


def test_an_event_nobody_of_ours_wrote_after_it_fits_no_chain(
    one: Clone, two: Clone, remote: Path
) -> None:
    """All hashes of one file made right again: the next one tells."""
    published(one, 3)
    files = published_files(remote)
    name = "batches/0000000002-0000000002.jsonl"
    from loopcoder.adapters.journal.chain import sha256

    text = edited(files[name]).split(b" ", 1)[1].strip().decode()
    rewrite(remote, {name: f"{sha256(text)} {text}\n".encode()})
    with pytest.raises(Untrusted, match=r"event 3 .*does not follow"):
        two.open().history()
    with pytest.raises(Untrusted, match=r"event 2 .*not what was published"):
        one.open().history()


def test_a_ref_set_back_is_reported_and_not_built_upon(one: Clone, remote: Path) -> None:
    journal = published(one, 3)
    newest = tip(remote)
    git(remote, "update-ref", REF, f"{REF}~1")
    back = tip(remote)
    with pytest.raises(Untrusted, match="the ref ends here, and 3 events were published"):
        journal.transact(claiming("u", CLOCK))
    assert tip(remote) == back
    git(remote, "update-ref", REF, newest)
    journal.transact(claiming("u", CLOCK))


def test_another_history_on_the_ref_is_reported(
    one: Clone, two: Clone, remote: Path, tmp_path: Path
) -> None:
    journal = published(one, 2)
    other = bare_repository(tmp_path / "other.git")
    published(replace(two, remote=other), 4)
    git(remote, "fetch", "-q", str(other), f"+{REF}:{REF}")
    with pytest.raises(Untrusted, match=r"event 1 .*not what was published"):
        journal.refresh()


def test_a_commit_between_the_look_and_the_push_of_somebody_else_is_not_overwritten(
    one: Clone, remote: Path
) -> None:
    journal = published(one, 1)
    foreign = rewrite(remote, {"note.txt": b"by hand"})
    journal.transact(claiming("u", CLOCK))
    assert git(remote, "rev-parse", f"{REF}~1") == foreign
    assert "note.txt" in published_files(remote)


@pytest.mark.parametrize("known", [True, False], ids=["known", "new clone"])
def test_a_deleted_ref_is_reported_and_not_begun_again(
    known: bool, one: Clone, two: Clone, remote: Path
) -> None:
    published(one, 2)
    git(remote, "update-ref", "-d", REF)
    journal = one.open() if known else two.open()
    with pytest.raises(Untrusted, match="The shared journal is gone"):
        journal.transact(claiming("u", CLOCK))
    with pytest.raises(Untrusted, match="The shared journal is gone"):
        journal.history()
    assert tip(remote) == ""
    git(remote, "update-ref", "-d", f"{REF}-begun")
    if known:
        with pytest.raises(Untrusted):
            journal.history()
    else:
        assert journal.transact(claiming("u", CLOCK))


# --- packing, and copies that get lost


def test_many_batches_are_packed_and_stay_reachable(one: Clone, two: Clone, remote: Path) -> None:
    journal = one.open(pack_at=3)
    for number in range(10):
        journal.record(person(str(number)))
        two.open().refresh()
    names = sorted(published_files(remote))
    assert names == [
        "batches/0000000010-0000000010.jsonl",
        "head.json",
        "snapshots/0000000001-0000000003.jsonl",
        "snapshots/0000000004-0000000006.jsonl",
        "snapshots/0000000007-0000000009.jsonl",
    ]
    assert commits(remote) == 10
    git(remote, "cat-file", "-e", f"{REF}~9:batches/0000000001-0000000001.jsonl")
    fresh = Clone(one.folder.with_name("fresh"), remote, CLOCK).open()
    assert reasons(fresh.events()) == [str(number) for number in range(10)]
    assert fresh.history() == journal.history() == two.open().history()
    assert fresh.verify() is None
    assert git(fresh._store.folder, "rev-list", "--count", "refs/loopcoder/seen") == "1"


def test_a_snapshot_that_says_something_else_is_reported(
    one: Clone, two: Clone, remote: Path
) -> None:
    journal = one.open(pack_at=2)
    for number in range(1, 4):
        journal.record(person(str(number)))
    two.open().history()
    name = "snapshots/0000000001-0000000002.jsonl"
    rewrite(remote, {name: edited(published_files(remote)[name])})
    for clone in (one, two):
        with pytest.raises(Untrusted, match=r"event 2"):
            clone.open().history()


def test_the_git_directory_may_go_and_may_be_locked_by_the_dead(one: Clone, two: Clone) -> None:
    journal = published(one, 2)
    (one.side / "shallow.lock").touch()
    (one.side / "refs" / "loopcoder").mkdir(parents=True, exist_ok=True)
    (one.side / "refs" / "loopcoder" / "draft.lock").touch()
    journal.transact(claiming("u", CLOCK))
    one.side.rename(one.side.with_name("gone"))
    journal.transact(claiming("v", CLOCK))
    two.open().transact(claiming("w", CLOCK))
    journal.refresh()
    for file in one.side.rglob("*.idx"):
        file.unlink()
    for folder in (one.side / "objects").glob("??"):
        folder.rename(folder.with_name(f"x{folder.name}"))
    two.open().transact(claiming("x", CLOCK))
    journal.refresh()
    assert journal.history().length == 6
    assert journal.verify() is None


def test_a_damaged_copy_is_set_aside_and_read_again(one: Clone) -> None:
    published(one, 3).close()
    with closing(sqlite3.connect(one.cache)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='trigger'"):
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE events SET row = replace(row, '\"2\"', '\"x\"')")
        connection.commit()
    with pytest.raises(LoopcoderError, match="was damaged"):
        one.open().history()
    assert len(list(one.folder.glob("*.corrupt-*"))) >= 1
    assert reasons(one.open().events()) == ["1", "2", "3"]
    assert one.open().verify() is None
