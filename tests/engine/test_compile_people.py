"""People close, edit and label issues, and compile respects it: one situation a test."""

from __future__ import annotations

from dataclasses import replace

import pytest

from loopcoder.domain.issues.issue import CloseReason, IssueDraft
from loopcoder.domain.issues.issue_body import END, MARK
from loopcoder.domain.journal.event import EdgeAdded, EdgeWaived, Entry
from loopcoder.domain.roadmap.roadmap import parse_roadmap
from loopcoder.domain.unit import UnitId, edges_digest
from loopcoder.engine.compile.apply import apply_plan
from tests.support.compiling import OUTSIDER, CompileWorld, actions
from tests.support.roadmaps import ROADMAP, TICKED, blocked_by

# --- people close and open


def test_an_open_box_never_reopens_what_a_person_closed(world: CompileWorld) -> None:
    world.ana.close_issue(1, CloseReason.COMPLETED)
    change = world.plan(ROADMAP).changes[0]
    assert (change.action, change.reason) == ("noop", "done; its box is still open")
    world.settle(ROADMAP)
    assert world.issue("session-store").is_completed
    assert blocked_by(world, "login-form") == set()


def test_closed_as_not_planned_by_a_person_keeps_dependants_blocked(world: CompileWorld) -> None:
    world.ana.close_issue(1, CloseReason.NOT_PLANNED)
    world.settle(ROADMAP)
    assert world.issue("session-store").is_not_planned
    assert blocked_by(world, "login-form") == {1}


def test_closed_by_a_person_then_ticked_then_unticked(world: CompileWorld) -> None:
    world.ana.close_issue(1, CloseReason.COMPLETED)
    assert world.settle(TICKED).writes == 2  # only the dependants' labels
    world.settle(ROADMAP)
    assert world.issue("session-store").is_open


def test_reopened_by_a_person_stays_open(world: CompileWorld) -> None:
    world.settle(TICKED)
    world.ana.reopen_issue(1)
    assert "re-opened by a person" in world.plan(TICKED).changes[0].reason
    world.settle(TICKED)
    assert world.issue("session-store").is_open
    assert blocked_by(world, "login-form") == {1}


# --- people edit


def test_text_outside_the_block_survives_byte_for_byte(world: CompileWorld) -> None:
    before, after = "Mine, before. \r\n\r\n", "\r\n\r\n\tMine <!-- and hidden -->, after.  \n\n"
    world.edit("session-store", lambda body: before + body + after)
    assert world.plan(ROADMAP).writes == 0
    world.settle(ROADMAP.replace("no Redis", "no server"))
    body = world.issue("session-store").body
    assert body.startswith(before + MARK)
    assert body.endswith(END + after)
    assert "no server" in body


def test_an_edit_between_plan_and_apply_is_kept(world: CompileWorld) -> None:
    changed = ROADMAP.replace("no Redis", "no server")
    plan = world.plan(changed)
    world.edit("session-store", lambda body: body + "\n\nLate remark.")
    apply_plan(plan, world.clerk)
    assert world.issue("session-store").body.endswith("\n\nLate remark.")
    assert "no server" in world.issue("session-store").body


def test_an_edit_of_the_block_between_plan_and_apply_is_not_overwritten(
    world: CompileWorld,
) -> None:
    changed = ROADMAP.replace("no Redis", "no server")
    plan = world.plan(changed)
    world.edit("session-store", lambda body: body.replace("no Redis", "please no Redis"))
    applied = apply_plan(plan, world.clerk)
    assert [left.change.unit for left in applied.waiting] == ["session-store"]
    assert "please no Redis" in world.issue("session-store").body


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (
            lambda body: body.replace("no Redis", "please no Redis"),
            "block edited in the issue; kept",
        ),
        (lambda body: "Nothing left.", "block removed in the issue; kept"),
        (lambda body: body.replace(END, ""), "block removed in the issue; kept"),
    ],
)
def test_drift_is_reported_and_kept_unless_asked(world: CompileWorld, edit, reason) -> None:  # type: ignore[no-untyped-def]
    world.edit("session-store", edit)
    edited = world.issue("session-store").body
    plan = world.plan(ROADMAP)
    assert actions(plan) == [("drift", "session-store")]
    assert (plan.changes[0].reason, plan.writes) == (reason, 0)
    world.settle(ROADMAP)
    assert world.issue("session-store").body == edited
    world.settle(ROADMAP, overwrite_drift=True)
    assert "SQLite, no Redis." in world.issue("session-store").body
    assert world.plan(ROADMAP).writes == 0


def test_an_edited_title_is_drift(world: CompileWorld) -> None:
    world.ana.update_issue(1, title="Store of sessions")
    assert world.plan(ROADMAP).changes[0].reason == "title edited in the issue; kept"
    world.settle(ROADMAP)
    assert world.issue("session-store").title == "Store of sessions"
    world.settle(ROADMAP, overwrite_drift=True)
    assert world.issue("session-store").title == "Session store"


def test_both_changed_is_drift_and_not_overwritten(world: CompileWorld) -> None:
    world.edit("session-store", lambda body: body.replace("no Redis", "please no Redis"))
    changed = ROADMAP.replace("no Redis", "no server")
    assert "the roadmap changed too" in world.plan(changed).changes[0].reason
    world.settle(changed)
    assert "please no Redis" in world.issue("session-store").body


def test_the_same_edit_on_both_sides_is_no_drift(world: CompileWorld) -> None:
    world.edit("session-store", lambda body: body.replace("no Redis", "no server"))
    changed = ROADMAP.replace("no Redis", "no server")
    assert world.settle(changed).writes == 0
    assert actions(world.plan(changed)) == []
    assert world.settle(changed.replace("no server", "no cache")).writes == 1


def test_a_drifted_unit_is_still_closed_when_ticked(world: CompileWorld) -> None:
    world.edit("session-store", lambda body: body.replace("no Redis", "please no Redis"))
    assert actions(world.plan(TICKED))[:2] == [
        ("drift", "session-store"),
        ("close", "session-store"),
    ]
    world.settle(TICKED)
    assert not world.issue("session-store").is_open
    assert "please no Redis" in world.issue("session-store").body


def test_a_block_saved_by_a_browser_with_crlf_is_no_drift(world: CompileWorld) -> None:
    world.edit("session-store", lambda body: body.replace("\n", "\r\n") + "\r\n")
    assert actions(world.plan(ROADMAP)) == []


def test_an_overgrown_issue_is_left_alone_and_named(world: CompileWorld) -> None:
    world.edit("session-store", lambda body: body + "\n" + "x" * 65_000)
    applied = world.compile(ROADMAP.replace("no Redis", "no " + "server " * 90))
    assert "no room" in applied.waiting[0].reason


# --- labels and waivers


def test_a_person_waives_an_edge_by_taking_the_label_off(world: CompileWorld) -> None:
    world.ana.remove_label(2, "blocked-by:#1")
    plan = world.plan(ROADMAP)
    assert plan.writes == 0
    assert plan.changes[1].reason == "#1 waived by @ana"
    world.settle(ROADMAP)
    waivers = world.journal.history().unit(UnitId("login-form")).waivers
    assert [(waiver.blocker, waiver.by) for waiver in waivers] == [(1, "ana")]
    length = len(world.journal.rows)
    world.settle(ROADMAP)
    assert len(world.journal.rows) == length


def test_a_waiver_ends_with_the_edge_it_was_for(world: CompileWorld) -> None:
    world.ana.remove_label(2, "blocked-by:#1")
    world.settle(ROADMAP)
    world.settle(ROADMAP.replace(" (after: session-store)", ""))
    world.settle(ROADMAP)
    assert blocked_by(world, "login-form") == {1}


def test_a_waiver_of_another_edge_change_ends_too(world: CompileWorld) -> None:
    world.ana.remove_label(3, "blocked-by:#1")
    world.settle(ROADMAP)
    assert blocked_by(world, "sso") == {2}
    world.settle(ROADMAP.replace("login-form, #1)", "#1)"))
    assert blocked_by(world, "sso") == {1}


def test_a_label_taken_off_by_our_own_account_is_restored(world: CompileWorld) -> None:
    world.tracker.remove_label(2, "blocked-by:#1")
    assert "label restored: blocked-by:#1" in world.plan(ROADMAP).changes[1].reason
    world.settle(ROADMAP)
    assert blocked_by(world, "login-form") == {1}


def test_a_label_taken_off_by_somebody_who_may_not_write_is_restored(world: CompileWorld) -> None:
    from loopcoder.domain.issues.issue import Permission

    world.forge.permissions[OUTSIDER.id] = Permission.READ
    world.mallory.remove_label(2, "blocked-by:#1")
    world.settle(ROADMAP)
    assert blocked_by(world, "login-form") == {1}


def test_a_deleted_label_is_restored_everywhere(world: CompileWorld) -> None:
    world.ana.delete_label("blocked-by:#1")
    assert world.settle(ROADMAP).writes == 2
    assert blocked_by(world, "login-form") == {1}
    assert blocked_by(world, "sso") == {1, 2}


def test_a_deleted_label_that_one_issue_had_is_restored(world: CompileWorld) -> None:
    world.ana.delete_label("blocked-by:#2")
    world.settle(ROADMAP)
    assert blocked_by(world, "sso") == {1, 2}


def test_a_deleted_label_is_no_waiver_when_only_the_first_was_restored(
    world: CompileWorld,
) -> None:
    world.ana.delete_label("blocked-by:#1")
    world.later()
    world.tracker.add_label(2, "blocked-by:#1")
    world.settle(ROADMAP)
    assert blocked_by(world, "sso") == {1, 2}


def test_a_renamed_or_lost_label_without_an_event_is_restored(world: CompileWorld) -> None:
    issue = world.forge.issues[2]
    world.forge.issues[2] = replace(issue, labels=frozenset({"blocked: 1"}))
    world.settle(ROADMAP)
    assert world.issue("login-form").labels == {"blocked: 1", "blocked-by:#1", "loopcoder"}


def test_a_person_adds_an_edge_and_it_counts_until_it_is_done(world: CompileWorld) -> None:
    other = world.ana.create_issue(IssueDraft("By hand", "Text."))
    world.ana.add_label(1, f"blocked-by:#{other.number}")
    assert world.settle(ROADMAP).writes == 0
    world.ana.close_issue(other.number, CloseReason.COMPLETED)
    world.settle(ROADMAP)
    assert blocked_by(world, "session-store") == set()


def test_edges_by_peoples_word_in_the_journal(world: CompileWorld) -> None:
    unit = parse_roadmap(ROADMAP).roadmap.by_id[UnitId("login-form")]
    world.journal.record(Entry(EdgeAdded("ana", 3), UnitId("session-store")))
    world.journal.record(Entry(EdgeWaived("ana", 1, edges_digest(unit)), unit.id))
    world.settle(ROADMAP)
    assert blocked_by(world, "session-store") == {3}
    assert blocked_by(world, "login-form") == set()


def test_a_blocker_that_is_no_issue_is_named(world: CompileWorld) -> None:
    plan = world.plan(ROADMAP.replace("#1)", "#77)"))
    assert [diagnostic.summary for diagnostic in plan.diagnostics] == [
        "sso waits for #77, and there is no such issue."
    ]
    world.settle(ROADMAP.replace("#1)", "#77)"))
    assert blocked_by(world, "sso") == {2, 77}
