"""The roadmap changes, and compile brings the issues after it: one situation a test."""

from __future__ import annotations

from loopcoder.domain.issues.issue import CloseReason
from loopcoder.domain.roadmap.roadmap import parse_roadmap
from tests.support.compiling import CompileWorld, actions
from tests.support.roadmaps import DROPPED, ROADMAP, TICKED, blocked_by

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
