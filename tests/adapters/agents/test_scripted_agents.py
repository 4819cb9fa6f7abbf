"""The scripted worker and reviewer: real processes that do as they are told."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopcoder.adapters.agents.scripted import ScriptedReviewer, ScriptedWorker
from loopcoder.adapters.agents.scripted_agent import choose_steps
from loopcoder.adapters.sandbox.choice import Sandbox
from loopcoder.domain.review.verdict import Decision, judge
from loopcoder.domain.settings import CostBasis, WorkerSpec
from loopcoder.domain.tick.failure import FailureClass
from loopcoder.ports.reviewer import ReviewOrder
from loopcoder.ports.worker import Outcome, Usage, WorkOrder, WorkResult

SPEC = WorkerSpec("scripted", "scripted", cost=CostBasis.FREE)
Order = Callable[..., WorkOrder]


def work(sandbox: Sandbox, order: WorkOrder, *attempts: object) -> WorkResult:
    script = json.dumps({"work": {"login-form": list(attempts)}})
    return ScriptedWorker(SPEC, sandbox, script).run(order, lambda seen: None)


def test_files_are_written_per_attempt(any_sandbox: Sandbox, order: Order, workspace: Path) -> None:
    attempts = (
        [{"write": {"src/form.py": "broken\n"}}],
        [{"write": {"src/form.py": "fixed\n"}}, {"append": {"src/form.py": "more\n"}}],
    )
    assert work(any_sandbox, order(attempt=1), *attempts).failure is None
    assert (workspace / "src/form.py").read_text() == "broken\n"
    assert work(any_sandbox, order(attempt=2), *attempts).failure is None
    assert (workspace / "src/form.py").read_text() == "fixed\nmore\n"
    assert work(any_sandbox, order(attempt=7), [{"delete": ["src/form.py"]}]).failure is None
    assert not (workspace / "src/form.py").exists()


def test_outcome_exit_and_cost(any_sandbox: Sandbox, order: Order) -> None:
    blocked = work(any_sandbox, order(), [{"outcome": {"status": "blocked", "reason": "why"}}])
    assert (blocked.outcome, blocked.reason) == (Outcome.BLOCKED, "why")
    assert blocked.usage == Usage(0, 0, Decimal(0))
    assert work(any_sandbox, order(), [{"exit": 75}]).failure is FailureClass.TRANSIENT_API
    wrong = work(any_sandbox, order(), [{"dance": 1}])
    assert wrong.failure is FailureClass.CRASH
    assert "exactly one of" in wrong.reason


def test_hostile_steps_end_as_they_should(any_sandbox: Sandbox, order: Order) -> None:
    left = work(any_sandbox, order(), [{"spawn": 60}, {"print": "gone"}])
    assert (left.failure, left.tail) == (None, "gone")
    stuck = work(any_sandbox, order(timeout_s=0.6), [{"sleep": 60}])
    assert stuck.failure is FailureClass.TIMEOUT
    loud = work(any_sandbox, order(), [{"print": "x", "times": 200_000}])
    assert loud.failure is None
    assert len(loud.tail.splitlines()) == 200
    busy = work(any_sandbox, order(stall_s=1.0), [{"touch": 2.0}])
    assert busy.failure is None
    ran = work(any_sandbox, order(), [{"run": ["false"]}, {"python": "print(6 * 7)"}])
    assert ran.tail == "false ended with code 1\n42"


def test_an_unnamed_unit_is_left_alone(any_sandbox: Sandbox, order: Order, workspace: Path) -> None:
    worker = ScriptedWorker(SPEC, any_sandbox, '{"work": {"other": [[{"exit": 1}]]}}')
    result = worker.run(order(), lambda seen: None)
    assert (result.failure, result.tail) == (None, "nothing is scripted for login-form")
    assert list(workspace.iterdir()) == []


@pytest.mark.parametrize("said", ["approve", "request_changes", "abstain"])
def test_verdicts_are_about_the_change_shown(
    any_sandbox: Sandbox, review_order: Callable[..., ReviewOrder], said: str
) -> None:
    order = review_order()
    script = json.dumps({"review": {"*": [[{"verdict": said, "summary": "s"}]]}})
    reply = ScriptedReviewer(SPEC, any_sandbox, script).review(order, lambda seen: None)
    assert reply.verdict is not None
    assert reply.verdict.decision is Decision(said)
    judgement = judge(reply.verdict, order.head, order.diff_sha256)
    assert judgement.approved == (said == "approve")


def test_rounds_differ_where_they_are_given(
    any_sandbox: Sandbox, review_order: Callable[..., ReviewOrder]
) -> None:
    rounds = [[{"verdict": "request_changes"}], [{"verdict": "approve"}]]
    script = json.dumps({"review": {"login-form": [{"rounds": rounds}]}})
    reviewer = ScriptedReviewer(SPEC, any_sandbox, script)
    said = [reviewer.review(review_order(round=n), lambda seen: None).verdict for n in (1, 2, 3)]
    assert [each and each.decision.value for each in said] == [
        *("request_changes", "approve", "approve")
    ]


@given(st.integers(-3, 30), st.integers(1, 6))
def test_the_last_attempt_is_repeated(attempt: int, count: int) -> None:
    attempts = [[{"exit": number}] for number in range(count)]
    chosen = choose_steps({"u": attempts}, "u", attempt)
    assert chosen == attempts[min(max(attempt, 1), count) - 1]
