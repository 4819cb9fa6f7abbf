"""Sections as milestones, where that is asked for: one situation a test."""

from __future__ import annotations

import pytest

from loopcoder.adapters.memory.journal import Crashed
from loopcoder.domain.issues.issue import CloseReason
from tests.support.compiling import CompileWorld, CrashAt

SECTIONS = """\
- [ ] Loose <!-- id: loose -->

## Now

- [ ] Store <!-- id: store -->
- [ ] Login (after: store) <!-- id: login -->

## Later

- [ ] Single sign-on <!-- id: sso -->
- [x] Skeleton <!-- id: skeleton -->
"""
MOVED = SECTIONS.replace("- [ ] Login (after: store) <!-- id: login -->\n", "").replace(
    "- [x] Skeleton", "- [ ] Login (after: store) <!-- id: login -->\n- [x] Skeleton"
)


@pytest.fixture
def world() -> CompileWorld:
    world = CompileWorld(keeps_edges=True)
    world.settle(SECTIONS, milestones=True)
    world.later()
    return world


def placed(world: CompileWorld) -> dict[str, str]:
    return {issue.title: issue.milestone for issue in world.forge.issues.values()}


def test_issues_are_filed_in_their_sections_milestone() -> None:
    world = CompileWorld(keeps_edges=True)
    plan = world.plan(SECTIONS, milestones=True)
    assert plan.writes == 7  # four issues, one dependency, two milestones
    assert world.settle(SECTIONS, milestones=True).writes == 7
    assert placed(world) == {
        "Loose": "", "Store": "Now", "Login": "Now", "Single sign-on": "Later",
    }  # fmt: skip


def test_nothing_is_asked_or_written_the_second_time(world: CompileWorld) -> None:
    world.tracker.fail("list_milestones", error=AssertionError("asked"))
    length = len(world.journal.rows)
    assert world.compile(SECTIONS, milestones=True).writes == 0
    assert len(world.journal.rows) == length


def test_a_unit_that_moves_takes_its_issue_along(world: CompileWorld) -> None:
    assert "milestone Later" in world.plan(MOVED, milestones=True).pending[0].reason
    world.settle(MOVED, milestones=True)
    assert placed(world)["Login"] == "Later"
    world.settle(MOVED.replace("## Later", "## Some day"), milestones=True)
    assert placed(world)["Login"] == placed(world)["Single sign-on"] == "Some day"


def test_a_persons_choice_stays(world: CompileWorld) -> None:
    mine = world.ana.create_milestone("Mine")
    world.ana.set_milestone(world.issue("login").number, mine)
    assert world.settle(SECTIONS, milestones=True).writes == 0
    world.settle(MOVED, milestones=True)
    assert placed(world)["Login"] == "Mine"
    world.ana.set_milestone(world.issue("store").number, None)
    assert world.settle(MOVED, milestones=True).writes == 0


def test_it_is_turned_on_and_off_at_any_time(world: CompileWorld) -> None:
    assert world.settle(MOVED).writes == 1  # the text alone
    assert placed(world)["Login"] == "Now"
    bare = CompileWorld(keeps_edges=True)
    bare.settle(SECTIONS)
    assert set(placed(bare).values()) == {""}
    assert bare.settle(SECTIONS, milestones=True).writes == 5
    assert placed(bare) == placed(world)


def test_closed_issues_are_left_where_they_are(world: CompileWorld) -> None:
    world.ana.close_issue(world.issue("login").number, CloseReason.COMPLETED)
    world.settle(MOVED, milestones=True)
    assert placed(world)["Login"] == "Now"


def test_a_tracker_without_milestones_is_left_alone() -> None:
    world = CompileWorld()
    assert world.settle(SECTIONS, milestones=True).writes == 4


@pytest.mark.parametrize("committed", [True, False], ids=["written", "unwritten"])
@pytest.mark.parametrize("start", [None, SECTIONS], ids=["new", "moved"])
def test_killed_at_every_write(committed: bool, start: str | None) -> None:
    target = MOVED if start else SECTIONS
    for nth in range(1, 20):
        world = CompileWorld(keeps_edges=True)
        if start:
            world.settle(start, milestones=True)
        world.forge.faults = CrashAt(nth, committed)
        try:
            world.compile(target, milestones=True)
            break
        except Crashed:
            world.restart()
        world.settle(target, milestones=True)
        assert sorted(world.forge.milestones) == ["Later", "Now"], nth
        assert placed(world)["Login"] == ("Later" if start else "Now"), nth
        assert len(world.forge.issues) == 4, nth
        world.compile(target, milestones=True)
        assert not world.journal.history().open_effects, nth
    assert nth > 2
