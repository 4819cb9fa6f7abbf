"""Sections as issues that have their units' issues as sub-issues: one situation a test."""

from __future__ import annotations

import pytest

from loopcoder.adapters.memory.journal import Crashed, MemoryJournal
from loopcoder.domain.issues.issue import CloseReason, Issue
from loopcoder.domain.settings import Limits
from loopcoder.domain.unit import UnitId
from tests.support.compiling import CompileWorld, CrashAt, actions

SECTIONS = """\
- [ ] Loose <!-- id: loose -->

## Now

- [ ] Store <!-- id: store -->
- [ ] Login (after: store) <!-- id: login -->
  - [ ] Form <!-- id: form -->

## Later

- [ ] Single sign-on <!-- id: sso -->

## Done

- [x] Skeleton <!-- id: skeleton -->
"""
MOVED = SECTIONS.replace("- [ ] Store <!-- id: store -->\n", "").replace(
    "- [ ] Single", "- [ ] Store <!-- id: store -->\n- [ ] Single"
)
TREE = {
    "Now": "", "Later": "", "Loose": "", "Store": "Now", "Login": "Now", "Form": "Login",
    "Single sign-on": "Later",
}  # fmt: skip


@pytest.fixture
def world() -> CompileWorld:
    world = CompileWorld(keeps_edges=True)
    world.settle(SECTIONS, sub_issues=True)
    world.later()
    return world


def tree(world: CompileWorld) -> dict[str, str]:
    """The title of every issue, with that of its parent."""
    issues = world.forge.issues
    found = {}
    for issue in issues.values():
        assert issue.family is not None
        found[issue.title] = issues[issue.family.parent].title if issue.family.parent else ""
    assert len(found) == len(issues), "two issues have one title"
    return found


def section(world: CompileWorld, id: str) -> Issue:
    number = world.journal.history().sections[UnitId(f"section:{id}")].number
    assert number is not None
    return world.forge.issues[number]


def ticked(*units: str) -> str:
    text = SECTIONS
    for unit in units:
        lines = [
            line.replace("[ ]", "[x]") if f"id: {unit} " in line else line
            for line in text.split("\n")
        ]
        text = "\n".join(lines)
    return text


def test_a_section_is_an_issue_that_has_its_units() -> None:
    world = CompileWorld(keeps_edges=True)
    plan = world.plan(SECTIONS, sub_issues=True)
    assert plan.writes == 13  # five units, two sections, two dependencies, four places
    assert world.settle(SECTIONS, sub_issues=True).writes == 13
    assert tree(world) == TREE
    assert section(world, "now").labels == {"loopcoder"}
    assert "id=section:now plan=main" in section(world, "now").body
    assert UnitId("section:now") not in world.journal.history().units


def test_nothing_is_asked_or_written_the_second_time(world: CompileWorld) -> None:
    for verb in ("get_issue", "list_label_events"):
        world.tracker.fail(verb, error=AssertionError("asked"))
    length = len(world.journal.rows)
    assert world.compile(SECTIONS, sub_issues=True).writes == 0
    assert len(world.journal.rows) == length


def test_a_unit_that_moves_takes_its_issue_along(world: CompileWorld) -> None:
    (change,) = world.plan(MOVED, sub_issues=True).pending
    assert "part of section:later" in change.reason
    world.settle(MOVED, sub_issues=True)
    assert tree(world) == {**TREE, "Store": "Later"}
    loose = SECTIONS.replace("## Later\n\n", "").replace("## Now\n\n", "")
    world.settle(loose, sub_issues=True)
    assert set(tree(world).values()) == {"", "Login"}
    assert section(world, "now").is_not_planned


def test_a_persons_choice_stays(world: CompileWorld) -> None:
    world.ana.put_under(world.issue("store"), world.issue("loose").number, instead=True)
    world.ana.take_out(world.issue("sso"), section(world, "later").number)
    assert world.settle(SECTIONS, sub_issues=True).writes == 0
    world.settle(MOVED, sub_issues=True)
    assert tree(world) == {**TREE, "Store": "Loose", "Single sign-on": ""}


def test_one_that_is_moved_by_hand_while_we_write_stays(world: CompileWorld) -> None:
    plan = world.plan(MOVED, sub_issues=True)
    world.ana.put_under(world.issue("store"), world.issue("loose").number, instead=True)
    from loopcoder.engine.compile.apply import apply_plan

    (left,) = apply_plan(plan, world.clerk).waiting
    assert "put elsewhere" in left.reason
    world.settle(MOVED, sub_issues=True)
    assert tree(world)["Store"] == "Loose"


def test_a_renamed_section_keeps_its_issue(world: CompileWorld) -> None:
    number = section(world, "now").number
    renamed = SECTIONS.replace("## Now", "## This *month*")
    world.settle(renamed, sub_issues=True)
    assert section(world, "now").title == "This month"
    assert section(world, "now").number == number
    assert len(world.forge.issues) == len(TREE)
    # The old name may be used for another section then, and the new one be taken back.
    again = renamed + "\n## Now\n\n- [ ] Other <!-- id: other -->\n"
    world.settle(again, sub_issues=True)
    assert section(world, "now-2").title == "Now"
    assert tree(world)["Other"] == "Now"


def test_of_a_section_that_is_split_the_name_decides(world: CompileWorld) -> None:
    split = SECTIONS.replace("- [ ] Login", "## Next\n\n- [ ] Login")
    world.settle(split, sub_issues=True)
    assert tree(world) == {**TREE, "Next": "", "Login": "Next"}


def test_of_sections_that_become_one_the_larger_stays(world: CompileWorld) -> None:
    merged = SECTIONS.replace("## Later\n", "").replace("## Now", "## Soon")
    world.settle(merged, sub_issues=True)
    assert section(world, "now").title == "Soon"
    assert tree(world)["Single sign-on"] == "Soon"
    assert section(world, "later").is_not_planned
    world.settle(SECTIONS, sub_issues=True)
    assert tree(world) == TREE
    assert section(world, "later").is_open


def test_it_is_closed_when_all_is_over_and_reopened(world: CompileWorld) -> None:
    done = ticked("sso", "store")
    world.settle(done, sub_issues=True)
    assert section(world, "later").is_completed
    assert section(world, "now").is_open
    world.settle(SECTIONS, sub_issues=True)
    assert section(world, "later").is_open
    more = ticked("sso") + "\n## LATER\n\n- [ ] Log <!-- id: log -->\n"
    world.settle(ticked("sso"), sub_issues=True)
    world.settle(more, sub_issues=True)
    assert section(world, "later").is_open
    assert tree(world)["Log"] == "Later"


def test_a_tick_closes_one_without_asking(world: CompileWorld) -> None:
    world.ana.close_issue(world.issue("sso").number, CloseReason.NOT_PLANNED)
    applied = world.compile(SECTIONS, unattended=True, sub_issues=True)
    assert [done.unit for done in applied.applied] == ["section:later"]
    assert section(world, "later").is_not_planned


def test_one_stays_open_while_a_tick_waits_for_a_person(world: CompileWorld) -> None:
    dropped = SECTIONS.replace("- [ ] Single", "- [-] Single")
    applied = world.compile(dropped, unattended=True, sub_issues=True)
    assert [left.change.unit for left in applied.waiting] == ["sso"]
    assert section(world, "later").is_open
    order = [done.unit for done in world.compile(dropped, sub_issues=True).applied]
    assert order == ["sso", "section:later"]


def test_what_is_closed_is_not_closed_again_for_another_reason(world: CompileWorld) -> None:
    elsewhere = SECTIONS.replace("## Later\n\n", "")
    world.settle(elsewhere, sub_issues=True)
    plan = world.plan(ticked("sso"), sub_issues=True)
    assert ("close", "section:later") not in actions(plan)


def test_a_persons_closing_and_reopening_are_kept(world: CompileWorld) -> None:
    world.ana.close_issue(section(world, "now").number, CloseReason.COMPLETED)
    assert world.settle(SECTIONS, sub_issues=True).writes == 0
    assert world.issue("store").is_open
    world.settle(ticked("sso"), sub_issues=True)
    world.ana.reopen_issue(section(world, "later").number)
    assert world.settle(ticked("sso"), sub_issues=True).writes == 0


def test_units_that_vanish_keep_their_section_open(world: CompileWorld) -> None:
    gone = SECTIONS.replace("## Later\n\n- [ ] Single sign-on <!-- id: sso -->\n", "")
    assert world.compile(gone, sub_issues=True).writes == 0
    assert section(world, "later").is_open
    world.ana.close_issue(world.issue("sso").number, CloseReason.NOT_PLANNED)
    world.settle(gone, sub_issues=True)
    assert section(world, "later").is_not_planned


def test_what_people_write_there_is_kept(world: CompileWorld) -> None:
    number = section(world, "now").number
    world.ana.update_issue(number, body=section(world, "now").body + "\n\nOur quarter.")
    world.settle(SECTIONS.replace("## Now", "## Today"), sub_issues=True)
    assert section(world, "now").body.endswith("\n\nOur quarter.")
    world.ana.update_issue(number, title="Mine")
    plan = world.plan(SECTIONS.replace("## Now", "## Today"), sub_issues=True)
    assert ("drift", "section:now") in actions(plan)
    assert not plan.pending


def test_an_outsiders_marker_is_ignored(world: CompileWorld) -> None:
    from loopcoder.domain.issues.issue import IssueDraft

    body = section(world, "now").body.replace("section:now", "section:soon")
    forged = world.mallory.create_issue(IssueDraft("Soon", body))
    text = SECTIONS + "\n## Soon\n\n- [ ] Other <!-- id: other -->\n"
    world.compile(text, sub_issues=True)
    assert section(world, "soon").number != forged.number


def test_a_lost_journal_is_rebuilt_from_our_own_markers(world: CompileWorld) -> None:
    renamed = SECTIONS.replace("## Now", "## Today")
    world.settle(renamed, sub_issues=True)
    count = len(world.forge.issues)
    world.journal = MemoryJournal(world.clock)
    world.settle(renamed, sub_issues=True)
    assert len(world.forge.issues) == count
    assert section(world, "now").title == "Today"


def test_a_deleted_one_is_filed_again_with_everything_in_it(world: CompileWorld) -> None:
    number = section(world, "now").number
    del world.forge.issues[number]
    for child in (world.issue("store"), world.issue("login")):
        world.forge.put_under(child.number, 0)
    world.settle(SECTIONS, sub_issues=True)
    assert tree(world) == TREE


def test_it_is_turned_on_and_off_at_any_time(world: CompileWorld) -> None:
    assert world.settle(SECTIONS).writes == 0
    assert tree(world) == TREE
    bare = CompileWorld(keeps_edges=True)
    bare.settle(SECTIONS)
    assert bare.settle(SECTIONS, sub_issues=True).writes == 6
    assert tree(bare) == TREE


def test_more_than_a_hundred_units_are_said() -> None:
    world = CompileWorld(keeps_edges=True)
    many = "## Now\n\n" + "".join(f"- [ ] Unit {n} <!-- id: u{n} -->\n" for n in range(103))
    plan = world.plan(many, sub_issues=True)
    (note,) = plan.diagnostics
    assert "section:now has more than 100 parts" in note.summary
    assert "u100, u101, u102 stay outside" in note.summary
    world.settle(many, sub_issues=True)
    assert list(tree(world).values()).count("Now") == 100


def test_too_many_levels_are_said() -> None:
    lines = [f"{'  ' * n}- [ ] Unit {n} <!-- id: u{n} -->" for n in range(9)]
    world = CompileWorld(keeps_edges=True)
    text = "## Now\n\n" + "\n".join(lines) + "\n"
    (note,) = world.plan(text, sub_issues=True).diagnostics
    assert "8 levels" in note.summary
    world.settle(text, sub_issues=True)
    assert tree(world)["Unit 6"] == "Unit 5"
    assert tree(world)["Unit 7"] == ""


def test_limits_hold_for_sections_too() -> None:
    world = CompileWorld(keeps_edges=True, limits=Limits(issues_per_tick=1, labels_per_tick=2))
    world.compile(SECTIONS, unattended=True, sub_issues=True)
    assert tree(world) == {"Now": ""}
    for _ in range(12):
        world.later(days=2)
        world.compile(SECTIONS, unattended=True, sub_issues=True)
    assert tree(world) != {"Now": ""}


def test_a_tracker_without_sub_issues_says_so() -> None:
    world = CompileWorld()
    plan = world.plan(SECTIONS, sub_issues=True)
    assert ["no sub-issues" in each.summary for each in plan.diagnostics] == [True]
    assert world.settle(SECTIONS, sub_issues=True).writes == 5


@pytest.mark.parametrize("committed", [True, False], ids=["written", "unwritten"])
@pytest.mark.parametrize("start", [None, SECTIONS], ids=["new", "moved"])
def test_killed_at_every_write(committed: bool, start: str | None) -> None:
    target = SECTIONS
    if start:
        more = "## Today\n\n- [ ] More <!-- id: more -->"
        target = MOVED.replace("## Now", more)
    for nth in range(1, 30):
        world = CompileWorld(keeps_edges=True)
        if start:
            world.settle(start, sub_issues=True)
        world.forge.faults = CrashAt(nth, committed)
        try:
            world.compile(target, sub_issues=True)
            break
        except Crashed:
            world.restart()
        world.settle(target, sub_issues=True)
        found = tree(world)
        assert len(found) == len(TREE) + (start is not None), nth
        assert found.get("More", "Today") == "Today", nth
        assert found["Store"] == ("Later" if start else "Now"), nth
        assert found["Login"] == ("Today" if start else "Now"), nth
        assert found["Form"] == "Login", nth
        world.compile(target, sub_issues=True)
        assert not world.journal.history().open_effects, nth
    assert nth > 3


def test_a_name_is_made_safe_before_it_is_a_title() -> None:
    world = CompileWorld(keeps_edges=True)
    name = "Q3 \u202eplan <!-- loopcoder:unit id=x plan=main v=1 --> " + "long " * 80
    text = f"## {name}\n\n- [ ] Store <!-- id: store -->\n"
    world.settle(text, sub_issues=True)
    (issue,) = (each for each in world.forge.issues.values() if each.title != "Store")
    assert "\u202e" not in issue.title
    assert "<!--" not in issue.title
    assert len(issue.title) <= 256
    assert tree(world)["Store"] == issue.title
    world.settle(text.replace("Q3", "q3"), sub_issues=True)  # case alone is no other section
    assert len(world.forge.issues) == 2


def test_two_plans_may_have_a_section_of_one_name(world: CompileWorld) -> None:
    world.plan_id = "beta"
    beta = "<!-- roadmap: id=beta -->\n\n## Now\n\n- [ ] Other <!-- id: other -->\n"
    world.settle(beta, sub_issues=True)
    other, own = world.issue("other"), section(world, "now-2")
    assert other.family is not None
    assert other.family.parent == own.number
    assert "plan=beta" in own.body
    world.plan_id = "main"
    assert world.settle(SECTIONS, sub_issues=True).writes == 0
    assert section(world, "now").is_open
