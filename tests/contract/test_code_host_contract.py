"""What every code host must do, whatever is behind it."""

from __future__ import annotations

from pathlib import Path

import pytest

from loopcoder.domain.diagnostic import Conflicted, LoopcoderError, NotFound, Stale
from loopcoder.domain.issues.human import MergeMethod
from loopcoder.domain.issues.issue import IssueDraft, PullDraft, PullState
from loopcoder.ports.pull_states import pull_states_of

from .conftest import ANA, BEN, World


def pull_draft(branch: str, **more: object) -> PullDraft:
    return PullDraft("A change", "What and why", branch, "main", **more)


# --- branches


def test_a_branch_is_pushed_and_moved_forward(world: World) -> None:
    one = world.commit(world.base, {"a": "1"})
    two = world.commit(one, {"a": "2"})
    assert world.host.branch_head("loopcoder/a") is None
    world.host.push_branch("loopcoder/a", one, None)
    assert world.host.branch_head("loopcoder/a") == one
    world.host.push_branch("loopcoder/a", two, one)
    assert world.host.branch_head("loopcoder/a") == two
    assert list(world.host.list_branches("loopcoder/")) == [("loopcoder/a", two)]


def test_pushing_what_is_there_changes_nothing(world: World) -> None:
    head = world.commit(world.base, {"a": "1"})
    for expected in (None, None, head):
        world.host.push_branch("loopcoder/a", head, expected)
    assert world.host.branch_head("loopcoder/a") == head


def test_a_first_push_expects_no_branch(world: World) -> None:
    theirs = world.commit(world.base, {"a": "theirs"})
    world.put_branch("loopcoder/a", theirs)
    with pytest.raises(Stale):
        world.host.push_branch("loopcoder/a", world.commit(world.base, {"a": "ours"}), None)
    assert world.host.branch_head("loopcoder/a") == theirs


def test_commits_of_others_are_never_overwritten(world: World) -> None:
    ours = world.commit(world.base, {"a": "1"})
    world.host.push_branch("loopcoder/a", ours, None)
    theirs = world.commit(ours, {"b": "by a person"})
    world.put_branch("loopcoder/a", theirs)
    with pytest.raises(Stale):
        world.host.push_branch("loopcoder/a", world.commit(ours, {"a": "2"}), ours)
    assert world.host.branch_head("loopcoder/a") == theirs
    built_on = world.commit(theirs, {"a": "2"})
    world.host.push_branch("loopcoder/a", built_on, theirs)
    assert world.host.branch_head("loopcoder/a") == built_on


def test_a_push_never_goes_back_or_aside(world: World) -> None:
    one = world.commit(world.base, {"a": "1"})
    two = world.commit(one, {"a": "2"})
    aside = world.commit(world.base, {"a": "rebased"})
    world.host.push_branch("loopcoder/a", two, None)
    for commit in (one, aside):
        with pytest.raises(Stale):
            world.host.push_branch("loopcoder/a", commit, two)
    assert world.host.branch_head("loopcoder/a") == two


def test_a_push_to_a_deleted_branch_is_stale(world: World) -> None:
    one = world.commit(world.base, {"a": "1"})
    world.host.push_branch("loopcoder/a", one, None)
    world.put_branch("loopcoder/a", None)
    with pytest.raises(Stale):
        world.host.push_branch("loopcoder/a", world.commit(one, {"a": "2"}), one)
    assert world.host.branch_head("loopcoder/a") is None


@pytest.mark.parametrize(
    "branch",
    [
        "main",
        "feature/x",
        "loopcoder",
        "loopcoder/",
        "refs/heads/loopcoder/a",
        "loopcoder/../main",
        "loopcoder/a..b",
        "loopcoder/a b",
        "loopcoder/a.lock",
        "loopcoder/-x/../y",
        "loopcoder/a\nb",
        "Loopcoder/a",
        "",
    ],
)
def test_no_other_branch_is_ever_written(world: World, branch: str) -> None:
    base, commit = world.base, world.commit(world.base, {"a": "1"})
    with pytest.raises(LoopcoderError):
        world.host.push_branch(branch, commit, base if branch == "main" else None)
    with pytest.raises(LoopcoderError):
        world.host.delete_branch(branch, base)
    with pytest.raises(LoopcoderError):
        world.host.create_pull(pull_draft(branch))
    assert world.host.branch_head("main") == base
    assert list(world.host.list_branches("")) == [("main", base)]


def test_a_branch_is_deleted_only_where_it_is_expected(world: World) -> None:
    head = world.commit(world.base, {"a": "1"})
    world.host.push_branch("loopcoder/a", head, None)
    with pytest.raises(Stale):
        world.host.delete_branch("loopcoder/a", world.base)
    assert world.host.branch_head("loopcoder/a") == head
    world.host.delete_branch("loopcoder/a", head)
    assert world.host.branch_head("loopcoder/a") is None
    with pytest.raises(Stale):
        world.host.delete_branch("loopcoder/a", head)


def test_branches_are_listed_under_a_prefix(world: World) -> None:
    head = world.commit(world.base, {"a": "1"})
    for name in ("loopcoder/b", "loopcoder/a", "loopcoder/plan/a"):
        world.host.push_branch(name, head, None)
    names = [name for name, _ in world.host.list_branches("loopcoder/")]
    assert sorted(names) == ["loopcoder/a", "loopcoder/b", "loopcoder/plan/a"]
    assert list(world.host.list_branches("loopcoder/plan/")) == [("loopcoder/plan/a", head)]
    assert not world.host.list_branches("other/")


# --- pull requests


def test_a_new_pull_request_is_what_was_asked_for(world: World) -> None:
    head = world.commit(world.base, {"a": "1"})
    world.host.push_branch("loopcoder/a", head, None)
    pull = world.host.create_pull(
        PullDraft("Do a", "Closes #7", "loopcoder/a", "main", True, frozenset({"loopcoder"}))
    )
    assert (pull.title, pull.body, pull.branch, pull.base) == (
        "Do a", "Closes #7", "loopcoder/a", "main",
    )  # fmt: skip
    assert (pull.head, pull.state, pull.draft) == (head, PullState.OPEN, True)
    assert (pull.labels, pull.closes, pull.merged_commit) == ({"loopcoder"}, (7,), "")
    assert (pull.author, pull.closed_by) == (world.tracker.whoami(), None)
    assert pull.created_at == pull.updated_at == world.clock.now()
    assert world.host.get_pull(pull.number).title == "Do a"
    assert [each.number for each in world.host.list_pulls()] == [pull.number]


def test_a_branch_has_one_open_pull_request(world: World) -> None:
    first = world.propose("a", {"a": "1"})
    with pytest.raises(Stale):
        world.host.create_pull(pull_draft("loopcoder/a"))
    assert [pull.number for pull in world.host.list_pulls()] == [first.number]
    world.ana.close_pull(first.number)
    second = world.host.create_pull(pull_draft("loopcoder/a"))
    assert second.number == first.number + 1


def test_nothing_is_proposed_without_branch_base_or_change(world: World) -> None:
    with pytest.raises(NotFound):
        world.host.create_pull(pull_draft("loopcoder/none"))
    world.host.push_branch("loopcoder/a", world.commit(world.base, {"a": "1"}), None)
    with pytest.raises(NotFound):
        world.host.create_pull(PullDraft("t", "", "loopcoder/a", "no-such-base"))
    world.host.push_branch("loopcoder/same", world.base, None)
    with pytest.raises(LoopcoderError):
        world.host.create_pull(pull_draft("loopcoder/same"))
    assert not world.host.list_pulls()
    assert world.tracker.create_issue(IssueDraft("first", "")).number == 1


def test_a_missing_pull_request_is_not_found(world: World) -> None:
    number = world.tracker.create_issue(IssueDraft("an issue", "")).number
    for wrong in (number, 99):
        for verb in (
            lambda wrong=wrong: world.host.get_pull(wrong),
            lambda wrong=wrong: world.host.update_pull(wrong, title="x"),
            lambda wrong=wrong: world.host.list_feedback(wrong),
            lambda wrong=wrong: world.ana.merge(wrong),
            lambda wrong=wrong: world.ana.close_pull(wrong),
            lambda wrong=wrong: world.ana.review(wrong, "x"),
        ):
            with pytest.raises(NotFound):
                verb()


def test_title_and_body_are_replaced_one_at_a_time(world: World) -> None:
    number = world.propose("a", {"a": "1"}, "Closes #1").number
    world.clock.advance(minutes=1)
    assert world.host.update_pull(number, title="New").body == "Closes #1"
    updated = world.host.update_pull(number, body="Closes #2, and fixes #3")
    assert (updated.title, updated.closes) == ("New", (2, 3))
    assert updated.updated_at == world.clock.now()


def test_an_open_pull_request_follows_its_branch(world: World) -> None:
    pull = world.propose("a", {"a": "1"})
    ours = world.commit(pull.head, {"a": "2"})
    world.host.push_branch("loopcoder/a", ours, pull.head)
    assert world.host.get_pull(pull.number).head == ours
    theirs = world.commit(ours, {"a": "3"})
    world.put_branch("loopcoder/a", theirs)
    assert world.host.list_pulls()[0].head == theirs


def test_a_closed_pull_request_keeps_its_head(world: World) -> None:
    pull = world.propose("a", {"a": "1"})
    world.ana.close_pull(pull.number)
    world.host.push_branch("loopcoder/a", world.commit(pull.head, {"a": "2"}), pull.head)
    assert world.host.get_pull(pull.number).head == pull.head


def test_a_deleted_branch_loses_no_pull_request(world: World) -> None:
    pull = world.propose("a", {"a": "1"})
    newer = world.commit(pull.head, {"a": "2"})
    world.put_branch("loopcoder/a", newer)
    world.host.list_pulls()
    world.put_branch("loopcoder/a", None)
    left = world.host.get_pull(pull.number)
    assert left.head == newer and left.state is not PullState.MERGED
    assert world.host.branch_head("loopcoder/a") is None
    world.host.push_branch("loopcoder/a", newer, None)
    assert world.host.get_pull(pull.number).head == newer


def test_our_own_deletion_remembers_the_last_head(world: World) -> None:
    pull = world.propose("a", {"a": "1"})
    newer = world.commit(pull.head, {"a": "2"})
    world.put_branch("loopcoder/a", newer)
    world.host.delete_branch("loopcoder/a", newer)
    assert world.host.get_pull(pull.number).head == newer


def test_mergeable_follows_both_sides(world: World) -> None:
    pull = world.propose("a", {"a": "1"})
    assert pull.mergeable is True
    world.put_branch("main", world.commit(world.base, {"b": "beside"}))
    assert world.host.get_pull(pull.number).mergeable is True
    world.put_branch("main", world.commit(world.base, {"a": "against"}))
    assert world.host.get_pull(pull.number).mergeable is False
    assert world.host.list_pulls()[0].mergeable is False


# --- what people do


@pytest.mark.parametrize("method", list(MergeMethod))
def test_merging_puts_the_change_on_the_base(world: World, method: MergeMethod) -> None:
    pull = world.propose("a", {"a": "1"})
    world.put_branch("main", world.commit(world.base, {"b": "meanwhile"}))
    world.clock.advance(minutes=1)
    merged = world.ana.merge(pull.number, method)
    assert (merged.state, merged.closed_by) == (PullState.MERGED, ANA)
    assert merged.merged_commit == world.base
    assert merged.updated_at == world.clock.now()
    assert merged.mergeable is None and merged.head == pull.head
    assert world.host.get_pull(pull.number) == merged
    assert world.ben.merge(pull.number) == merged, "merging twice is merging once"


def test_merging_completes_what_the_body_closes(world: World) -> None:
    for title in ("one", "two", "three", "mentioned"):
        world.tracker.create_issue(IssueDraft(title, ""))
    world.ben.reject(3)
    body = "Closes #1, fixes #2, resolves #3 and closes #99. See #4."
    pull = world.propose("a", {"a": "1"}, body)
    world.ana.merge(pull.number)
    one, two, three, four = world.tracker.list_issues()
    assert one.is_completed and two.is_completed and one.closed_by == two.closed_by == ANA
    assert three.is_not_planned and three.closed_by == BEN
    assert four.is_open


@pytest.mark.parametrize(
    ("body", "closes"),
    [
        ("Closes #1", (1,)),
        ("closes: #1\r\nFIXED #2", (1, 2)),
        ("Closes #1, #2", (1,)),
        ("Close #3, closed #2, fix #1, fixes #3", (3, 2, 1)),
        ("resolve #4 resolved #5 resolves #6", (4, 5, 6)),
        ("encloses #1, fixing #2, see #3, Closes 4, Closes #0", ()),
        ("`Closes #1`\n```\nCloses #2\n```\n<!-- Closes #3 --> Closes #4", (4,)),
        ("~~~\nCloses #1", ()),
        ("Closes #12abc Closes #5.", (5,)),
    ],
)
def test_closing_keywords_are_read_like_github_reads_them(
    world: World, body: str, closes: tuple[int, ...]
) -> None:
    assert world.propose("a", {"a": "1"}, body).closes == closes


def test_a_conflict_is_never_merged(world: World) -> None:
    pull = world.propose("a", {"a": "ours"})
    world.put_branch("main", world.commit(world.base, {"a": "theirs"}))
    before = world.base
    for method in MergeMethod:
        with pytest.raises(Conflicted) as caught:
            world.ana.merge(pull.number, method)
        assert caught.value.files == ("a",)
    assert world.base == before and world.host.get_pull(pull.number).is_open


def test_a_draft_wants_to_be_asked_for(world: World) -> None:
    pull = world.propose("a", {"a": "1"}, draft=True)
    with pytest.raises(LoopcoderError):
        world.ana.desk.merge(pull.number)
    assert world.host.get_pull(pull.number).is_open
    assert world.ana.desk.merge(pull.number, even_draft=True).state is PullState.MERGED


def test_the_branch_goes_with_the_merge_when_asked(world: World) -> None:
    kept, gone = world.propose("a", {"a": "1"}), world.propose("b", {"b": "1"})
    world.ana.desk.merge(kept.number)
    world.ana.desk.merge(gone.number, delete_branch=True)
    assert [name for name, _ in world.host.list_branches("loopcoder/")] == ["loopcoder/a"]


def test_closing_and_reopening_are_idempotent(world: World) -> None:
    number = world.propose("a", {"a": "1"}).number
    closed = world.ana.close_pull(number)
    assert (closed.state, closed.closed_by, closed.merged_commit) == (PullState.CLOSED, ANA, "")
    world.clock.advance(minutes=1)
    assert world.ben.close_pull(number) == closed
    with pytest.raises(LoopcoderError):
        world.ana.merge(number)
    opened = world.ana.reopen_pull(number)
    assert opened.is_open and opened.closed_by is None
    assert world.ana.reopen_pull(number).updated_at == opened.updated_at


def test_the_tracker_says_how_pull_requests_stand(world: World) -> None:
    opened, closed, merged = (world.propose(name, {name: "1"}).number for name in ("a", "b", "c"))
    world.tracker.create_issue(IssueDraft("No pull request", "", frozenset()))
    world.ana.close_pull(closed)
    world.ana.merge(merged)
    world.host.list_pulls()  # the list itself may lag behind what people do
    assert pull_states_of(world.tracker) == {
        opened: PullState.OPEN,
        closed: PullState.CLOSED,
        merged: PullState.MERGED,
    }


def test_when_it_ended_is_known_whatever_is_said_afterwards(world: World) -> None:
    number, other = (world.propose(name, {name: "1"}).number for name in ("a", "b"))
    world.ana.close_pull(number)
    world.ana.merge(other)
    ended = world.clock.now()
    world.clock.advance(minutes=5)
    world.ana.comment(number, "Not like this")
    world.ana.comment(other, "Thanks")
    for seen in (world.host.get_pull(number), world.host.get_pull(other)):
        assert seen.ended_at is not None and seen.ended_at <= ended < seen.updated_at
    assert world.ana.reopen_pull(number).ended_at is None


def test_what_is_merged_stays_merged(world: World) -> None:
    number = world.propose("a", {"a": "1"}).number
    merged = world.ana.merge(number)
    assert world.ana.close_pull(number) == merged
    with pytest.raises(LoopcoderError):
        world.ana.reopen_pull(number)
    assert world.host.get_pull(number) == merged


def test_a_closed_one_stays_closed_while_its_branch_has_another(world: World) -> None:
    first = world.propose("a", {"a": "1"})
    world.ana.close_pull(first.number)
    world.host.create_pull(pull_draft("loopcoder/a"))
    with pytest.raises(Stale):
        world.ana.reopen_pull(first.number)


def test_feedback_is_kept_with_the_commit_it_was_about(world: World) -> None:
    pull, other = world.propose("a", {"a": "1"}), world.propose("b", {"b": "1"})
    review = world.ana.review(pull.number, "Handle empty input", "a", 3)
    world.clock.advance(minutes=1)
    newer = world.commit(pull.head, {"a": "2"})
    world.host.push_branch("loopcoder/a", newer, pull.head)
    remark = world.ben.remark(pull.number, "and the docs?")
    assert list(world.host.list_feedback(pull.number)) == [review, remark]
    assert (review.author, review.requests_changes, review.head) == (ANA, True, pull.head)
    assert (review.file, review.line, review.body) == ("a", 3, "Handle empty input")
    assert (remark.author, remark.requests_changes, remark.head) == (BEN, False, newer)
    assert remark.at == world.clock.now()
    assert review.id != remark.id
    assert not world.host.list_feedback(other.number)
    assert not world.tracker.list_comments(pull.number)


def test_a_merge_by_plain_git_is_recognised(world: World) -> None:
    issue = world.tracker.create_issue(IssueDraft("one", ""))
    pull = world.propose("a", {"a": "1"}, f"Closes #{issue.number}")
    world.put_branch("main", world.commit(world.base, {"b": "meanwhile"}))
    commit = world.merge_outside("loopcoder/a")
    (seen,) = world.host.list_pulls()
    assert (seen.state, seen.merged_commit) == (PullState.MERGED, commit)
    assert seen.number == pull.number
    assert world.tracker.get_issue(issue.number).is_completed
    assert world.host.get_pull(pull.number) == seen


def test_a_merged_and_deleted_branch_is_recognised(world: World) -> None:
    pull = world.propose("a", {"a": "1"})
    world.merge_outside("loopcoder/a")
    world.put_branch("loopcoder/a", None)
    assert world.host.get_pull(pull.number).state is PullState.MERGED


def test_a_branch_merged_outside_can_be_proposed_again(world: World) -> None:
    pull = world.propose("a", {"a": "1"})
    world.merge_outside("loopcoder/a")
    newer = world.commit(pull.head, {"a": "2"})
    assert world.host.get_pull(pull.number).state is PullState.MERGED
    world.host.push_branch("loopcoder/a", newer, pull.head)
    second = world.host.create_pull(pull_draft("loopcoder/a"))
    assert second.is_open and second.number > pull.number


def test_the_port_has_no_verb_to_merge_or_approve() -> None:
    from loopcoder.adapters.local.code_host import LocalCodeHost
    from loopcoder.adapters.memory.code_host import MemoryCodeHost
    from loopcoder.ports.code_host import CodeHost

    for kind in (CodeHost, LocalCodeHost, MemoryCodeHost):
        verbs = " ".join(name for name in vars(kind) if not name.startswith("_"))
        assert not any(word in verbs for word in ("merge", "approve", "ready", "force")), kind


def test_no_room_of_the_engine_reaches_the_merge() -> None:
    package = Path(__file__).parents[2] / "loopcoder"
    for room in ("engine", "ports", "domain"):
        for module in (package / room).rglob("*.py"):
            text = module.read_text(encoding="utf-8")
            assert "PullDesk" not in text and "adapters.local" not in text, module
