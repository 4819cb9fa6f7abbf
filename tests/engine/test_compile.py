"""The roadmap changes, people change issues, and compile reconciles: one situation a test."""

from __future__ import annotations

from dataclasses import replace

import pytest

from loopcoder.domain.diagnostic import RoadmapError, Unavailable
from loopcoder.domain.issues.issue import CloseReason, IssueDraft
from loopcoder.domain.issues.issue_body import END, MARK
from loopcoder.domain.journal.event import EdgeAdded, EdgeWaived, Entry, IssueBound, TickBegun
from loopcoder.domain.roadmap.roadmap import parse_roadmap
from loopcoder.domain.settings import Limits
from loopcoder.domain.unit import UnitId, edges_digest
from loopcoder.engine.compile.apply import apply_plan
from tests.support.compiling import ANA, OUTSIDER, CompileWorld, actions

ROADMAP = """\
## Now

- [ ] Session store <!-- id: session-store -->
  SQLite, no Redis.
- [ ] Login form (after: session-store) <!-- id: login-form -->
  A form with two fields.
- [ ] Single sign-on (after: login-form, #1) <!-- id: sso -->
- [x] Skeleton <!-- id: skeleton -->
- [-] LDAP <!-- id: ldap -->
"""
TICKED = ROADMAP.replace("- [ ] Session", "- [x] Session")
DROPPED = ROADMAP.replace("- [ ] Single", "- [-] Single")


@pytest.fixture
def world() -> CompileWorld:
    """The roadmap, compiled."""
    world = CompileWorld()
    world.settle(ROADMAP)
    world.later()
    return world


def blocked_by(world: CompileWorld, unit: str) -> set[int]:
    return set(world.issue(unit).blocked_by)


# --- the first time


def test_open_units_are_filed_in_dependency_order_and_nothing_twice() -> None:
    world = CompileWorld()
    backwards = "- [ ] B (after: a) <!-- id: b -->\n- [ ] A <!-- id: a -->\n"
    applied = world.settle(backwards)
    assert [(done.unit, done.issue) for done in applied.applied] == [("a", 1), ("b", 2)]
    assert applied.writes == 2
    assert blocked_by(world, "b") == {1}
    assert world.compile(backwards).writes == 0


def test_what_was_done_before_it_was_filed_is_not_filed(world: CompileWorld) -> None:
    assert {issue.title for issue in world.forge.issues.values()} == {
        "Session store",
        "Login form",
        "Single sign-on",
    }
    assert blocked_by(world, "sso") == {1, 2}


def test_a_second_compile_adds_nothing_to_the_journal_either(world: CompileWorld) -> None:
    length = len(world.journal.rows)
    world.compile(ROADMAP)
    assert len(world.journal.rows) == length


# --- the roadmap changes


def test_retitled_reworded_and_moved(world: CompileWorld) -> None:
    changed = ROADMAP.replace("Session store", "A session store").replace("no Redis", "no server")
    moved = changed.replace("## Now", "## Later")
    (first, *rest) = world.plan(moved).pending
    assert first.reason == "title changed; body: description, roadmap changed"
    assert [change.unit for change in rest] == ["login-form", "sso"]
    world.settle(moved)
    assert world.issue("session-store").title == "A session store"
    assert "no server" in world.issue("session-store").body


def test_reordered_or_in_another_file_writes_nothing(world: CompileWorld) -> None:
    lines = ROADMAP.splitlines(keepends=True)
    shuffled = "".join([*lines[:2], *lines[6:], *lines[2:6]])
    assert world.plan(shuffled).writes == 0
    reading = parse_roadmap(ROADMAP, "docs/plan.md")
    assert reading.roadmap.units[0].file == "docs/plan.md"
    assert world.plan("\n\n" + ROADMAP).writes == 0


def test_ticked_closes_and_frees_dependants(world: CompileWorld) -> None:
    assert actions(world.plan(TICKED)) == [
        ("close", "session-store"),
        ("update", "login-form"),
        ("update", "sso"),
    ]
    world.settle(TICKED)
    assert world.issue("session-store").close_reason is CloseReason.COMPLETED
    assert blocked_by(world, "login-form") == set()
    assert blocked_by(world, "sso") == {2}


def test_ticked_and_retitled_at_once(world: CompileWorld) -> None:
    world.settle(TICKED.replace("Session store", "Session store, on SQLite"))
    assert world.issue("session-store").title == "Session store, on SQLite"
    assert not world.issue("session-store").is_open


def test_unticked_reopens_the_same_issue(world: CompileWorld) -> None:
    world.settle(TICKED)
    assert actions(world.plan(ROADMAP))[0] == ("reopen", "session-store")
    world.settle(ROADMAP)
    assert world.issue("session-store").is_open
    assert blocked_by(world, "login-form") == {1}


def test_dropped_and_taken_up_again(world: CompileWorld) -> None:
    world.settle(DROPPED)
    assert world.issue("sso").is_not_planned
    world.settle(ROADMAP)
    assert world.issue("sso").is_open


def test_dropped_then_done_is_closed_as_completed(world: CompileWorld) -> None:
    world.settle(DROPPED)
    world.settle(ROADMAP.replace("- [ ] Single", "- [x] Single"))
    assert world.issue("sso").is_completed
    world.settle(DROPPED)
    assert world.issue("sso").is_not_planned


def test_dependants_of_a_dropped_unit_stay_blocked(world: CompileWorld) -> None:
    world.settle(ROADMAP.replace("- [ ] Session", "- [-] Session"))
    assert blocked_by(world, "login-form") == {1}


def test_a_changed_edge_changes_labels(world: CompileWorld) -> None:
    world.settle(ROADMAP.replace(" (after: session-store)", ""))
    assert blocked_by(world, "login-form") == set()
    world.settle(ROADMAP)
    assert blocked_by(world, "login-form") == {1}


def test_an_edge_to_a_unit_that_is_filed_in_the_same_run(world: CompileWorld) -> None:
    more = ROADMAP + "- [ ] Captcha <!-- id: captcha -->\n"
    more = more.replace("(after: session-store)", "(after: session-store, captcha)")
    waiting = {change.unit: change.wait_for for change in world.plan(more).pending}
    assert waiting == {"captcha": (), "login-form": ("captcha",)}
    world.settle(more)
    assert blocked_by(world, "login-form") == {1, world.issue("captcha").number}


def test_labels_of_the_roadmap(world: CompileWorld) -> None:
    labelled = ROADMAP.replace("  SQLite", "  Labels: Backend, db\n  SQLite")
    world.ana.add_label(2, "backend")  # GitHub knows no case: ours is then spelled as hers
    world.settle(labelled)
    assert world.issue("session-store").labels == {"loopcoder", "backend", "db"}
    world.settle(ROADMAP)
    assert world.issue("session-store").labels == {"loopcoder"}
    assert "backend" in world.issue("login-form").labels


def test_a_parent_closes_and_opens_with_its_children() -> None:
    world = CompileWorld()
    text = (
        "- [ ] Sign in <!-- id: sign-in -->\n"
        "  - [ ] Form <!-- id: form -->\n"
        "  - [ ] Store <!-- id: store -->\n"
    )
    world.settle(text)
    world.settle(text.replace("[ ] Form", "[x] Form"))
    assert world.issue("sign-in").is_open
    world.ana.close_issue(world.issue("store").number, CloseReason.COMPLETED)
    world.settle(text.replace("[ ] Form", "[x] Form"))
    assert world.issue("sign-in").is_completed
    world.settle(text)
    assert world.issue("sign-in").is_open
    assert world.issue("store").is_completed


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


# --- units that vanish, ids that change hands


FIVE = "".join(f"- [ ] Unit number {n} <!-- id: u{n} -->\n" for n in range(5))


def without(*numbers: int) -> str:
    return "".join(
        line for n, line in enumerate(FIVE.splitlines(keepends=True)) if n not in numbers
    )


def test_a_vanished_unit_is_reported_and_kept() -> None:
    world = CompileWorld()
    world.settle(FIVE)
    plan = world.plan(without(3))
    assert plan.writes == 0
    assert plan.applyable
    assert "u3 is no longer in the roadmap" in plan.diagnostics[0].summary


def test_prune_closes_it_and_a_restored_unit_is_open_again() -> None:
    world = CompileWorld()
    world.settle(FIVE)
    world.settle(without(3), prune=True)
    assert world.issue("u3").is_not_planned
    assert world.plan(without(3)).diagnostics == ()
    world.settle(FIVE)
    assert world.issue("u3").is_open


def test_many_vanished_units_are_not_pruned_without_force() -> None:
    world = CompileWorld()
    world.settle(FIVE)
    with pytest.raises(RoadmapError):
        world.compile(without(1, 2), prune=True)
    assert all(issue.is_open for issue in world.forge.issues.values())
    world.settle(without(1, 2), prune=True, force_prune=True)
    assert [i.is_open for i in world.forge.issues.values()] == [True, False, False, True, True]


def test_a_tick_never_prunes() -> None:
    world = CompileWorld()
    world.settle(FIVE)
    world.compile(without(3), unattended=True, prune=True, force_prune=True)
    assert world.issue("u3").is_open


def test_done_units_may_leave_the_roadmap(world: CompileWorld) -> None:
    world.settle(TICKED)
    left = world.plan("\n".join(TICKED.splitlines()[:2] + TICKED.splitlines()[4:]))
    assert not [d for d in left.diagnostics if "no longer" in d.summary]


def test_a_tick_leaves_drops_to_a_person_and_closes_what_is_done(world: CompileWorld) -> None:
    both = DROPPED.replace("- [ ] Session", "- [x] Session")
    applied = world.compile(both, unattended=True)
    assert world.issue("session-store").is_completed
    assert world.issue("sso").is_open
    assert "waits for a person" in applied.waiting[0].reason
    assert world.compile(both).writes == 1
    assert world.issue("sso").is_not_planned


def test_an_id_that_changes_hands_is_an_error(world: CompileWorld) -> None:
    reused = ROADMAP.replace("Session store", "Quarterly export").replace(
        "SQLite, no Redis.", "CSV."
    )
    plan = world.plan(reused)
    assert not plan.applyable
    assert "session-store was “Session store” (#1)" in plan.diagnostics[0].summary
    assert plan.diagnostics[0].where is not None
    assert plan.diagnostics[0].where.line == 3
    with pytest.raises(RoadmapError):
        apply_plan(plan, world.clerk)
    assert world.issue("session-store").title == "Session store"
    world.settle(reused, retitle=frozenset({UnitId("session-store")}))
    assert world.issue("session-store").title == "Quarterly export"


def test_a_new_title_over_the_same_text_is_no_error(world: CompileWorld) -> None:
    world.settle(ROADMAP.replace("Session store", "Persistence"))
    assert world.issue("session-store").title == "Persistence"


def test_a_roadmap_with_an_error_is_shown_and_not_applied(world: CompileWorld) -> None:
    broken = TICKED.replace("(after: session-store)", "(after: sesion-store)")
    plan = world.plan(broken)
    assert ("close", "session-store") in actions(plan)
    with pytest.raises(RoadmapError) as caught:
        apply_plan(plan, world.clerk)
    assert caught.value.exit_code == 2
    assert world.issue("session-store").is_open


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


# --- limits and failures


def test_the_limit_of_issues_a_day() -> None:
    world = CompileWorld(limits=Limits(issues_per_day=2))
    applied = world.compile(FIVE)
    assert len(world.forge.issues) == 2
    assert "limit of 2 new issues a day" in applied.waiting[0].reason
    assert world.compile(FIVE).writes == 0
    world.later(hours=25)
    world.compile(FIVE)
    assert len(world.forge.issues) == 4


def test_a_lost_answer_makes_no_second_issue() -> None:
    world = CompileWorld()
    world.tracker.fail("create_issue", after_commit=True)
    applied = world.compile(ROADMAP)
    assert len(applied.failed) == 1
    world.settle(ROADMAP)
    titles = [issue.title for issue in world.forge.issues.values()]
    assert sorted(titles) == ["Login form", "Session store", "Single sign-on"]


def test_an_issue_that_shows_up_in_the_list_late_is_found_before_filing() -> None:
    world = CompileWorld()
    world.tracker.fail("create_issue", after_commit=True)
    one = "- [ ] Session store <!-- id: session-store -->\n"
    world.compile(one)
    listed = world.tracker.list_issues
    world.tracker.list_issues = list  # type: ignore[method-assign]
    plan = world.plan(one)
    assert actions(plan) == [("create", "session-store")]
    world.tracker.list_issues = listed  # type: ignore[method-assign]
    assert apply_plan(plan, world.clerk).writes == 0
    assert world.settle(one).writes == 0
    assert world.issue("session-store").number == 1
    assert len(world.forge.issues) == 1


def test_an_intent_is_not_repeated_while_the_list_may_lag() -> None:
    world = CompileWorld(lag_s=90)
    world.tracker.fail("create_issue", error=Unavailable("reset"))
    one = "- [ ] Session store <!-- id: session-store -->\n"
    world.compile(one)
    applied = world.compile(one)
    assert "may still show up" in applied.waiting[0].reason
    world.later(seconds=91)
    world.settle(one)
    assert len(world.forge.issues) == 1


def test_a_live_process_with_an_intent_is_waited_for() -> None:
    world = CompileWorld()
    world.tracker.fail("create_issue", error=Unavailable("reset"))
    one = "- [ ] Session store <!-- id: session-store -->\n"
    world.compile(one)
    world.pid, world.alive = 2, {1}
    applied = world.compile(one)
    assert applied.stopped is not None
    assert applied.stopped.exit_code == 75
    world.alive = set()
    world.settle(one)


def test_one_refused_issue_does_not_stop_the_others() -> None:
    world = CompileWorld()
    world.tracker.fail("create_issue", error=Unavailable("422"))
    applied = world.compile(ROADMAP)
    assert [left.change.unit for left in applied.failed] == ["session-store"]
    assert [done.unit for done in applied.applied] == ["login-form", "sso"]
    world.settle(ROADMAP)
    assert blocked_by(world, "login-form") == {world.issue("session-store").number}


def test_the_digest_names_the_writes_and_nothing_else(world: CompileWorld) -> None:
    plan = world.plan(TICKED)
    assert plan.approved_by(plan.short)
    assert plan.approved_by(plan.digest)
    assert not plan.approved_by(plan.digest[:5])
    assert not world.plan(DROPPED).approved_by(plan.short)
    world.later()
    assert world.plan("\n" + TICKED).digest == plan.digest
    assert ANA.id != world.tracker.whoami().id


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


# --- limits on what is written


def bounded(**limits: int) -> CompileWorld:
    return CompileWorld(limits=Limits(issues_per_day=1000, **limits), keeps_edges=True)


def test_the_limit_of_issues_a_tick_counts_over_its_passes() -> None:
    world = bounded(issues_per_tick=2)
    for _ in range(2):
        world.journal.record(Entry(TickBegun("run", "base", world.clerk.holder)))
        for _ in range(2):
            applied = world.compile(FIVE, unattended=True)
        world.later()
        assert "the limit of 2 new issues a tick" in applied.waiting[0].reason
    assert len(world.forge.issues) == 4
    world.settle(FIVE)  # a person who compiles is bound by the day alone
    assert len(world.forge.issues) == 5


def test_the_limit_of_label_writes_a_day() -> None:
    chain = FIVE + "- [ ] Last (after: u0, u1) <!-- id: last -->\n"
    world = bounded(labels_per_day=5)
    world.settle(chain)  # two dependencies
    more = chain.replace("u1)", "u1, u2)")
    world.settle(more)  # one label, one dependency
    world.later()
    most = more.replace("u2)", "u2, u3)")
    applied = world.compile(most.replace("Last", "The last"))
    assert applied.writes == 0
    assert applied.waiting[0].reason == "the limit of 5 label writes a day is reached"
    world.later(hours=25)
    world.settle(most)
    assert world.issue("last").blocked_by == world.edges("last") == {1, 2, 3, 4}


def test_an_issue_is_filed_though_its_dependencies_have_to_wait() -> None:
    text = FIVE + "- [ ] Last (after: u0, u1) <!-- id: last -->\n"
    world = bounded(labels_per_tick=1)
    world.journal.record(Entry(TickBegun("run", "base", world.clerk.holder)))
    world.settle(FIVE.replace("Unit number 1", "Unit number 1 (after: u0)"))
    applied = world.compile(text.replace("Unit number 1", "Unit number 1 (after: u0)"), True)
    assert applied.waiting[0].reason.startswith(
        "#6 is filed, its dependencies wait: the limit of 1"
    )
    assert world.issue("last").blocked_by == {1, 2}
    world.settle(text.replace("Unit number 1", "Unit number 1 (after: u0)"))
    assert world.edges("last") == {1, 2}


def test_more_labels_than_a_limit_ever_allows_go_alone() -> None:
    text = FIVE + "- [ ] Last (after: u0, u1, u2) <!-- id: last -->\n"
    world = bounded(labels_per_day=2)
    world.settle(text)
    assert world.edges("last") == {1, 2, 3}
