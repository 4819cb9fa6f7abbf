"""What counts as right, what rates say, and when they pass."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopcoder.domain.review.calibration import (
    Case,
    CaseOutcome,
    Expected,
    Rate,
    Spot,
    Tally,
    grade,
    hopeless,
    in_order,
    shortfall,
    too_few,
)
from loopcoder.domain.review.verdict import Decision, Finding, Judgement, Weight
from loopcoder.domain.settings import Thresholds
from loopcoder.domain.unit import Unit, UnitId

UNIT = Unit(UnitId("a"), "A")
DEFECT = Case("d", UNIT, {"a": "x"}, "patch", Expected.DEFECT, spots=(Spot("src/a.py", 40, 45),))
CLEAN = Case("c", UNIT, {"a": "x"}, "patch", Expected.CLEAN)
WANTED = Thresholds()


def asks(file: str = "src/a.py", line: int = 42) -> Judgement:
    finding = Finding(Weight.MAJOR, "wrong", file, line)
    return Judgement(Decision.REQUEST_CHANGES, True, "", (finding,))


APPROVES = Judgement(Decision.APPROVE, True, "")
UNUSABLE = Judgement(Decision.ABSTAIN, False, "")


@pytest.mark.parametrize(
    ("case", "judgement", "outcome"),
    [
        (DEFECT, asks(), CaseOutcome.CAUGHT),
        (DEFECT, asks(line=30), CaseOutcome.CAUGHT),
        (DEFECT, asks(line=55), CaseOutcome.CAUGHT),
        (DEFECT, asks(line=0), CaseOutcome.CAUGHT),
        (DEFECT, asks("./src/a.py"), CaseOutcome.CAUGHT),
        (DEFECT, asks(line=29), CaseOutcome.MISSED),
        (DEFECT, asks(line=56), CaseOutcome.MISSED),
        (DEFECT, asks("src/b.py"), CaseOutcome.MISSED),
        (DEFECT, asks("", 0), CaseOutcome.MISSED),
        (DEFECT, replace(asks(), findings=()), CaseOutcome.MISSED),
        (DEFECT, replace(asks(), decision=Decision.APPROVE), CaseOutcome.MISSED),
        (DEFECT, APPROVES, CaseOutcome.MISSED),
        (DEFECT, UNUSABLE, CaseOutcome.UNUSABLE),
        (CLEAN, APPROVES, CaseOutcome.APPROVED),
        (CLEAN, asks(), CaseOutcome.FALSE_ALARM),
        (CLEAN, UNUSABLE, CaseOutcome.UNUSABLE),
    ],
)
def test_what_an_answer_is_worth(case: Case, judgement: Judgement, outcome: CaseOutcome) -> None:
    assert grade(case, judgement) is outcome


def test_an_answer_nobody_can_use_is_a_miss_and_an_alarm() -> None:
    rows = [(Expected.DEFECT, CaseOutcome.UNUSABLE), (Expected.CLEAN, CaseOutcome.UNUSABLE)]
    assert Tally.of(rows) == Tally(defects=1, caught=0, clean=1, alarms=1, unusable=2)


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    [
        (24, 24, 0.862, 1.0),
        (20, 24, 0.641, 0.933),
        (0, 16, 0.0, 0.194),
        (1, 2, 0.095, 0.905),
        (0, 0, 0.0, 1.0),
    ],
)
def test_wilsons_interval(hits: int, total: int, low: float, high: float) -> None:
    assert Rate(hits, total).interval == pytest.approx((low, high), abs=0.001)


@given(st.integers(0, 60), st.integers(0, 60))
def test_the_interval_holds_the_rate_and_stays_between_0_and_1(a: int, b: int) -> None:
    rate = Rate(min(a, b), max(a, b))
    low, high = rate.interval
    assert 0 <= low <= rate.value + 1e-9
    assert rate.value - 1e-9 <= high <= 1


@pytest.mark.parametrize(
    ("tally", "told"),
    [
        (Tally(20, 16, 10, 2), ""),
        (Tally(20, 15, 10, 2), "it caught 15 of 20"),
        (Tally(20, 16, 10, 3), "it held 3 of 10"),
        (Tally(20, 0, 10, 0), "80% is required"),
        (Tally(20, 20, 10, 10), "20% is allowed"),
    ],
)
def test_rates_are_judged_as_measured(tally: Tally, told: str) -> None:
    found = shortfall(tally, WANTED)
    assert told in found
    assert bool(told) == bool(found)


counts = st.tuples(st.integers(1, 30), st.integers(1, 30)).flatmap(
    lambda planned: st.tuples(
        st.just(planned),
        st.lists(st.booleans(), max_size=planned[0]),
        st.lists(st.booleans(), max_size=planned[1]),
    )
)


@given(counts)
def test_it_is_hopeless_exactly_when_the_best_end_fails(
    given: tuple[tuple[int, int], list[bool], list[bool]],
) -> None:
    (defects, clean), caught, alarms = given
    now = Tally(len(caught), sum(caught), len(alarms), sum(alarms))
    left = defects - len(caught)
    best = Tally(defects, sum(caught) + left, clean, sum(alarms))
    stopped = hopeless(now, Tally(defects, 0, clean, 0), WANTED)
    assert bool(stopped) == bool(shortfall(best, WANTED))
    if stopped:
        assert shortfall(now, WANTED)


def test_few_cases_are_no_calibration() -> None:
    assert too_few(11, 8)
    assert too_few(12, 7)
    assert not too_few(12, 8)


def test_every_beginning_holds_both_kinds() -> None:
    defects = [replace(DEFECT, id=f"d{n}") for n in range(24)]
    clean = [replace(CLEAN, id=f"c{n}") for n in range(16)]
    ordered = in_order([*clean, *defects])
    assert ordered == in_order([*defects, *reversed(clean)])
    for size in range(5, 41, 5):
        share = sum(c.expected is Expected.DEFECT for c in ordered[:size]) / size
        assert 0.4 <= share <= 0.8
