"""The tracker's own dependencies are kept in step with the roadmap's edges, and people's word in
them is understood: one situation a test."""

from __future__ import annotations

from dataclasses import replace

import pytest

from loopcoder.domain.issues.issue import CloseReason, EdgeCounts, IssueDraft
from loopcoder.domain.unit import UnitId
from tests.support.compiling import CompileWorld

CHAIN = """\
- [ ] Store <!-- id: store -->
- [ ] Login (after: store) <!-- id: login -->
- [ ] Single sign-on (after: login, store) <!-- id: sso -->
"""


@pytest.fixture
def world() -> CompileWorld:
    """The roadmap, compiled: #1, #2 waiting for it, #3 waiting for both."""
    world = CompileWorld(keeps_edges=True)
    world.settle(CHAIN)
    world.later()
    return world


def asked(world: CompileWorld, text: str) -> list[str]:
    """What the tracker is asked about edges while planning."""
    seen: list[str] = []
    for verb in ("list_blocked_by", "list_edge_events"):
        inner = getattr(world.tracker, verb)
        setattr(world.tracker, verb, lambda n, v=verb, i=inner: seen.append(f"{v} {n}") or i(n))
    world.plan(text)
    for verb in ("list_blocked_by", "list_edge_events"):
        delattr(world.tracker, verb)
    return seen


def waivers(world: CompileWorld, unit: str) -> list[tuple[int, str]]:
    record = world.journal.history().unit(UnitId(unit))
    return [(waiver.blocker, waiver.by) for waiver in record.waivers]


def test_edges_are_planned_and_written_with_the_issue() -> None:
    world = CompileWorld(keeps_edges=True)
    assert world.plan(CHAIN).writes == 6
    assert world.settle(CHAIN).writes == 6
    assert (world.edges("login"), world.edges("sso")) == ({1}, {1, 2})
    assert world.compile(CHAIN).writes == 0


def test_nobody_is_asked_while_the_counts_are_what_we_left(world: CompileWorld) -> None:
    assert asked(world, CHAIN) == []
    length = len(world.journal.rows)
    world.compile(CHAIN)
    assert len(world.journal.rows) == length


def test_issues_filed_before_get_their_edges(world: CompileWorld) -> None:
    bare = CompileWorld(keeps_edges=True)
    bare.forge.keeps_edges = False
    bare.settle(CHAIN)
    bare.forge.keeps_edges = True
    for number, issue in bare.forge.issues.items():
        bare.forge.issues[number] = replace(issue, edges=EdgeCounts())
    plan = bare.plan(CHAIN)
    assert [change.reason for change in plan.pending] == ["edge to #1", "edge to #1, #2"]
    bare.settle(CHAIN)
    assert bare.edges("sso") == {1, 2}


def test_an_edge_stays_when_its_blocker_is_done_and_its_label_goes(world: CompileWorld) -> None:
    world.ana.close_issue(1, CloseReason.COMPLETED)
    assert world.settle(CHAIN).writes == 2  # the label of each dependant
    assert world.edges("login") == {1}
    world.ana.reopen_issue(1)
    assert world.settle(CHAIN).writes == 2
    assert world.edges("login") == {1}


def test_an_edge_goes_with_the_roadmaps_edge(world: CompileWorld) -> None:
    free = CHAIN.replace(" (after: store)", "")
    assert "edge off: #1" in world.plan(free).pending[0].reason
    world.settle(free)
    assert world.edges("login") == set()
    world.settle(CHAIN)
    assert world.edges("login") == {1}


def test_an_edge_to_a_unit_that_is_filed_in_the_same_run(world: CompileWorld) -> None:
    more = CHAIN.replace("after: store)", "after: store, captcha)", 1)
    more += "- [ ] Captcha <!-- id: captcha -->\n"
    assert world.settle(more).writes == 4  # the issue, the text, the label and the edge
    assert world.edges("login") == {1, 4}


def test_a_writers_edge_holds_up_until_it_is_done(world: CompileWorld) -> None:
    other = world.ana.create_issue(IssueDraft("By hand", "Text."))
    world.ana.add_blocked_by(1, other.id)
    assert asked(world, CHAIN) == ["list_blocked_by 1", "list_edge_events 1"]
    assert world.plan(CHAIN).pending[0].reason == "label blocked-by:#4; #4 added by @ana"
    world.settle(CHAIN)
    assert world.issue("store").blocked_by == {4}
    assert asked(world, CHAIN) == []
    world.ana.close_issue(4, CloseReason.COMPLETED)
    world.settle(CHAIN)
    assert world.issue("store").blocked_by == frozenset()
    assert world.edges("store") == {4}


def test_an_edge_of_somebody_who_may_not_write_is_reported_once(world: CompileWorld) -> None:
    other = world.mallory.create_issue(IssueDraft("By hand", "Text."))
    world.mallory.add_blocked_by(1, other.id)
    (said,) = world.plan(CHAIN).diagnostics
    assert said.summary == (
        "#1 (store) was made to wait for #4 by @mallory, who may not write; "
        "that edge holds nothing up."
    )
    assert world.settle(CHAIN).writes == 0
    assert world.issue("store").blocked_by == frozenset()
    assert (asked(world, CHAIN), world.plan(CHAIN).diagnostics) == ([], ())
    assert world.edges("store") == {4}


def test_a_person_waives_an_edge_by_removing_it(world: CompileWorld) -> None:
    world.ana.remove_blocked_by(2, world.issue("store").id)
    assert "#1 waived by @ana" in world.plan(CHAIN).pending[0].reason
    assert world.settle(CHAIN).writes == 1  # the label
    assert waivers(world, "login") == [(1, "ana")]
    assert (world.issue("login").blocked_by, world.edges("login")) == (frozenset(), set())
    assert asked(world, CHAIN) == []


def test_a_person_waives_an_edge_by_taking_the_label_off(world: CompileWorld) -> None:
    world.ana.remove_label(2, "blocked-by:#1")
    assert world.settle(CHAIN).writes == 1  # the edge
    assert waivers(world, "login") == [(1, "ana")]
    assert world.edges("login") == set()
    changed = CHAIN.replace("(after: store)", "(after: store, #3)").replace("login, ", "")
    world.settle(changed)
    assert world.edges("login") == {1, 3}


@pytest.mark.parametrize("who", ["us", "outsider"])
def test_an_edge_that_was_removed_without_a_writers_word_is_restored(
    world: CompileWorld, who: str
) -> None:
    tracker = world.tracker if who == "us" else world.mallory
    tracker.remove_blocked_by(2, world.issue("store").id)
    assert world.plan(CHAIN).pending[0].reason == "edge restored: #1"
    world.settle(CHAIN)
    assert world.edges("login") == {1}
    assert waivers(world, "login") == []


def test_a_persons_own_edge_taken_back_frees_the_unit(world: CompileWorld) -> None:
    other = world.ana.create_issue(IssueDraft("By hand", "Text."))
    world.ana.add_blocked_by(1, other.id)
    world.settle(CHAIN)
    world.ana.remove_blocked_by(1, other.id)
    world.settle(CHAIN)
    assert world.issue("store").blocked_by == frozenset()


def test_edges_of_a_lost_journal_are_recognised(world: CompileWorld) -> None:
    world.journal = type(world.journal)(world.clock)
    assert world.settle(CHAIN).writes == 0
    assert asked(world, CHAIN) == []


def test_more_edges_than_an_issue_takes() -> None:
    world = CompileWorld(keeps_edges=True)
    many = "".join(f"- [ ] Unit {n} <!-- id: u{n} -->\n" for n in range(120))
    all_of_them = ", ".join(f"u{n}" for n in range(120))
    text = f"- [ ] Last (after: {all_of_them}) <!-- id: last -->\n{many}"
    world.settle(text)
    assert len(world.edges("last")) == len(world.issue("last").blocked_by) == 50
    assert "last has 120 open blockers" in world.plan(text).diagnostics[0].summary
    world.ana.close_issue(1, CloseReason.COMPLETED)
    world.settle(text)
    assert 51 in world.issue("last").blocked_by
    assert world.compile(text).writes == 0


def test_more_edges_than_a_blocker_takes() -> None:
    world = CompileWorld(keeps_edges=True)
    text = "- [ ] First <!-- id: first -->\n"
    text += "".join(f"- [ ] Unit {n} (after: first) <!-- id: u{n} -->\n" for n in range(60))
    world.settle(text)
    assert sum(len(held) for held in world.forge.blocked_by.values()) == 50
    assert world.issue("u59").blocked_by == {1}
    assert "#1 blocks 50 issues" in world.plan(text).diagnostics[0].summary


def test_a_tracker_without_edges_is_said_once_and_has_labels() -> None:
    world = CompileWorld(keeps_edges=True)
    world.forge.keeps_edges = False
    world.ana.create_issue(IssueDraft("By hand", "Text."))
    assert [d.summary for d in world.plan(CHAIN).diagnostics] == [
        "This server keeps no dependencies between issues: labels alone say what waits."
    ]
    assert world.settle(CHAIN).writes == 3
    assert world.plan(CHAIN).diagnostics == ()
