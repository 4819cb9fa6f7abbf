"""What only GitHub has: odd names, long lists, locks, people who are renamed, dependencies."""

from __future__ import annotations

import pytest

from loopcoder.adapters.memory.clock import FixedClock
from loopcoder.domain.diagnostic import LoopcoderError, NotFound
from loopcoder.domain.issues.issue import Actor, CloseReason, IssueDraft, Permission
from loopcoder.ports.dependencies import Dependencies
from tests.github_server.account import Role
from tests.support.clone import Clone


@pytest.mark.parametrize(
    "label", ["area/api & more", "blocked-by:#12", "50% done?", "naïve 🦜", "a+b c", "ünï/çødé"]
)
def test_any_label_goes_on_and_off(clone: Clone, clock: FixedClock, label: str) -> None:
    tracker, _ = clone.open(clock)
    tracker.create_issue(IssueDraft("t", ""))
    tracker.add_label(1, label)
    assert clone.github.person("ana").tracker.get_issue(1).labels == {label}
    tracker.remove_label(1, label)
    assert tracker.get_issue(1).labels == frozenset()


def test_long_lists_are_read_to_their_end(clone: Clone, clock: FixedClock) -> None:
    tracker, _ = clone.open(clock)
    ana = clone.github.person("ana")
    ana.file("t")
    for number in range(130):
        ana.comment(1, f"comment {number}")
        ana.label(1, f"label {number}") if number < 90 else None
        ana.unlabel(1, f"label {number}") if number < 90 else None
    assert [each.body for each in tracker.list_comments(1)] == [f"comment {n}" for n in range(130)]
    assert len(tracker.list_label_events(1)) == 180
    assert len(tracker.list_labels()) == 90


def test_a_locked_conversation_is_said(clone: Clone, clock: FixedClock) -> None:
    tracker, _ = clone.open(clock)
    tracker.create_issue(IssueDraft("t", ""))
    clone.github.person("ana").tracker.lock(1)  # type: ignore[attr-defined]
    clone.github.hub.grant(clone.github.repo, "loopcoder-bot", Role.READ)
    with pytest.raises(LoopcoderError):
        tracker.create_comment(1, "hello")


def test_a_deleted_issue_is_not_found_even_when_it_was_ours(
    clone: Clone, clock: FixedClock
) -> None:
    tracker, _ = clone.open(clock)
    tracker.create_issue(IssueDraft("t", ""))
    clone.github.hub.grant(clone.github.repo, "ana", Role.ADMIN)
    clone.github.person("ana").tracker.delete(1)  # type: ignore[attr-defined]
    with pytest.raises(NotFound):
        tracker.get_issue(1)
    assert list(tracker.list_issues()) == []


def test_permission_follows_the_account_and_not_the_name(clone: Clone, clock: FixedClock) -> None:
    hub = clone.github.hub
    ana, eve = clone.github.actor("ana"), clone.github.actor("eve")
    hub.rename_account("ana", "ana-maria")
    hub.rename_account("eve", "ana")
    tracker, _ = clone.open(clock)
    assert tracker.permission(ana) is Permission.WRITE
    assert tracker.permission(Actor(eve.id, "ana")) is Permission.READ
    assert tracker.permission(Actor(0, "ana")) is Permission.NONE


def test_permission_is_asked_once_in_a_process(clone: Clone, clock: FixedClock) -> None:
    tracker, _ = clone.open(clock)
    for _ in range(3):
        tracker.permission(clone.github.actor("ana"))
    assert len(clone.github.requests()) == 2


def test_a_person_whose_right_was_taken_away_counts_no_more(
    clone: Clone, clock: FixedClock
) -> None:
    ana = clone.github.actor("ana")
    assert clone.open(clock)[0].permission(ana).may_write
    clone.github.hub.grant(clone.github.repo, "ana", Role.TRIAGE)
    assert not clone.open(clock)[0].permission(ana).may_write


def test_the_reason_of_closing_is_written(clone: Clone, clock: FixedClock) -> None:
    tracker, _ = clone.open(clock)
    for number, reason in enumerate(CloseReason, start=1):
        tracker.create_issue(IssueDraft(f"Unit {number}", ""))
        tracker.close_issue(number, reason)
        assert clone.github.item(number).state_reason == reason.value


def test_native_dependencies(clone: Clone, clock: FixedClock) -> None:
    tracker, _ = clone.open(clock)
    assert isinstance(tracker, Dependencies)
    one, two = (tracker.create_issue(IssueDraft(title, "")) for title in ("one", "two"))
    for _ in range(2):
        tracker.add_blocked_by(two.number, one.id)
    assert [issue.number for issue in tracker.list_blocked_by(two.number)] == [one.number]
    assert list(tracker.list_blocked_by(one.number)) == []
    for _ in range(2):
        tracker.remove_blocked_by(two.number, one.id)
    assert list(tracker.list_blocked_by(two.number)) == []
    with pytest.raises(NotFound):
        tracker.list_blocked_by(99)


def test_what_is_there_already_is_not_written(clone: Clone, clock: FixedClock) -> None:
    tracker, _ = clone.open(clock)
    tracker.create_issue(IssueDraft("Title", "Body"))
    tracker.close_issue(1, CloseReason.COMPLETED)
    before = clone.session.used().writes
    tracker.update_issue(1, title="Title", body="Body")
    tracker.close_issue(1, CloseReason.NOT_PLANNED)
    assert clone.session.used().writes == before
    tracker.reopen_issue(1)
    tracker.reopen_issue(1)
    assert clone.session.used().writes == before + 1
