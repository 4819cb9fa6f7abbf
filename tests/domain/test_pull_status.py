"""What is told on a pull request, and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from loopcoder.domain.journal import event as e
from loopcoder.domain.settings import Limits
from loopcoder.domain.tick import action as act
from loopcoder.domain.tick.decide import decide
from loopcoder.domain.tick.snapshot import Snapshot, TickState
from loopcoder.domain.views.pull_status import digest_of, pull_status
from tests.support.world import NOW, SETTINGS, Story, pull, snapshot, unit, view

OPENED = e.PullOpened(9, "loopcoder/login", "c" * 40)


def opened() -> Story:
    story = Story().bind("login", 1).attempt("login", 1, outcome="proposed")
    return story.tell(OPENED, unit="login")


def fixed_up() -> Story:
    """A pull request with one fix-up, for two comments, a red check and a conflict."""
    story = (
        Story().bind("login", 1).attempt("login", 1, outcome="proposed").tell(OPENED, unit="login")
    )
    story.begin(
        "login", 2, purpose="fix-up", pull=9, feedback=("f1", "f2"), checks=("c1",), merge="b" * 40
    )
    summary = {"summary": "Renamed it. Closes #7 | @ana"}
    stages = (
        e.StageFinished("work", 1, True, detail=summary),
        e.StageFinished("commit", 1, True, sha="d" * 40),
        e.AttemptFinished("updated", "#9 waits"),
        e.ClaimReleased(),
    )
    story.tell(*stages, unit="login", attempt=2)
    return story.tell(e.PullUpdated(9, "d" * 40, ("f1", "f2", "c1")), unit="login")


def seen(story: Story, **changes: object) -> Snapshot:
    return snapshot([view("login", 1, story, pull=pull(9, "login"), **changes)], story)


def of_kind(
    kind: type, story: Story, settings: object = SETTINGS, **changes: object
) -> list[object]:
    found = decide(seen(story, **changes), settings)  # type: ignore[arg-type]
    return [action for action in found if isinstance(action, kind)]


def test_a_quiet_pull_request_is_not_talked_about() -> None:
    story = (
        Story().bind("login", 1).attempt("login", 1, outcome="proposed").tell(OPENED, unit="login")
    )
    assert pull_status(story.history.unit(unit("login").id)) == ""
    assert of_kind(act.Tell, story) == []


def test_what_was_done_is_one_table() -> None:
    assert pull_status(fixed_up().history.unit(unit("login").id)) == (
        "| Fix-up | Commit | For | What was done |\n"
        "|---|---|---|---|\n"
        "| 1 | ddddddd | 2 comments, 1 red check, conflict with the base "
        "| Renamed it. Closes ＃7 \\| ＠ana |\n"
    )


def test_that_a_person_is_asked_comes_first() -> None:
    story = fixed_up().tell(e.NeedsHuman(("it was fixed up 2 times",)), unit="login")
    text = pull_status(story.history.unit(unit("login").id))
    assert text.startswith("**This waits for a person.**")
    assert "1. it was fixed up 2 times" in text and "`loopcoder retry login`" in text
    assert text.index("retry") < text.index("| Fix-up |")


def test_it_is_told_once_and_again_when_it_changes() -> None:
    story = fixed_up()
    (told,) = of_kind(act.Tell, story)
    assert isinstance(told, act.Tell) and told.pull == 9
    story.tell(e.PullTold(9, 77, digest_of(told.text)), unit="login")
    assert of_kind(act.Tell, story) == []
    story.tell(e.NeedsHuman(("enough",)), unit="login")
    assert len(of_kind(act.Tell, story)) == 1


def test_no_new_comment_beyond_the_days_limit() -> None:
    none_left = replace(SETTINGS, limits=Limits(comments_per_day=0))
    story = fixed_up()
    assert of_kind(act.Tell, story, none_left) == []
    story.tell(e.PullTold(9, 77, "of an earlier text"), unit="login")
    assert len(of_kind(act.Tell, story, none_left)) == 1, "editing is not limited"


def test_a_comment_that_no_list_may_show_yet_is_waited_for() -> None:
    hosted = replace(SETTINGS, list_lag_s=90)
    story = fixed_up()
    story.at = NOW - timedelta(seconds=30)
    story.tell(e.EffectBegun("comment.create", "#9"), unit="login")
    now = NOW + timedelta(seconds=90)
    later = replace(seen(story), now=now, tick=TickState("r2", now))
    assert of_kind(act.Tell, story, hosted) == []
    assert of_kind(act.SettleEffect, story, hosted) == []
    kinds = [type(action) for action in decide(later, hosted)]
    assert act.Tell in kinds and act.SettleEffect in kinds


def test_reviewers_are_asked_once() -> None:
    asking = replace(SETTINGS, reviewers=("ana", "acme/core"))
    story = (
        Story().bind("login", 1).attempt("login", 1, outcome="proposed").tell(OPENED, unit="login")
    )
    (asked,) = of_kind(act.RequestReview, story, asking)
    assert isinstance(asked, act.RequestReview) and asked.names == ("ana", "acme/core")
    owned = of_kind(act.RequestReview, story, asking, unit=unit("login", owner="ben"))
    assert [each.names for each in owned if isinstance(each, act.RequestReview)] == [("ben",)]
    story.tell(e.ReviewRequested(9, ("ana", "acme/core")), unit="login")
    assert of_kind(act.RequestReview, story, asking) == []
