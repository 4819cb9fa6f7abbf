"""What worker and reviewer said to each other, from the journal's receipts."""

from __future__ import annotations

from decimal import Decimal

import pytest

from loopcoder.domain.journal import event as e
from loopcoder.domain.review.dispute import Round, answer, cost_of, rounds_of, same_finding, told
from loopcoder.domain.review.verdict import Finding, Weight
from loopcoder.domain.unit import UnitId
from tests.support.world import Story

CLAIM = "The lockout never ends."


def finding(claim: str = CLAIM, file: str = "login.py", line: int = 4) -> Finding:
    return Finding(Weight.MAJOR, claim, file, line)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (finding(), finding(), True),
        (finding(), finding(line=90), True),
        (finding(), finding("the lockout NEVER ends"), True),
        (finding(), finding("The lockout still never ends."), True),
        (finding(), finding("The session is never closed."), False),
        (finding(), finding(file="logout.py"), False),
        (finding("…"), finding("?!"), True),
        (finding("…"), finding(), False),
    ],
)
def test_when_a_finding_is_said_again(one: Finding, other: Finding, same: bool) -> None:
    assert same_finding(one, other) is same
    assert same_finding(other, one) is same


def test_both_sides_words_and_the_cost_of_each_round() -> None:
    story = Story().begin("login", 1)

    def stage(name: str, round_: int, usd: str, passed: bool = True, **detail: object) -> None:
        story.tell(e.StageBegun(name, round_), unit="login", attempt=1)
        if usd:
            begun = f"{story.history.length + 1:026d}"
            facts = [e.Reserved("r", name, "p", Decimal(2)), e.Settled(begun, Decimal(usd), "x")]
            story.tell(*facts, unit="login", attempt=1)
        done = e.StageFinished(name, round_, passed, reason="why", detail=detail)  # type: ignore[arg-type]
        story.tell(done, unit="login", attempt=1)

    rows = [{"severity": "major", "claim": CLAIM, "file": "login.py", "line": 4}]
    stage("work", 1, "0.30", summary="added the lockout", worker="claude")
    stage("verify", 1, "")
    stage("review", 1, "0.05", False, decision="request_changes", reviewer="codex", findings=rows)
    stage("work", 2, "0.20", summary="it ends after an hour, see the test", worker="claude")
    stage("verify", 2, "", passed=False)
    history = story.history
    (attempt,) = history.unit(UnitId("login")).attempts
    rounds = rounds_of(history, UnitId("login"), attempt)
    assert [(r.usd, r.decision, r.held_back) for r in rounds] == [
        (Decimal("0.35"), "request_changes", ""),
        (Decimal("0.20"), "", "why"),
    ]
    assert [told(each) for each in rounds] == [
        "round 1 ($0.35): the worker says: added the lockout; "
        "the reviewer asks for changes: major login.py:4 The lockout never ends.",
        "round 2 ($0.20): the worker says: it ends after an hour, see the test; held back: why",
    ]
    assert cost_of(rounds) == "2 rounds, $0.55"


@pytest.mark.parametrize(
    ("round_", "text"),
    [
        (Round(1, "w", ""), "it was not reviewed"),
        (Round(1, "w", "", decision="approve"), "the reviewer approves"),
        (
            Round(1, "w", "", decision="abstain", verdict="unsure"),
            "the reviewer decides nothing: unsure",
        ),
    ],
)
def test_what_came_back(round_: Round, text: str) -> None:
    assert answer(round_) == text
