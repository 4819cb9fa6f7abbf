"""When a reviewer's answer is an approval, and when it is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopcoder.domain.review.verdict import Decision, Finding, Verdict, Weight, judge

HEAD, DIFF = "a" * 40, "b" * 64


def verdict(decision: Decision, *findings: Finding, head: str = HEAD, diff: str = DIFF) -> Verdict:
    return Verdict(decision, "because", findings, head, diff)


def test_an_approval_of_this_change_approves() -> None:
    nit = Finding(Weight.NIT, "a longer name")
    judgement = judge(verdict(Decision.APPROVE, nit), HEAD, DIFF)
    assert judgement.approved
    assert judgement.usable
    assert judgement.findings == (nit,)


@pytest.mark.parametrize(
    ("head", "diff"),
    [
        ("c" * 40, DIFF),
        (HEAD, "c" * 64),
        ("", ""),
        (HEAD[:12], DIFF),
        (HEAD.upper(), DIFF),
        (HEAD + " ", DIFF),
        (DIFF, HEAD),
    ],
)
@pytest.mark.parametrize("decision", list(Decision))
def test_a_verdict_about_something_else_decides_nothing(
    decision: Decision, head: str, diff: str
) -> None:
    judgement = judge(verdict(decision, head=head, diff=diff), HEAD, DIFF)
    assert not judgement.approved
    assert not judgement.usable


def test_nothing_to_judge_is_never_approved() -> None:
    assert not judge(verdict(Decision.APPROVE, head="", diff=""), "", "").usable
    assert not judge(verdict(Decision.APPROVE, diff=""), HEAD, "").usable
    assert not judge(None, HEAD, DIFF).usable


@pytest.mark.parametrize("weight", [Weight.BLOCKER, Weight.MAJOR])
def test_an_approval_with_a_heavy_finding_asks_for_changes(weight: Weight) -> None:
    finding = Finding(weight, "it deletes the data")
    judgement = judge(verdict(Decision.APPROVE, finding), HEAD, DIFF)
    assert judgement.decision is Decision.REQUEST_CHANGES
    assert not judgement.approved
    assert judgement.usable
    assert judgement.findings == (finding,)


def test_asking_for_changes_and_abstaining() -> None:
    finding = Finding(Weight.MINOR, "untested")
    asked = judge(verdict(Decision.REQUEST_CHANGES, finding), HEAD, DIFF)
    assert (asked.usable, asked.approved, asked.findings) == (True, False, (finding,))
    silent = judge(verdict(Decision.ABSTAIN), HEAD, DIFF)
    assert (silent.usable, silent.approved) == (False, False)
    assert "because" in silent.reason


@given(
    st.sampled_from(Decision),
    st.lists(st.builds(Finding, st.sampled_from(Weight), st.text())),
    st.sampled_from([HEAD, "", "other"]),
    st.sampled_from([DIFF, "", "other"]),
)
def test_nothing_but_a_clean_approval_of_this_change_approves(
    decision: Decision, findings: list[Finding], head: str, diff: str
) -> None:
    light = all(finding.severity in (Weight.MINOR, Weight.NIT) for finding in findings)
    clean = decision is Decision.APPROVE and light and (head, diff) == (HEAD, DIFF)
    assert judge(verdict(decision, *findings, head=head, diff=diff), HEAD, DIFF).approved == clean
