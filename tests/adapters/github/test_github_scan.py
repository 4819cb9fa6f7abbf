"""One look at everything: what it asks, what it sees, and how it copes with a list that lags."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loopcoder.adapters.github.scan import check_name
from loopcoder.adapters.github.snapshot import Entry, renew, replaced
from loopcoder.adapters.memory.clock import FixedClock
from loopcoder.domain.diagnostic import ConfigurationError, NotFound
from loopcoder.domain.issues.issue import CloseReason, IssueDraft, PullDraft, PullState
from tests.github_server.account import Role
from tests.github_server.world import TOKEN, Github
from tests.support.clone import Clone


def fill(github: Github, clock: FixedClock, count: int) -> None:
    """Issues of the past, made on the server, one every ten seconds."""
    ana = github.person("ana")
    for number in range(count):
        ana.file(f"Issue {number}", labels=frozenset({"old"}))
        clock.advance(seconds=10)


def listed(github: Github) -> int:
    return len(github.requests("issues/list-for-repo"))


# --- how much is asked


@pytest.mark.parametrize(("count", "pages"), [(0, 1), (1, 1), (100, 1), (101, 2), (250, 3)])
def test_a_cold_look_reads_each_page_once(
    clone: Clone, clock: FixedClock, count: int, pages: int
) -> None:
    fill(clone.github, clock, count)
    clock.advance(minutes=10)
    tracker, host = clone.open(clock, fresh_s=5)
    assert len(tracker.list_issues()) == count
    assert not host.list_pulls()
    assert listed(clone.github) == len(clone.github.requests()) == pages


def test_an_idle_look_is_one_request_that_costs_nothing_in_any_process(
    clone: Clone, clock: FixedClock
) -> None:
    fill(clone.github, clock, 250)
    clone.open(clock)[0].list_issues()
    used = clone.github.quota_used
    for _ in range(3):
        clock.advance(minutes=5)
        clone.github.forget_requests()
        tracker, _ = clone.open(clock)
        assert len(tracker.list_issues()) == 250
        assert [entry.status for entry in clone.github.requests()] == [304]
    assert clone.github.quota_used == used


def test_another_token_pays_for_one_page(clone: Clone, clock: FixedClock) -> None:
    fill(clone.github, clock, 250)
    clone.open(clock)[0].list_issues()
    clock.advance(minutes=10)
    clone.github.forget_requests()
    tracker, _ = clone.open(clock, token=TOKEN["ana"])
    assert len(tracker.list_issues()) == 250
    assert [entry.status for entry in clone.github.requests()] == [200]


def test_a_change_is_found_by_reading_the_newest_page(clone: Clone, clock: FixedClock) -> None:
    fill(clone.github, clock, 250)
    tracker, _ = clone.open(clock)
    tracker.list_issues()
    clock.advance(minutes=10)
    clone.github.forget_requests()
    clone.github.person("ana").edit(3, title="Changed")
    assert tracker.list_issues()[2].title == "Changed"
    assert listed(clone.github) == 1


def test_many_changes_are_followed_as_far_as_needed(clone: Clone, clock: FixedClock) -> None:
    fill(clone.github, clock, 350)
    tracker, _ = clone.open(clock)
    tracker.list_issues()
    clock.advance(minutes=10)
    clone.github.forget_requests()
    ana = clone.github.person("ana")
    for number in range(1, 151):
        ana.edit(number, title="Changed")
    assert sum(issue.title == "Changed" for issue in tracker.list_issues()) == 150
    assert listed(clone.github) == 2


def test_a_look_is_good_for_a_moment_and_holds_what_we_wrote(
    clone: Clone, clock: FixedClock
) -> None:
    tracker, _ = clone.open(clock, fresh_s=5)
    tracker.list_issues()
    tracker.create_issue(IssueDraft("Ours", ""))
    clone.github.person("ana").file("Theirs")
    assert [issue.title for issue in tracker.list_issues()] == ["Ours"]
    clock.advance(seconds=5)
    assert [issue.title for issue in tracker.list_issues()] == ["Ours", "Theirs"]


def test_an_empty_repository_is_idle_for_nothing_too(clone: Clone, clock: FixedClock) -> None:
    clone.open(clock)[0].list_issues()
    clone.open(clock)[0].list_issues()
    assert [entry.status for entry in clone.github.requests()] == [200, 304]


def test_what_another_process_has_seen_is_not_missed(clone: Clone, clock: FixedClock) -> None:
    """It keeps its ETag in the same place."""
    fill(clone.github, clock, 3)
    long_running, _ = clone.open(clock)
    long_running.list_issues()
    clone.github.person("ana").edit(1, title="Changed")
    clock.advance(minutes=10)
    passing, _ = clone.open(clock)
    assert passing.list_issues()[0].title == "Changed"
    assert long_running.list_issues()[0].title == "Changed"


# --- pull requests


def propose(clone: Clone, host: Any, unit: str) -> int:
    branch = f"loopcoder/{unit}"
    host.push_branch(branch, clone.commit(host.branch_head("main"), {unit: "1"}), None)
    number: int = host.create_pull(PullDraft(f"Do {unit}", "", branch, "main")).number
    return number


def test_many_pull_requests_are_one_request_more(clone: Clone, clock: FixedClock) -> None:
    _, host = clone.open(clock)
    for unit in ("a", "b", "c"):
        propose(clone, host, unit)
    clock.advance(minutes=10)
    (clone.folder / ".git" / "github.db").unlink()
    clone.github.forget_requests()
    _, host = clone.open(clock, fresh_s=5)
    assert [pull.branch for pull in host.list_pulls()] == [
        "loopcoder/a", "loopcoder/b", "loopcoder/c",
    ]  # fmt: skip
    api = [e.operation for e in clone.github.requests() if not e.operation.startswith("git/")]
    assert api == ["issues/list-for-repo", "pulls/list"]
    clone.github.forget_requests()
    clock.advance(minutes=1)
    host.list_pulls()
    api = [e.status for e in clone.github.requests() if not e.operation.startswith("git/")]
    assert api == [304]


def test_a_merge_between_two_processes_is_seen(clone: Clone, clock: FixedClock) -> None:
    _, host = clone.open(clock)
    number = propose(clone, host, "a")
    clock.advance(minutes=10)
    clone.github.person("ana").merge(number)
    _, host = clone.open(clock)
    (pull,) = host.list_pulls()
    assert pull.state is PullState.MERGED
    assert pull.merged_commit == clone.github.git.head("main")
    assert pull.closed_by is not None and pull.closed_by.login == "ana"


def test_what_was_said_is_asked_for_while_it_is_new_and_after_a_change(
    clone: Clone, clock: FixedClock
) -> None:
    _, host = clone.open(clock)
    number = propose(clone, host, "a")

    def asked() -> list[str]:
        clone.github.forget_requests()
        host.list_feedback(number)
        return [e.operation for e in clone.github.requests() if e.operation.startswith("pulls/")]

    assert asked() == ["pulls/list-reviews"]
    clock.advance(minutes=2)
    assert asked() == ["pulls/list-reviews"], "now it is kept"
    assert asked() == []
    clone.github.person("ana").review(number, "Rename it")
    clock.advance(minutes=2)
    assert [item.body for item in host.list_feedback(number)] == ["Rename it"]
    assert asked() == []
    again = clone.open(clock)[1].list_feedback(number)
    assert [(item.body, item.requests_changes) for item in again] == [("Rename it", True)]


# --- a list that lags


def test_a_lagging_list_does_not_lose_what_we_wrote(clone: Clone, clock: FixedClock) -> None:
    tracker, _ = clone.open(clock)
    tracker.create_issue(IssueDraft("Old", "", frozenset({"stays", "goes"})))
    clock.advance(minutes=10)
    tracker.list_issues()
    clone.github.lag(30)
    tracker.create_issue(IssueDraft("New", ""))
    tracker.add_label(1, "added")
    clock.advance(seconds=1)
    tracker.remove_label(1, "goes")
    clock.advance(seconds=1)
    tracker.update_issue(1, title="Renamed")
    for _ in range(40):
        clock.advance(seconds=1)
        old, new = tracker.list_issues()
        assert (old.title, old.labels, new.title) == ("Renamed", {"stays", "added"}, "New")


def test_another_process_sees_what_we_wrote_despite_the_lag(
    clone: Clone, clock: FixedClock
) -> None:
    clone.open(clock)[0].list_issues()
    clone.github.lag(30)
    clone.open(clock)[0].create_issue(IssueDraft("New", ""))
    assert [issue.title for issue in clone.open(clock)[0].list_issues()] == ["New"]


def test_an_issue_that_not_every_server_knows_yet_is_found(clone: Clone, clock: FixedClock) -> None:
    tracker, _ = clone.open(clock)
    tracker.create_issue(IssueDraft("New", ""))
    clone.github.fail("issues/get", status=404, data={"message": "Not Found"})
    assert tracker.get_issue(1).title == "New"
    clock.advance(minutes=5)
    clone.github.fail("issues/get", status=404, data={"message": "Not Found"})
    with pytest.raises(NotFound):
        tracker.get_issue(1)


def test_an_issue_that_shows_late_is_not_missed(clone: Clone, clock: FixedClock) -> None:
    tracker, _ = clone.open(clock)
    fill(clone.github, clock, 3)
    clock.advance(minutes=10)
    tracker.list_issues()
    clone.github.lag(30)
    ana = clone.github.person("ana")
    ana.file("Late")
    clock.advance(seconds=20)
    assert len(tracker.list_issues()) == 3
    clone.github.lag(0)
    ana.edit(1, title="Later")
    assert len(tracker.list_issues()) == 4


# --- what leaves no trace


def test_a_deleted_issue_goes_away(clone: Clone, clock: FixedClock) -> None:
    fill(clone.github, clock, 3)
    tracker, _ = clone.open(clock)
    tracker.list_issues()
    clock.advance(minutes=10)
    clone.github.hub.grant(clone.github.repo, "ana", Role.ADMIN)
    clone.github.person("ana").tracker.delete(3)  # type: ignore[attr-defined]
    assert [issue.number for issue in tracker.list_issues()] == [1, 2]
    with pytest.raises(NotFound):
        tracker.get_issue(3)


def test_a_renamed_label_is_seen_everywhere(clone: Clone, clock: FixedClock) -> None:
    ana = clone.github.person("ana")
    fill(clone.github, clock, 250)
    tracker, _ = clone.open(clock)
    tracker.list_issues()
    clock.advance(minutes=10)
    ana.tracker.rename_label("old", "new")  # type: ignore[attr-defined]
    assert {name for issue in tracker.list_issues() for name in issue.labels} == {"new"}


def test_everything_is_read_again_once_a_day(clone: Clone, clock: FixedClock) -> None:
    fill(clone.github, clock, 250)
    tracker, _ = clone.open(clock)
    tracker.list_issues()
    clock.advance(hours=25)
    clone.github.forget_requests()
    assert len(tracker.list_issues()) == 250
    assert listed(clone.github) == 1, "nothing changed, so nothing is read"
    clone.github.person("ana").file("New")
    assert len(tracker.list_issues()) == 251
    assert listed(clone.github) == 1 + 3


def test_a_change_while_the_pages_are_read_moves_nothing_out_of_sight(
    clone: Clone, clock: FixedClock
) -> None:
    fill(clone.github, clock, 250)
    clock.advance(minutes=10)
    ana = clone.github.person("ana")
    clone.github.call("issues/list-for-repo", lambda: ana.edit(1, title="Jumped"), after=True)
    tracker, _ = clone.open(clock)
    issues = tracker.list_issues()
    assert len(issues) == 250
    assert issues[0].title == "Jumped"


def test_a_renamed_repository_is_told_by_its_new_name() -> None:
    """GitHub answers a read under the old name too, as if nothing had happened."""
    with pytest.raises(ConfigurationError, match="repository: acme/missile"):
        check_name([{"repository_url": "https://api.github.com/repos/acme/missile"}], "acme/rocket")
    check_name([{"repository_url": "https://api.github.com/repos/Acme/Rocket"}], "acme/rocket")
    check_name([], "acme/rocket")


# --- the renewal alone


def item(number: int, at: int, title: str = "") -> dict[str, Any]:
    return {"number": number, "updated_at": f"2026-01-05T10:{at:02}:00Z", "title": title}


SETTLED = "2026-01-05T10:50:00Z"


def test_a_silent_change_makes_a_renewal_unsound() -> None:
    known = {1: Entry(item(1, 5, "before"))}
    assert renew(known, [item(1, 5, "after")], SETTLED).unsound
    assert not renew(known, [item(1, 6, "after")], SETTLED).unsound
    young = {1: Entry(item(1, 55, "before"))}
    assert not renew(young, [item(1, 55, "after")], SETTLED).unsound


def test_what_should_be_in_sight_and_is_not_is_gone() -> None:
    known = {n: Entry(item(n, n)) for n in (1, 5, 9)}
    assert renew(known, [item(9, 9), item(4, 4)], SETTLED).gone == {5}
    young = {5: Entry(item(5, 55))}
    assert renew(young, [item(4, 4)], SETTLED).gone == frozenset()


def test_a_whole_list_leaves_out_only_what_is_too_young_to_show() -> None:
    known = {1: Entry(item(1, 1)), 2: Entry(None, item(2, 55), 1e12), 3: Entry(item(3, 3))}
    renewal = replaced(known, [item(3, 3)], SETTLED)
    assert (renewal.gone, dict(renewal.entries)) == ({1}, {})


EDIT = st.tuples(
    st.sampled_from(["file", "edit", "close", "label", "ours", "pass"]), st.integers(0, 9)
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(EDIT, max_size=12), st.integers(0, 40))
def test_whatever_happens_the_look_ends_up_with_the_truth(
    clone: Clone, clock: FixedClock, edits: list[tuple[str, int]], lag: int
) -> None:
    """Steps of people and of ours, looks in between, under lag: once it has passed, all agree."""
    github, ana = clone.github, clone.github.person("ana")
    tracker, _ = clone.open(clock)
    github.lag(lag)
    for verb, which in edits:
        numbers = [issue.number for issue in ana.tracker.list_issues()]
        number = numbers[which % len(numbers)] if numbers else 0
        if verb == "file" or not number:
            ana.file(f"Filed {which}")
        elif verb == "edit":
            ana.edit(number, title=f"Edited {which}")
        elif verb == "close":
            ana.complete(number)
        elif verb == "label":
            tracker.add_label(number, f"label-{which}")
        elif verb == "ours":
            tracker.update_issue(number, body=f"Ours {which}")
        tracker.list_issues()
        clock.advance(seconds=which)
    clock.advance(seconds=200)
    assert list(tracker.list_issues()) == list(ana.tracker.list_issues())
    github.lag(0)


def test_closing_is_seen_by_its_reason(clone: Clone, clock: FixedClock) -> None:
    tracker, _ = clone.open(clock)
    fill(clone.github, clock, 1)
    tracker.list_issues()
    tracker.close_issue(1, CloseReason.NOT_PLANNED)
    assert tracker.list_issues()[0].is_not_planned
