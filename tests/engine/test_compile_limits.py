"""Limits on what is written, and writes that fail or are lost."""

from __future__ import annotations

from loopcoder.domain.diagnostic import Unavailable
from loopcoder.domain.journal.event import Entry, TickBegun
from loopcoder.domain.settings import Limits
from loopcoder.engine.compile.apply import apply_plan
from tests.support.compiling import ANA, CompileWorld, actions
from tests.support.roadmaps import DROPPED, FIVE, ROADMAP, TICKED, blocked_by

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
