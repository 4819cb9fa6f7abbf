"""What every tracker must do, whatever is behind it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from loopcoder.domain.diagnostic import LoopcoderError, NotFound
from loopcoder.domain.issues.issue import (
    Actor,
    CloseReason,
    IssueDraft,
    IssueText,
    LabelDefinition,
    Permission,
    TextEdit,
)

from .conftest import ANA, BEN, World


def draft(title: str = "Login form", body: str = "Text", *labels: str) -> IssueDraft:
    return IssueDraft(title, body, frozenset(labels))


def test_a_new_issue_is_what_was_asked_for(world: World) -> None:
    issue = world.tracker.create_issue(draft("Login form", "A body", "loopcoder", "P1"))
    assert (issue.number, issue.title, issue.body) == (1, "Login form", "A body")
    assert issue.is_open and issue.close_reason is None and issue.closed_by is None
    assert issue.labels == {"loopcoder", "P1"}
    assert issue.author == world.tracker.whoami()
    assert issue.created_at == issue.updated_at == world.clock.now()
    assert issue.created_at.tzinfo is not None
    assert world.tracker.get_issue(1) == issue
    assert list(world.tracker.list_issues()) == [issue]


def test_numbers_are_consecutive_and_ids_are_something_else(world: World) -> None:
    issues = [world.tracker.create_issue(draft(f"Unit {n}")) for n in range(5)]
    assert [issue.number for issue in issues] == [1, 2, 3, 4, 5]
    assert len({issue.id for issue in issues}) == 5
    assert not {issue.id for issue in issues} & {issue.number for issue in issues}


def test_issues_and_pull_requests_share_their_numbers(world: World) -> None:
    assert world.tracker.create_issue(draft()).number == 1
    assert world.propose("a", {"a": "1"}).number == 2
    assert world.tracker.create_issue(draft()).number == 3
    assert [issue.number for issue in world.tracker.list_issues()] == [1, 3]
    assert [pull.number for pull in world.host.list_pulls()] == [2]


def test_a_refused_issue_takes_no_number(world: World) -> None:
    for wrong in (draft(""), draft("x" * 257), draft("t", "x" * 65_537), draft("t", "", "x" * 51)):
        with pytest.raises(LoopcoderError):
            world.tracker.create_issue(wrong)
    assert world.tracker.create_issue(draft()).number == 1
    assert len(world.tracker.list_issues()) == 1


@pytest.mark.parametrize("number", [0, 2, 99])
def test_a_missing_issue_is_not_found(world: World, number: int) -> None:
    world.tracker.create_issue(draft())
    for verb in (
        lambda: world.tracker.get_issue(number),
        lambda: world.tracker.update_issue(number, title="x"),
        lambda: world.tracker.close_issue(number, CloseReason.COMPLETED),
        lambda: world.tracker.reopen_issue(number),
        lambda: world.tracker.add_label(number, "x"),
        lambda: world.tracker.remove_label(number, "x"),
        lambda: world.tracker.list_label_events(number),
        lambda: world.tracker.list_comments(number),
        lambda: world.tracker.create_comment(number, "x"),
    ):
        with pytest.raises(NotFound):
            verb()
    assert len(world.tracker.list_issues()) == 1


def test_a_pull_request_is_no_issue(world: World) -> None:
    number = world.propose("a", {"a": "1"}).number
    with pytest.raises(NotFound):
        world.tracker.get_issue(number)
    with pytest.raises(NotFound):
        world.tracker.close_issue(number, CloseReason.COMPLETED)
    assert world.host.get_pull(number).is_open


def test_title_and_body_are_replaced_one_at_a_time(world: World) -> None:
    created = world.tracker.create_issue(draft("Old", "old body", "keep"))
    world.clock.advance(minutes=1)
    assert world.tracker.update_issue(1, title="New").body == "old body"
    updated = world.tracker.update_issue(1, body="")
    assert (updated.title, updated.body, updated.labels) == ("New", "", {"keep"})
    assert (updated.id, updated.created_at) == (created.id, created.created_at)
    assert updated.updated_at == world.clock.now()


@pytest.mark.parametrize(
    "body",
    [
        "one\r\ntwo\r\n",
        "\ntrailing space  \n\n",
        "naïve 🦜 👩‍👩‍👧 e\u0301",
        "עברית \u202eevil\u202c العربية",
        "'; DROP TABLE items; -- \\ % _ \t",
        "x" * 65_536,
        "🦜" * 65_536,
        "",
    ],
    ids=["crlf", "space", "emoji", "rtl", "sql", "65k", "65k-emoji", "empty"],
)
def test_a_body_comes_back_as_it_was_sent(world: World, body: str) -> None:
    assert world.tracker.create_issue(draft("t", body)).body == body
    assert world.tracker.get_issue(1).body == body
    assert world.tracker.update_issue(1, body="other").body == "other"
    assert world.tracker.update_issue(1, body=body).body == body
    if body:  # GitHub takes no empty comment
        assert world.tracker.create_comment(1, body).body == body
        assert world.tracker.list_comments(1)[0].body == body


@pytest.mark.parametrize("text", ["a\0b", "half a pair \ud800"])
def test_text_that_cannot_be_kept_is_refused(world: World, text: str) -> None:
    for verb in (
        lambda: world.tracker.create_issue(draft(text)),
        lambda: world.tracker.create_issue(draft("t", text)),
        lambda: world.tracker.create_issue(draft("t", "", text)),
    ):
        with pytest.raises(LoopcoderError):
            verb()
    assert not world.tracker.list_issues()


def test_closing_is_idempotent_and_keeps_the_first_reason(world: World) -> None:
    world.tracker.create_issue(draft())
    closed = world.ana.complete(1)
    assert closed.is_completed and closed.closed_by == ANA
    world.clock.advance(minutes=1)
    again = world.ben.reject(1)
    assert again == closed
    assert world.tracker.get_issue(1) == closed


def test_not_planned_is_not_completed(world: World) -> None:
    world.tracker.create_issue(draft())
    closed = world.tracker.close_issue(1, CloseReason.NOT_PLANNED)
    assert closed.is_not_planned and not closed.is_completed


def test_reopening_forgets_the_reason_and_is_idempotent(world: World) -> None:
    world.tracker.create_issue(draft())
    world.tracker.close_issue(1, CloseReason.COMPLETED)
    opened = world.ana.reopen(1)
    assert opened.is_open and opened.close_reason is None and opened.closed_by is None
    world.clock.advance(minutes=1)
    assert world.ana.reopen(1) == opened
    assert [issue.number for issue in world.tracker.list_issues()] == [1]


def test_labels_go_on_and_off_once(world: World) -> None:
    world.tracker.create_issue(draft("t", "", "loopcoder"))
    for _ in range(2):
        world.tracker.add_label(1, "blocked-by:#7")
    assert world.tracker.get_issue(1).labels == {"loopcoder", "blocked-by:#7"}
    assert world.tracker.get_issue(1).blocked_by == {7}
    for _ in range(2):
        world.tracker.remove_label(1, "blocked-by:#7")
    world.tracker.remove_label(1, "never there")
    assert world.tracker.get_issue(1).labels == {"loopcoder"}
    events = [(event.label, event.added) for event in world.tracker.list_label_events(1)]
    assert events == [("loopcoder", True), ("blocked-by:#7", True), ("blocked-by:#7", False)]


def test_a_label_has_one_name_whatever_its_case(world: World) -> None:
    world.tracker.create_issue(draft("t", "", "Bug", "bug", "BUG"))
    (name,) = world.tracker.get_issue(1).labels
    assert name.casefold() == "bug"
    world.tracker.create_issue(draft("u"))
    world.tracker.add_label(2, "bUG")
    assert world.tracker.get_issue(2).labels == {name}
    world.tracker.remove_label(1, "bug")
    assert world.tracker.get_issue(1).labels == frozenset()
    assert list(world.tracker.list_labels()) == [name]


def test_our_labels_are_read_as_we_write_them_whoever_defined_them(world: World) -> None:
    world.ana.tracker.define_label(LabelDefinition("Loopcoder:Needs-Human", "b60205", ""))
    world.tracker.create_issue(draft("t", "", "Blocked-By:#7"))
    world.tracker.add_label(1, "loopcoder:needs-human")
    ours = {"loopcoder:needs-human", "blocked-by:#7"}
    assert world.tracker.get_issue(1).labels == ours
    assert set(world.tracker.list_labels()) == ours
    assert {event.label for event in world.tracker.list_label_events(1)} == ours
    world.tracker.remove_label(1, "loopcoder:needs-human")
    assert world.tracker.get_issue(1).labels == {"blocked-by:#7"}


def test_a_definition_outlives_its_last_use(world: World) -> None:
    world.tracker.create_issue(draft())
    assert list(world.tracker.list_labels()) == []
    world.tracker.add_label(1, "later")
    world.tracker.remove_label(1, "later")
    assert list(world.tracker.list_labels()) == ["later"]


def test_deleting_a_definition_takes_the_label_off_everywhere(world: World) -> None:
    world.tracker.create_issue(draft("t", "", "gone", "kept"))
    world.ana.delete_label("GONE")
    assert world.tracker.get_issue(1).labels == {"kept"}
    assert list(world.tracker.list_labels()) == ["kept"]
    last = world.tracker.list_label_events(1)[-1]
    assert (last.label, last.added, last.actor) == ("gone", False, ANA)


@pytest.mark.parametrize("label", ["", "  ", "x" * 51, "two\nlines"])
def test_a_wrong_label_is_refused_everywhere(world: World, label: str) -> None:
    world.tracker.create_issue(draft())
    with pytest.raises(LoopcoderError):
        world.tracker.add_label(1, label)
    with pytest.raises(LoopcoderError):
        world.tracker.create_issue(draft("t", "", label))
    assert world.tracker.get_issue(1).labels == frozenset()
    assert list(world.tracker.list_labels()) == []


def test_fifty_characters_fit_in_a_label(world: World) -> None:
    label = "blocked-by:#" + "9" * 38
    world.tracker.create_issue(draft("t", "", label))
    assert world.tracker.get_issue(1).labels == {label}


def test_a_hundred_labels_are_the_most(world: World) -> None:
    world.tracker.create_issue(draft("t", "", *(f"l{n}" for n in range(100))))
    with pytest.raises(LoopcoderError):
        world.tracker.add_label(1, "one more")
    assert len(world.tracker.get_issue(1).labels) == 100
    assert len(world.tracker.list_label_events(1)) == 100


def test_label_events_say_who_and_when(world: World) -> None:
    world.tracker.create_issue(draft())
    start = world.clock.now()
    world.ana.label(1, "loopcoder:file")
    world.clock.advance(minutes=2)
    world.ben.unlabel(1, "loopcoder:file")
    put, taken = world.tracker.list_label_events(1)
    assert (put.added, put.actor, put.at) == (True, ANA, start)
    assert (taken.added, taken.actor, taken.at) == (False, BEN, world.clock.now())


def test_a_pull_request_has_labels_and_comments_too(world: World) -> None:
    number = world.propose("a", {"a": "1"}, labels=frozenset({"loopcoder"})).number
    world.ana.label(number, "Nice")
    assert world.host.get_pull(number).labels == {"loopcoder", "Nice"}
    assert [event.actor for event in world.tracker.list_label_events(number)] == [
        world.tracker.whoami(),
        ANA,
    ]
    world.ana.comment(number, "looks good")
    assert [comment.body for comment in world.tracker.list_comments(number)] == ["looks good"]
    assert not world.host.list_feedback(number)


def test_comments_are_in_order_with_their_authors(world: World) -> None:
    world.tracker.create_issue(draft())
    world.tracker.create_issue(draft())
    first = world.tracker.create_comment(1, "ours")
    world.clock.advance(seconds=1)
    second = world.ana.comment(1, "hers")
    world.ben.comment(2, "elsewhere")
    assert list(world.tracker.list_comments(1)) == [first, second]
    assert (second.author, second.issue, second.created_at) == (ANA, 1, world.clock.now())
    assert first.author == world.tracker.whoami()


def test_a_comment_is_rewritten_in_place(world: World) -> None:
    world.tracker.create_issue(draft())
    sticky = world.tracker.create_comment(1, "round 1")
    world.ana.comment(1, "in between")
    world.tracker.update_comment(sticky.id, "round 2")
    comments = world.tracker.list_comments(1)
    assert [comment.body for comment in comments] == ["round 2", "in between"]
    assert comments[0].id == sticky.id and comments[0].created_at == sticky.created_at
    with pytest.raises(NotFound):
        world.tracker.update_comment(10_000, "nothing")


def test_writes_show_in_the_time_of_the_last_change(world: World) -> None:
    world.tracker.create_issue(draft())
    for change in (
        lambda: world.tracker.add_label(1, "x"),
        lambda: world.tracker.create_comment(1, "x"),
        lambda: world.tracker.close_issue(1, CloseReason.COMPLETED),
    ):
        world.clock.advance(minutes=1)
        change()
        assert world.tracker.get_issue(1).updated_at == world.clock.now()


def test_what_changes_nothing_leaves_the_time_alone(world: World) -> None:
    before = world.tracker.create_issue(draft("Title", "Body", "on"))
    world.clock.advance(minutes=1)
    world.tracker.update_issue(1, title="Title", body="Body")
    world.tracker.add_label(1, "ON")
    world.tracker.remove_label(1, "off")
    world.tracker.reopen_issue(1)
    assert world.tracker.get_issue(1) == before


def test_permission_goes_by_number_never_by_name(world: World) -> None:
    world.ana.file("By a person")
    assert world.tracker.permission(ANA) is Permission.WRITE
    assert world.tracker.permission(Actor(ANA.id, "renamed")).may_write
    assert not world.tracker.permission(Actor(424_242, "ana")).may_write
    assert not world.tracker.permission(Actor(424_243, "ana[bot]")).may_write


def test_a_renamed_person_is_the_same_person(world: World) -> None:
    world.ana.file("By a person")
    author = world.tracker.get_issue(1).author
    assert author.id == ANA.id and author.login == "ana"


def test_an_issue_is_taken_by_whoever_it_is_assigned_to(world: World) -> None:
    world.tracker.create_issue(draft())
    world.ana.take(1)
    world.ana.take(1)
    assert world.tracker.get_issue(1).assignees == (ANA,)
    world.ana.tracker.unassign(1, ANA)
    assert world.tracker.get_issue(1).assignees == ()


def test_an_issue_whose_answer_was_lost_is_found_by_its_marker(world: World) -> None:
    marker = "<!-- loopcoder:unit id=login-form plan=main digest=sha256:0 v=1 -->"
    world.tracker.create_issue(draft("Login form", f"{marker}\ntext\n<!-- /loopcoder:unit -->"))
    world.tracker.create_issue(draft("Login form", "the same title, made by hand"))
    found = [issue.number for issue in world.tracker.list_issues() if marker in issue.body]
    assert found == [1]


def test_who_changed_a_text_is_told_with_the_text(world: World) -> None:
    world.ana.file("Old title", "old body")
    assert world.tracker.read_text(1) == IssueText("Old title", "old body")
    world.clock.advance(minutes=1)
    world.ben.edit(1, body="new body")
    world.clock.advance(minutes=1)
    world.ana.edit(1, title="New title")
    at = world.clock.now()
    found = world.tracker.read_text(1)
    assert (found.title, found.body) == ("New title", "new body")
    assert found.edits == (TextEdit(BEN, at - timedelta(minutes=1)), TextEdit(ANA, at))
    with pytest.raises(NotFound):
        world.tracker.read_text(99)


def test_what_rewrites_nothing_is_no_edit(world: World) -> None:
    world.ana.file("Title", "body")
    world.ana.edit(1, title="Title", body="body")
    assert world.tracker.read_text(1).edits == ()


def test_a_label_is_defined_once_and_goes_with_its_definition(world: World) -> None:
    label = LabelDefinition("loopcoder:hold", "d93f0b", "Stop work on this")
    for _ in range(2):
        world.tracker.define_label(label)
    world.tracker.create_issue(draft("t", "", "loopcoder:hold", "kept"))
    for _ in range(2):
        world.tracker.delete_label("loopcoder:hold")
    assert list(world.tracker.list_labels()) == ["kept"]
    assert world.tracker.get_issue(1).labels == {"kept"}


def test_a_comment_tells_when_it_was_last_changed(world: World) -> None:
    world.tracker.create_issue(draft())
    comment = world.ana.comment(1, "first")
    assert comment.said_at == world.clock.now()
    world.clock.advance(minutes=1)
    world.ana.tracker.update_comment(comment.id, "second")
    assert world.tracker.list_comments(1)[0].said_at == world.clock.now()
