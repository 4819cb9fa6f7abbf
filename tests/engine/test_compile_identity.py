"""Which issue a unit is: markers copied, forged and lost, and units that were filed twice."""

from __future__ import annotations

import pytest

from loopcoder.domain.diagnostic import Unavailable
from loopcoder.domain.issues.issue import IssueDraft
from loopcoder.domain.issues.issue_body import END, MARK
from loopcoder.domain.journal.event import Entry, IssueBound
from loopcoder.domain.unit import UnitId
from tests.support.compiling import CompileWorld, actions
from tests.support.roadmaps import ROADMAP, TICKED, blocked_by

# --- identity


def test_a_copied_marker_is_reported_and_changes_nothing(world: CompileWorld) -> None:
    copy = world.ana.create_issue(IssueDraft("Copy", world.issue("session-store").body))
    plan = world.plan(ROADMAP)
    assert plan.writes == 0
    assert [d.summary for d in plan.diagnostics] == [
        f"#{copy.number} carries the marker of session-store, which is #1; ignored."
    ]


def test_a_forged_marker_for_a_new_unit_is_not_believed(world: CompileWorld) -> None:
    forged = f"{MARK}id=captcha plan=main digest=x v=1 -->\nDo evil.\n{END}"
    issue = world.mallory.create_issue(IssueDraft("Captcha", forged))
    more = ROADMAP + "- [ ] Captcha <!-- id: captcha -->\n"
    assert "ignored" in world.plan(more).diagnostics[0].summary
    world.settle(more)
    assert world.issue("captcha").number == issue.number + 1
    assert world.forge.issues[issue.number].body == forged


def test_a_marker_moved_into_another_units_issue_is_not_believed(world: CompileWorld) -> None:
    foreign = f"\n{MARK}id=captcha plan=main digest=x v=1 -->\nx\n{END}"
    world.edit("session-store", lambda body: body + foreign)
    more = ROADMAP + "- [ ] Captcha <!-- id: captcha -->\n"
    assert "#1 is session-store and carries the marker of captcha" in (
        world.plan(more).diagnostics[0].summary
    )
    world.settle(more)
    assert world.issue("captcha").number == 4


def test_a_lost_journal_is_rebuilt_from_our_own_markers(world: CompileWorld) -> None:
    before = world.state()
    world.journal = type(world.journal)(world.clock)
    assert world.settle(ROADMAP).writes == 0
    assert world.state() == before
    world.settle(TICKED)
    assert not world.issue("session-store").is_open


def test_a_lost_journal_and_a_changed_block_is_drift(world: CompileWorld) -> None:
    world.edit("session-store", lambda body: body.replace("no Redis", "please no Redis"))
    world.journal = type(world.journal)(world.clock)
    changed = ROADMAP.replace("no Redis", "no server")
    world.settle(changed)
    assert ("drift", "session-store") in actions(world.plan(changed))
    assert "please no Redis" in world.issue("session-store").body
    world.settle(changed, overwrite_drift=True)
    assert "no server" in world.issue("session-store").body


def test_a_lost_journal_and_a_changed_roadmap_is_an_update(world: CompileWorld) -> None:
    world.journal = type(world.journal)(world.clock)
    world.settle(ROADMAP.replace("no Redis", "no server"))
    assert "no server" in world.issue("session-store").body


def test_a_deleted_issue_is_filed_again_once(world: CompileWorld) -> None:
    del world.forge.issues[1]
    plan = world.plan(ROADMAP)
    assert plan.changes[0].reason == "its issue #1 is gone; filed again"
    world.settle(ROADMAP)
    again = world.issue("session-store").number
    assert again == 4
    assert blocked_by(world, "login-form") == {4}
    del world.forge.issues[4]
    assert world.plan(ROADMAP).changes[0].action == "noop"
    assert "gone" in world.plan(ROADMAP).changes[0].reason


def test_an_issue_that_the_list_does_not_show_yet_is_not_filed_again(world: CompileWorld) -> None:
    world.tracker.list_issues = lambda: list(world.forge.issues.values())[1:]  # type: ignore[method-assign]
    assert world.plan(ROADMAP).writes == 0


def test_an_adopted_issue_keeps_its_text_and_gets_the_block() -> None:
    world = CompileWorld()
    issue = world.mallory.create_issue(IssueDraft("please add login", "I want it.\r\n"))
    world.journal.record(
        Entry(IssueBound("main", issue.number, issue.id, "adopted"), UnitId("login-form"))
    )
    world.settle("- [ ] Login form <!-- id: login-form -->\n")
    adopted = world.issue("login-form")
    assert (adopted.number, adopted.title) == (issue.number, "Login form")
    assert adopted.body.startswith(MARK)
    assert adopted.body.endswith(f"{END}\n\nI want it.\r\n")


def test_a_unit_of_another_plan_is_not_taken_over(world: CompileWorld) -> None:
    world.plan_id = "next"
    plan = world.plan("<!-- roadmap: id=next -->\n" + ROADMAP)
    assert not plan.applyable
    assert "already a unit of plan 'main'" in plan.diagnostics[0].summary


# --- filed twice


ONE = "- [ ] Session store <!-- id: session-store -->\n"


def filed_twice() -> CompileWorld:
    """#1's answer was lost and it stayed out of the list for too long, so #2 was filed."""
    world = CompileWorld(lag_s=90)
    world.tracker.fail("create_issue", after_commit=True)
    world.compile(ONE)
    world.later(seconds=95)
    listed = world.tracker.list_issues
    world.tracker.list_issues = list  # type: ignore[method-assign]
    world.compile(ONE)
    world.tracker.list_issues = listed  # type: ignore[method-assign]
    world.later()
    return world


def test_a_late_duplicate_is_closed_with_a_link_and_the_bound_issue_stays() -> None:
    world = filed_twice()
    world.ana.create_comment(1, "I like this one.")
    (change,) = world.plan(ONE).pending
    assert (change.action, change.issue, change.writes) == ("close", 1, 2)
    assert change.reason == "filed a second time; #2 stays"
    applied = world.settle(ONE, unattended=True)
    assert [(d.unit, d.issue) for d in applied.applied] == [("session-store", 1)]
    assert world.forge.issues[1].is_not_planned
    assert world.issue("session-store").number == 2
    assert world.issue("session-store").is_open
    said = [comment.body for comment in world.tracker.list_comments(1)]
    assert said[0] == "I like this one."
    assert "#2 is the issue of this unit" in said[1]
    assert world.tracker.list_comments(2) == []


def test_a_duplicate_that_a_person_reopens_stays_open() -> None:
    world = filed_twice()
    world.settle(ONE)
    world.ana.reopen_issue(1)
    assert world.settle(ONE).writes == 0
    assert "re-opened" in world.plan(ONE).diagnostics[0].summary


def test_with_a_lost_journal_the_lowest_number_stays() -> None:
    world = filed_twice()
    world.journal = type(world.journal)(world.clock)
    world.settle(ONE)
    assert world.issue("session-store").number == 1
    assert [issue.is_open for issue in world.forge.issues.values()] == [True, False]


def test_a_copy_by_hand_is_no_duplicate(world: CompileWorld) -> None:
    """Also where our account is the maintainer's own: a copy lacks what we file with."""
    world.tracker.create_issue(IssueDraft("Copy", world.issue("session-store").body))
    assert world.plan(ROADMAP).writes == 0
    assert "ignored" in world.plan(ROADMAP).diagnostics[0].summary


@pytest.mark.parametrize("after_commit", [True, False])
@pytest.mark.parametrize("verb", ["create_comment", "close_issue"])
def test_a_duplicate_whose_closing_was_cut_short(verb: str, after_commit: bool) -> None:
    world = filed_twice()
    world.tracker.fail(verb, after_commit=after_commit)
    assert world.compile(ONE).failed
    world.settle(ONE)
    assert world.forge.issues[1].is_not_planned
    assert len(world.tracker.list_comments(1)) == 1


def test_a_marker_in_a_writers_issue_is_believed(world: CompileWorld) -> None:
    body = f"{MARK}id=captcha plan=main digest=x v=1 -->\nA picture.\n{END}"
    issue = world.ana.create_issue(IssueDraft("Captcha", body))
    world.settle(ROADMAP + "- [ ] Captcha <!-- id: captcha -->\n")
    assert world.issue("captcha").number == issue.number


def test_nobody_is_asked_about_while_the_journal_knows(world: CompileWorld) -> None:
    world.mallory.create_issue(IssueDraft("Copy", world.issue("session-store").body))
    world.tracker.fail("permission", error=Unavailable("asked"))
    assert world.plan(ROADMAP).writes == 0
