"""The decision, row by row: a situation, and what is done about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from loopcoder.domain.issues.issue import CloseReason, Feedback, PullState
from loopcoder.domain.journal import event as e
from loopcoder.domain.settings import (
    BreakerSettings,
    Caps,
    Independence,
    Landing,
    LandingMode,
    Limits,
    ReviewerSpec,
    WorkerSpec,
)
from loopcoder.domain.tick import action as act
from loopcoder.domain.tick.decide import decide
from loopcoder.domain.tick.failure import FailureClass
from loopcoder.domain.tick.lifecycle import State
from loopcoder.domain.tick.snapshot import BaseState, Blocker, BlockerState, Snapshot, TickState
from loopcoder.domain.unit import Box, UnitId
from tests.support.world import (
    ANA,
    BASE,
    NOW,
    SETTINGS,
    Story,
    completed,
    pull,
    snapshot,
    unit,
    view,
)

COMMENT = Feedback("f1", ANA, "please rename it", NOW)


def decided(seen: Snapshot, settings: object = SETTINGS) -> dict[str, act.Action]:
    """The actions by unit; the last one for a unit wins, which is its own step."""
    actions = decide(seen, settings)  # type: ignore[arg-type]
    return {getattr(a, "unit", "base"): a for a in reversed(actions)}


def dispatched(seen: Snapshot, settings: object = SETTINGS) -> list[str]:
    return [a.unit for a in decide(seen, settings) if isinstance(a, act.Dispatch)]  # type: ignore[arg-type]


def test_a_ready_unit_is_dispatched_from_the_base() -> None:
    (action,) = decide(snapshot([view("login")]), SETTINGS)
    assert action == act.Dispatch(
        unit=UnitId("login"),
        attempt=1,
        purpose=act.Purpose.BUILD,
        base=BASE,
        start=BASE,
        worker="default",
        reason="ready",
    )


@pytest.mark.parametrize(
    ("situation", "changes", "state", "reason"),
    [
        ("its issue is completed", {"issue": completed(1)}, State.DONE, "done"),
        (
            "it was dropped in the roadmap",
            {"unit": unit("login", box=Box.DROPPED)},
            State.DROPPED,
            "dropped",
        ),
        (
            "its blocker is open",
            {"blockers": (Blocker("store", 2, BlockerState.OPEN),)},
            State.BLOCKED,
            "blocked by store (#2)",
        ),
        (
            "its blocker was given up",
            {"blockers": (Blocker("store", 2, BlockerState.NOT_PLANNED),)},
            State.BLOCKED,
            "closed as not planned",
        ),
        ("a person took it", {"taken_by": "ana"}, State.READY, "taken by @ana"),
        ("nobody approved it", {"standing": False}, State.PROPOSED, "loopcoder approve login"),
        (
            "somebody holds it by label",
            {"commands": (("loopcoder:hold", "ana"),)},
            State.HELD,
            "held by @ana: the label loopcoder:hold",
        ),
        ("it has no issue yet", {"issue": None}, State.READY, "loopcoder compile"),
        (
            "it asks for a worker nobody configured",
            {"unit": unit("login", worker="nobody")},
            State.READY,
            "'nobody', which is not configured",
        ),
        (
            "its pull request is open and quiet",
            {"pull": pull(9, "login")},
            State.AWAITING_MERGE,
            "waits for a person to merge #9",
        ),
        (
            "it is made of parts",
            {"parts": (UnitId("login-form"),)},
            State.READY,
            "closes with its parts: login-form",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
def test_a_unit_waits_because(
    situation: str, changes: dict[str, object], state: State, reason: str
) -> None:
    action = decided(snapshot([view("login", **changes)]))["login"]
    assert isinstance(action, act.Wait), situation
    assert action.state is state
    assert reason in action.reason


def test_without_a_verify_command_nobody_is_paid() -> None:
    bare = replace(SETTINGS, verify=())
    action = decided(snapshot([view("login")]), bare)["login"]
    assert isinstance(action, act.Wait)
    assert "no verify command" in action.reason
    own = view("login", unit=unit("login", verify=("make test",)))
    assert dispatched(snapshot([own]), bare) == ["login"]


def test_an_open_pull_request_of_a_blocker_is_not_its_completion() -> None:
    store = view("store", 1, pull=pull(9, "store"))
    login = view("login", 2, blockers=(Blocker("store", 1, BlockerState.OPEN),))
    assert dispatched(snapshot([store, login])) == []


def test_a_merged_pull_request_closes_its_issue() -> None:
    story = Story().bind("login", 1).tell(e.PullOpened(9, "loopcoder/login", "c"), unit="login")
    merged = pull(9, "login", state=PullState.MERGED)
    action = decided(snapshot([view("login", 1, story, pull=merged)], story))["login"]
    assert action == act.CloseIssue(UnitId("login"), 1, CloseReason.COMPLETED, "#9 was merged")


def test_a_pull_request_closed_unmerged_goes_to_a_person_and_is_not_opened_again() -> None:
    story = Story().tell(e.PullOpened(9, "loopcoder/login", "c"), unit="login")
    closed = pull(9, "login", state=PullState.CLOSED, closed_by=ANA)
    seen = snapshot([view("login", 1, story, pull=closed)], story)
    action = decided(seen)["login"]
    assert isinstance(action, act.Escalate)
    assert action.reasons == ("#9 was closed unmerged by @ana",)
    assert dispatched(seen) == []


def test_what_was_proposed_a_moment_ago_is_not_worked_on_again_where_a_list_lags() -> None:
    story = Story().attempt("login", 1, outcome="proposed")
    story.tell(e.PullOpened(9, "loopcoder/login", "c"), unit="login")
    seen = snapshot([view("login", 1, story)], story, now=story.at + timedelta(seconds=10))
    lagging = replace(SETTINGS, list_lag_s=90)
    (wait,) = (a for a in decide(seen, lagging) if isinstance(a, act.Wait))
    assert "not listed yet" in wait.reason
    assert dispatched(seen) == ["login"]
    assert dispatched(replace(seen, now=seen.now + timedelta(hours=1)), lagging) == ["login"]


def test_after_retry_a_closed_pull_request_is_worked_on_again_from_its_branch() -> None:
    story = Story().tell(e.PullOpened(9, "loopcoder/login", "c"), e.Retried("ana"), unit="login")
    closed = pull(9, "login", state=PullState.CLOSED)
    seen = snapshot([view("login", 1, story, pull=closed, branch_head="d" * 40)], story)
    action = decided(seen)["login"]
    assert isinstance(action, act.Dispatch)
    assert (action.start, action.merge, action.expected_head) == ("d" * 40, BASE, "d" * 40)


def test_a_comment_after_the_retry_does_not_take_it_back() -> None:
    story = Story().tell(e.PullOpened(9, "loopcoder/login", "c"), unit="login")
    minute = timedelta(minutes=1)
    retried = e.Retried("ana", said_at=NOW + minute)
    story.tell(e.NeedsHuman(("#9 was closed unmerged",), 9), retried, unit="login")
    closed = replace(
        pull(9, "login", state=PullState.CLOSED), ended_at=NOW, updated_at=NOW + 2 * minute
    )
    seen = snapshot([view("login", 1, story, pull=closed)], story)
    assert dispatched(seen) == ["login"]
    again = replace(closed, ended_at=NOW + 2 * minute)
    seen = snapshot([view("login", 1, story, pull=again)], story)
    assert isinstance(decided(seen)["login"], act.Escalate)


def test_comments_on_the_pull_request_lead_to_a_fix_up_of_the_same_pull_request() -> None:
    story = Story().tell(e.PullOpened(9, "loopcoder/login", "c"), unit="login")
    seen = snapshot([view("login", 1, story, pull=pull(9, "login"), feedback=(COMMENT,))], story)
    action = decided(seen)["login"]
    assert isinstance(action, act.Dispatch)
    assert action.purpose is act.Purpose.FIX_UP
    assert (action.pull, action.feedback, action.start) == (9, ("f1",), "c" * 40)


def test_whoever_took_the_issue_is_answered_on_our_pull_request_all_the_same() -> None:
    story = Story().tell(e.PullOpened(9, "loopcoder/login", "c"), unit="login")
    ours = pull(9, "login", mergeable=False)
    quiet = view("login", 1, story, pull=ours, taken_by="ana")
    action = decided(snapshot([quiet], story))["login"]
    assert isinstance(action, act.Wait)
    assert action.reason == "taken by @ana; waits for a person to merge #9"
    asked = replace(quiet, feedback=(COMMENT,))
    assert dispatched(snapshot([asked], story)) == ["login"]


def test_fix_ups_are_bounded() -> None:
    story = Story().tell(e.PullOpened(9, "loopcoder/login", "c"), unit="login")
    for _ in range(SETTINGS.limits.review_rounds):
        story.tell(e.PullUpdated(9, "c"), unit="login")
    seen = snapshot([view("login", 1, story, pull=pull(9, "login"), feedback=(COMMENT,))], story)
    assert isinstance(decided(seen)["login"], act.Escalate)


def test_a_conflict_with_the_base_is_brought_up_to_date_on_the_same_branch() -> None:
    story = Story().tell(e.PullOpened(9, "loopcoder/login", "c"), unit="login")
    seen = snapshot([view("login", 1, story, pull=pull(9, "login", mergeable=False))], story)
    action = decided(seen)["login"]
    assert isinstance(action, act.Dispatch)
    assert (action.merge, action.expected_head, action.pull) == (BASE, "c" * 40, 9)


def test_three_strikes_go_to_a_person_with_the_three_reasons() -> None:
    story = Story()
    for number in (1, 2, 3):
        story.attempt("login", number, failure=FailureClass.GATE_RED, strike=True)
    action = decided(snapshot([view("login", 1, story)], story))["login"]
    assert isinstance(action, act.Escalate)
    assert [r.split(":")[0] for r in action.reasons] == ["attempt 1", "attempt 2", "attempt 3"]


def test_retry_clears_the_strikes() -> None:
    story = Story()
    for number in (1, 2, 3):
        story.attempt("login", number, failure=FailureClass.GATE_RED, strike=True)
    story.tell(e.NeedsHuman(("enough",)), e.Retried("ana"), unit="login")
    action = decided(snapshot([view("login", 1, story)], story))["login"]
    assert isinstance(action, act.Dispatch)
    assert action.attempt == 4


def test_failures_that_are_not_the_works_fault_are_no_strikes() -> None:
    story = Story()
    for number in (1, 2):
        story.attempt("login", number, failure=FailureClass.INFRASTRUCTURE)
    assert dispatched(snapshot([view("login", 1, story)], story)) == ["login"]


def test_an_attempt_that_a_dead_process_left_goes_on_where_it_stopped() -> None:
    story = Story().begin("login", 1, start="a" * 40)
    action = decided(snapshot([view("login", 1, story)], story))["login"]
    assert isinstance(action, act.Dispatch)
    assert (action.resume, action.attempt, action.start) == (True, 1, "a" * 40)


def test_an_attempt_that_keeps_bringing_its_process_down_becomes_a_strike() -> None:
    story = Story().begin("login", 1)
    for _ in range(5):
        story.tell(e.ClaimTaken(e.Holder("h", "b", 1, 1.0), NOW), unit="login", attempt=1)
    action = decided(snapshot([view("login", 1, story)], story))["login"]
    assert isinstance(action, act.Abandon)
    assert action.strike


def test_an_open_attempt_on_text_that_changed_since_is_given_up_without_a_strike() -> None:
    story = Story().begin("login", 1, unit_digest="another")
    action = decided(snapshot([view("login", 1, story)], story))["login"]
    assert action == act.Abandon(UnitId("login"), 1, False, "the unit's text changed since")


def test_a_live_claim_is_left_alone() -> None:
    story = Story().begin("login", 1)
    seen = snapshot([view("login", 1, story, claim_alive=True)], story)
    action = decided(seen)["login"]
    assert isinstance(action, act.Wait)
    assert action.state is State.RUNNING


def test_a_reservation_of_a_dead_process_is_charged_as_reserved() -> None:
    story = Story().begin("login", 1)
    story.tell(e.Reserved("r0", "work", "p", Decimal(2)), unit="login", attempt=1)
    actions = decide(snapshot([view("login", 1, story)], story), SETTINGS)
    assert [type(a) for a in actions] == [act.SettleOrphan, act.Dispatch]


def test_nobody_is_paid_to_build_on_an_unchecked_base() -> None:
    actions = decide(snapshot([view("login")], base=BaseState(BASE)), SETTINGS)
    assert [type(a) for a in actions] == [act.CheckBase, act.Wait]


def test_a_red_base_is_proposed_for_repair_once_and_holds_everything_else_back() -> None:
    red = BaseState(BASE, green=False, failing="`make check` exited 1")
    actions = decide(snapshot([view("login")], base=red), SETTINGS)
    assert [type(a) for a in actions] == [act.ProposeFixBase, act.Wait]
    assert "base is red" in actions[1].reason
    repair = view("fix-base", 2, standing=False)
    again = decide(snapshot([view("login"), repair], base=red), SETTINGS)
    assert all(isinstance(a, act.Wait) for a in again)


def test_a_repair_that_was_closed_is_proposed_once_for_each_base() -> None:
    """Otherwise every pass of a tick would propose it again."""
    red = BaseState(BASE, green=False, failing="`make check` exited 1")
    for told, proposed in ((BASE, 0), ("f" * 40, 1)):
        fact = e.Proposed("Repair", f"The checks fail at {told[:12]}.", "fix-base")
        story = Story().tell(fact, unit="fix-base")
        repair = view("fix-base", 2, story, standing=False, issue=completed(2))
        actions = decide(snapshot([view("login"), repair], story, base=red), SETTINGS)
        assert sum(isinstance(a, act.ProposeFixBase) for a in actions) == proposed


def test_an_approved_repair_of_the_base_is_worked_on_although_the_base_is_red() -> None:
    red = BaseState(BASE, green=False, failing="`make check` exited 1")
    story = Story().tell(e.Approved("ana"), unit="fix-base")
    repair = view("fix-base", 2, story, standing=False)
    assert dispatched(snapshot([view("login"), repair], story, base=red)) == ["fix-base"]


def test_hold_stops_all_dispatch() -> None:
    story = Story().tell(e.Held("ana", "release day"))
    action = decided(snapshot([view("login", 1, story)], story))["login"]
    assert isinstance(action, act.Wait)
    assert action.state is State.HELD
    assert "release day" in action.reason


def test_the_order_is_priority_then_critical_path_then_position() -> None:
    views = [
        view("late", 1, unit=unit("late", position=1)),
        view("root", 2, unit=unit("root", position=2)),
        view("urgent", 3, unit=unit("urgent", position=3, priority=0)),
        view(
            "leaf",
            4,
            unit=unit("leaf", position=4, after=(UnitId("root"),)),
            blockers=(Blocker("root", 2, BlockerState.OPEN),),
        ),
    ]
    assert dispatched(snapshot(views)) == ["urgent", "root", "late"]


def test_begun_work_comes_first_then_answers_to_people() -> None:
    story = Story().begin("begun", 1)
    story.tell(e.PullOpened(9, "loopcoder/answer", "c"), unit="answer")
    views = [
        view("fresh", 1, story, unit=unit("fresh", priority=0)),
        view("answer", 2, story, pull=pull(9, "answer"), feedback=(COMMENT,)),
        view("begun", 3, story),
    ]
    assert dispatched(snapshot(views, story)) == ["begun", "answer", "fresh"]


def test_units_that_touch_the_same_files_never_share_a_wave() -> None:
    views = [
        view("one", 1, unit=unit("one", touches=("src/a/**",), position=1)),
        view("two", 2, unit=unit("two", touches=("src/**",), position=2)),
        view("three", 3, unit=unit("three", touches=("docs/**",), position=3)),
    ]
    assert dispatched(snapshot(views)) == ["one", "three"]
    assert "touches files that one touches" in decided(snapshot(views))["two"].reason


def test_every_candidate_of_a_unit_takes_a_place() -> None:
    views = [
        view("race", 1, unit=unit("race", candidates=3, position=1)),
        view("one", 2, unit=unit("one", position=2)),
    ]
    full = replace(SETTINGS, jobs=3)
    assert dispatched(snapshot(views), full) == ["race"]
    assert dispatched(snapshot(views), replace(SETTINGS, jobs=4)) == ["race", "one"]
    assert dispatched(snapshot(views), replace(SETTINGS, jobs=1)) == ["race"]


@pytest.mark.parametrize(
    ("limit", "settings", "tick"),
    [
        ("jobs", replace(SETTINGS, jobs=2), TickState("r1", NOW)),
        (
            "units a tick",
            replace(SETTINGS, limits=Limits(units_per_tick=2)),
            TickState("r1", NOW),
        ),
        ("units asked for", SETTINGS, TickState("r1", NOW, max_units=2)),
        (
            "units already attempted",
            SETTINGS,
            TickState("r1", NOW, attempted=frozenset({UnitId("x")})),
        ),
        ("open pull requests", replace(SETTINGS, limits=Limits(open_prs=2)), TickState("r1", NOW)),
        ("a day's", replace(SETTINGS, limits=Limits(prs_per_day=2)), TickState("r1", NOW)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_limits_bound_a_wave(limit: str, settings: object, tick: TickState) -> None:
    seen = snapshot([view(f"u{n}", n, unit=unit(f"u{n}", position=n)) for n in range(1, 5)])
    bounded = replace(seen, tick=tick)
    assert dispatched(bounded, settings) == ["u1", "u2"], limit
    last = decided(bounded, settings)["u4"]
    assert isinstance(last, act.Wait)
    assert last.cause is act.Cause.LIMIT


def test_after_its_minutes_a_tick_starts_nothing() -> None:
    tick = TickState("r1", NOW - timedelta(minutes=10), max_minutes=5)
    assert dispatched(replace(snapshot([view("login")]), tick=tick)) == []


def test_a_unit_gets_one_attempt_a_tick() -> None:
    tick = TickState("r1", NOW, attempted=frozenset({UnitId("login")}))
    assert dispatched(replace(snapshot([view("login")]), tick=tick)) == []


def test_a_reservation_that_does_not_fit_waits_and_cheaper_units_go() -> None:
    settings = replace(SETTINGS, budget=Caps(tick=Decimal(1)))
    story = Story().tell(e.Reserved("r1", "work", "p", Decimal("0.50")), unit="other", attempt=1)
    story.tell(e.Settled(story.history.head, Decimal("0.50"), "reported"), unit="other")
    views = [
        view("costly", 1, unit=unit("costly", worker="paid", position=1)),
        view("free", 2, unit=unit("free", position=2)),
    ]
    seen = snapshot(views, story)
    assert dispatched(seen, settings) == ["free"]
    costly = decided(seen, settings)["costly"]
    assert isinstance(costly, act.Wait)
    assert costly.cause is act.Cause.BUDGET
    assert "$1" in costly.reason


def test_an_open_breaker_stops_its_provider_and_a_fallback_takes_over() -> None:
    story = Story()
    story.at = NOW - timedelta(minutes=10)
    for number in (1, 2, 3):
        story.attempt(f"broken-{number}", 1, failure=FailureClass.TIMEOUT, strike=True)
    seen = snapshot([view("login", 1, story)], story)
    action = decided(seen)["login"]
    assert isinstance(action, act.Wait)
    assert action.cause is act.Cause.BREAKER
    first = replace(SETTINGS.workers["default"], fallback=("paid",))
    fallback = replace(SETTINGS, workers={**SETTINGS.workers, "default": first})
    action = decided(seen, fallback)["login"]
    assert isinstance(action, act.Dispatch)
    assert action.worker == "paid"


def test_a_commit_that_did_not_fit_its_wave_waits_until_the_base_moves() -> None:
    story = Story().attempt("login", 1, failure=FailureClass.CONFLICT, outcome="waiting")
    kept = view("login", 1, story, kept_head="d" * 40)
    assert dispatched(snapshot([kept], story)) == []
    moved = snapshot([kept], story, base=BaseState("e" * 40, green=True))
    action = decided(moved)["login"]
    assert isinstance(action, act.Dispatch)
    assert (action.start, action.merge, action.update_only) == ("d" * 40, "e" * 40, True)


def test_a_fix_up_that_does_not_fit_with_the_base_is_not_done_all_over() -> None:
    """The base moved since the head was made: the finished fix-up gets the base merged in."""
    head, kept = "c" * 40, "d" * 40
    asked = {"purpose": "fix-up", "pull": 9, "expected_head": head, "feedback": ("f1",)}
    story = Story().tell(e.PullOpened(9, "loopcoder/login", head), unit="login")
    story.attempt("login", 1, failure=FailureClass.CONFLICT, outcome="waiting", **asked)
    told = {"pull": pull(9, "login"), "feedback": (COMMENT,), "kept_head": kept}
    action = decided(snapshot([view("login", 1, story, **told)], story))["login"]
    assert isinstance(action, act.Dispatch)
    assert (action.start, action.merge, action.update_only) == (kept, BASE, True)
    assert (action.pull, action.expected_head, action.feedback) == (9, head, ("f1",))

    story.attempt("login", 2, failure=FailureClass.GATE_RED, strike=True, merge=BASE, **asked)
    action = decided(snapshot([view("login", 1, story, **told)], story))["login"]
    assert isinstance(action, act.Dispatch)
    assert (action.start, action.merge, action.update_only) == (head, BASE, False)

    story.attempt("login", 3, failure=FailureClass.CONFLICT, outcome="waiting", merge=BASE, **asked)
    seen = snapshot([view("login", 1, story, **told)], story)
    assert "goes on when the base has moved" in decided(seen)["login"].reason
    elsewhere = view("login", 1, story, **{**told, "pull": pull(9, "login", head="e" * 40)})
    action = decided(snapshot([elsewhere], story))["login"]
    assert isinstance(action, act.Dispatch)
    assert (action.start, action.merge) == ("e" * 40, "")


def test_a_parent_closes_when_its_parts_are_done() -> None:
    parent = view("login", 1, parts=(UnitId("form"),), parts_done=True)
    form = view("form", 2, issue=completed(2))
    action = decided(snapshot([parent, form]))["login"]
    assert isinstance(action, act.CloseIssue)


def test_the_decision_is_the_same_for_the_same_world() -> None:
    seen = snapshot([view(f"u{n}", n, unit=unit(f"u{n}", position=n)) for n in range(1, 9)])
    assert decide(seen, SETTINGS) == decide(seen, SETTINGS)
    shuffled = replace(seen, units=tuple(reversed(seen.units)))
    assert dispatched(seen) == dispatched(shuffled)


def test_a_wave_is_no_larger_than_what_its_budget_allows_together() -> None:
    settings = replace(SETTINGS, budget=Caps(attempt=Decimal(2), tick=Decimal(4)))
    paid = [view(name, unit=unit(name, worker="paid")) for name in ("a", "b", "c")]
    actions = decided(snapshot(paid), settings)
    assert [isinstance(actions[name], act.Dispatch) for name in "abc"] == [True, True, False]
    assert "$3.00 is spent or set aside" in actions["c"].reason
    assert snapshot(paid).history.spend == {}


def test_an_attempt_that_a_person_ended_says_nothing_about_its_provider() -> None:
    story = Story()
    story.at = NOW - timedelta(minutes=10)
    for number in (1, 2):
        story.attempt(f"broken-{number}", 1, failure=FailureClass.TIMEOUT, strike=True)
    story.attempt("given-up", 1, outcome="dropped")
    story.attempt("broken-3", 1, failure=FailureClass.TIMEOUT, strike=True)
    assert dispatched(snapshot([view("login", 1, story)], story)) == []


def test_work_that_other_machines_will_propose_takes_places_too() -> None:
    settings = replace(SETTINGS, limits=Limits(units_per_tick=9, prs_per_day=2))
    story = Story().begin("theirs", 1)
    views = [
        view("theirs", 1, story, claim_alive=True),
        *(view(f"u{n}", n, unit=unit(f"u{n}", position=n)) for n in range(2, 5)),
    ]
    assert dispatched(snapshot(views, story), settings) == ["u2"]
    story.tell(e.EffectBegun("pull.create", "loopcoder/lost"), unit="lost")
    assert dispatched(snapshot(views, story), settings) == [], "its answer may be lost alone"
    assert dispatched(
        snapshot(views, story), replace(settings, landing=Landing(mode=LandingMode.COMMIT))
    ) == ["u2", "u3"]


def test_a_long_outage_of_the_reviewer_is_no_strike() -> None:
    story = Story().begin("login", 1)
    for _ in range(9):
        story.tell(
            e.ClaimTaken(e.Holder("h", "b", 1, 1.0), NOW),
            e.ReviewerAsked("scripted:judge", FailureClass.TRANSIENT_API, "overloaded"),
            e.ClaimReleased("no reviewer can be asked now"),
            unit="login",
            attempt=1,
        )
    story.tell(e.BreakerReset("ana"))
    assert dispatched(snapshot([view("login", 1, story)], story)) == ["login"]


def test_while_nobody_can_review_nobody_is_paid_but_what_is_judged_goes_on() -> None:
    judge = WorkerSpec("judge", "scripted")
    settings = replace(SETTINGS, reviewer=ReviewerSpec(judge), breaker=BreakerSettings(failures=3))
    asked = e.ReviewerAsked(judge.provider, FailureClass.AUTH, "the key is refused")
    story = Story().begin("judged", 1)
    story.tell(e.StageFinished("review", 1, True), unit="judged", attempt=1)
    story.at = NOW - timedelta(minutes=1)
    story.tell(asked, asked, asked, unit="other", attempt=1)
    views = [view("judged", 1, story), view("fresh", 2, story)]
    seen = snapshot(views, story)
    assert dispatched(seen, settings) == ["judged"]
    waits = decided(seen, settings)["fresh"]
    assert isinstance(waits, act.Wait) and waits.cause is act.Cause.BREAKER
    assert "nobody can review it: the breaker scripted:judge/auth is open" in waits.reason
    asking = replace(judge, fallback=("paid",))
    helped = replace(settings, reviewer=ReviewerSpec(asking, independence=Independence.OFF))
    assert dispatched(seen, helped) == ["judged", "fresh"]
    unmeasured = replace(seen, unmeasured=frozenset({"paid"}))
    assert dispatched(unmeasured, helped) == ["judged"]
    itself = replace(settings, reviewer=ReviewerSpec(asking))
    assert dispatched(seen, itself) == ["judged"], "the fallback is the author's own program"
    later = replace(seen, now=NOW + timedelta(hours=1))
    assert dispatched(later, settings) == ["judged"], "a probe is alone"
    alone = snapshot([view("fresh", 2, story), view("next", 3, story)], story)
    assert len(dispatched(replace(alone, now=NOW + timedelta(hours=1)), settings)) == 1
