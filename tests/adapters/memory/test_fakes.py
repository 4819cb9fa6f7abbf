"""The fakes fail when they are told to, and in no other way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from loopcoder.adapters.memory.clock import FixedClock
from loopcoder.adapters.memory.code_host import MemoryCodeHost
from loopcoder.adapters.memory.commits import Commits
from loopcoder.adapters.memory.forge import MemoryForge
from loopcoder.adapters.memory.people import Person
from loopcoder.adapters.memory.tracker import MemoryTracker
from loopcoder.domain.diagnostic import Stale, TryLater, Unavailable
from loopcoder.domain.issues.issue import Actor, IssueDraft, Permission, PullDraft, PullState

ANA = Actor(1001, "ana")


def test_a_failure_before_the_write_leaves_nothing() -> None:
    tracker = MemoryTracker()
    tracker.fail("create_issue")
    with pytest.raises(Unavailable):
        tracker.create_issue(IssueDraft("t", ""))
    assert not tracker.list_issues() and tracker.forge.writes == []
    assert tracker.create_issue(IssueDraft("t", "")).number == 1


def test_a_lost_answer_leaves_the_write() -> None:
    tracker = MemoryTracker()
    tracker.fail("create_issue", times=2, error=TryLater("502"), after_commit=True)
    for _ in range(2):
        with pytest.raises(TryLater, match="502"):
            tracker.create_issue(IssueDraft("t", ""))
    tracker.create_issue(IssueDraft("t", ""))
    assert [issue.number for issue in tracker.list_issues()] == [1, 2, 3]


def test_a_process_can_be_made_to_die_in_any_verb() -> None:
    forge = MemoryForge()
    host = MemoryCodeHost(forge)
    head = forge.commits.add([forge.branches["main"]], {"a": "1"})
    host.fail("push_branch", error=KeyboardInterrupt(), after_commit=True)
    with pytest.raises(KeyboardInterrupt):
        host.push_branch("loopcoder/a", head, None)
    assert host.branch_head("loopcoder/a") == head
    host.fail("list_pulls")
    with pytest.raises(Unavailable):
        host.list_pulls()


def test_failures_come_in_the_order_they_were_asked_for() -> None:
    tracker = MemoryTracker()
    tracker.fail("list_issues", error=TryLater("first"))
    tracker.fail("list_issues", error=Unavailable("second"))
    with pytest.raises(TryLater):
        tracker.list_issues()
    with pytest.raises(Unavailable):
        tracker.list_issues()
    tracker.list_issues()


def test_writes_are_counted_by_verb() -> None:
    tracker = MemoryTracker()
    tracker.create_issue(IssueDraft("t", "", frozenset({"x"})))
    tracker.add_label(1, "y")
    tracker.list_issues()
    assert tracker.forge.writes == ["create_issue", "add_label"]


def test_a_permission_can_be_scripted() -> None:
    forge = MemoryForge()
    ana, tracker = Person.in_memory(forge, ANA), MemoryTracker(forge)
    ana.file("t")
    assert tracker.permission(ANA) is Permission.WRITE
    forge.permissions[ANA.id] = Permission.READ
    assert tracker.permission(ANA) is Permission.READ


def test_commits_of_real_git_can_be_pushed_unseen() -> None:
    forge = MemoryForge()
    host = MemoryCodeHost(forge)
    host.push_branch("loopcoder/a", "a" * 40, None)
    host.push_branch("loopcoder/a", "b" * 40, "a" * 40)
    pull = host.create_pull(PullDraft("t", "", "loopcoder/a", "main"))
    assert (pull.head, pull.mergeable) == ("b" * 40, True)
    with pytest.raises(Stale):
        host.push_branch("loopcoder/a", "a" * 40, "b" * 40)
    merged = Person.in_memory(forge, ANA).merge(pull.number)
    assert merged.state is PullState.MERGED
    assert forge.commits.is_ancestor("a" * 40, forge.branches["main"])


def test_commits_merge_and_conflict_by_file() -> None:
    commits = Commits()
    root = commits.add(files={"a": "1", "b": "1"})
    left = commits.add([root], {"a": "2"})
    right = commits.add([root], {"b": "2"})
    against = commits.add([root], {"a": "3"})
    assert commits.conflicts(left, right) == ()
    assert commits.conflicts(left, against) == ("a",)
    merged = commits.merge(left, right, [left, right])
    assert commits.files(merged) == {"a": "2", "b": "2"}
    assert commits.is_ancestor(root, merged) and commits.is_ancestor(right, merged)
    assert not commits.is_ancestor(merged, right)


def test_a_fixed_clock_goes_when_told() -> None:
    clock = FixedClock(datetime(2026, 3, 1, tzinfo=UTC))
    assert clock.now() == clock.now()
    assert clock.advance(hours=1) == datetime(2026, 3, 1, 1, tzinfo=UTC)
    clock.sleep(90)
    assert clock.now() == datetime(2026, 3, 1, 1, 1, 30, tzinfo=UTC)
    assert timedelta(seconds=clock.slept_s) == timedelta(seconds=90)
