"""Units leave the roadmap, and ids change hands."""

from __future__ import annotations

import pytest

from loopcoder.domain.diagnostic import RoadmapError
from loopcoder.domain.journal.event import Entry, PullOpened
from loopcoder.domain.unit import UnitId
from loopcoder.engine.compile.apply import apply_plan
from tests.support.compiling import CompileWorld, actions
from tests.support.roadmaps import DROPPED, FIVE, ROADMAP, TICKED
from tests.support.world import pull


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


def test_a_unit_whose_id_changed_is_named_with_what_it_leaves_behind() -> None:
    world = CompileWorld()
    world.settle(FIVE)
    world.forge.pulls[9] = pull(9, "u3")
    world.journal.record(Entry(PullOpened(9, "loopcoder/u3", "c"), UnitId("u3")))
    plan = world.plan(FIVE.replace("id: u3", "id: other"))
    said = [d.summary for d in plan.diagnostics]
    assert "#9 of u3 is open, and nobody answers there" in said[1]
    assert "other reads like u3 (#4), which left the roadmap" in said[2]
    assert "id: u3" in plan.diagnostics[2].detail
    assert plan.applyable


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
