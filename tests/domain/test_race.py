"""Which candidate is kept, and how a lane's stages become the attempt's."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from loopcoder.domain.journal.event import (
    AttemptBegun,
    Event,
    Fact,
    RaceBegun,
    RaceFinished,
    StageBegun,
    StageFinished,
)
from loopcoder.domain.journal.history import History
from loopcoder.domain.journal.records.attempt import AttemptRecord
from loopcoder.domain.review.verdict import Finding, Weight
from loopcoder.domain.tick.race import Candidate, choose, describe, lane_name, name_in
from loopcoder.domain.unit import UnitId

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def candidate(
    lane: int, *weights: Weight, approved: bool = True, size: int = 5, usd: str = "1"
) -> Candidate:
    findings = tuple(Finding(weight, "x") for weight in weights)
    return Candidate(lane, f"w{lane}", approved, findings, size, Decimal(usd))


@pytest.mark.parametrize(
    ("first", "second", "kept", "why"),
    [
        (candidate(1, approved=False, size=1), candidate(2, Weight.MINOR), 2, "approved"),
        (candidate(1, Weight.NIT), candidate(2, size=99), 2, "fewer or lighter"),
        (candidate(1, Weight.MINOR), candidate(2, *[Weight.NIT] * 3), 2, "fewer or lighter"),
        (candidate(1, size=9), candidate(2, size=8, usd="9"), 2, "smaller"),
        (candidate(1, usd="2"), candidate(2), 2, "cost less"),
        (candidate(2), candidate(1), 1, "first of equals"),
    ],
)
def test_the_rank(first: Candidate, second: Candidate, kept: int, why: str) -> None:
    for order in ([first, second], [second, first]):
        chosen, reason = choose(order)
        assert (chosen.lane, why in reason) == (kept, True)


def test_a_candidate_alone_and_how_each_is_described() -> None:
    alone, lost = candidate(1), candidate(2, approved=False)
    assert choose([alone]) == (alone, "it is the only one")
    assert describe(alone, alone) == "candidate 1 (w1): kept; 0 findings, 5 changed lines, $1.00"
    assert describe(lost, alone).startswith("candidate 2 (w2): dropped")


def test_lanes_have_names_of_their_own() -> None:
    assert lane_name("work", 0) == "work" and lane_name("work", 2) == "work@2"
    assert name_in("work@2", 2) == "work" and name_in("work@2", 1) is None
    assert name_in("work", 0) == "work" and name_in("work", 2) is None


def attempt(*facts: Fact) -> AttemptRecord:
    unit = UnitId("a")
    begun = AttemptBegun("r", "b", "s", "w", "p", "d")
    history = History().apply_all(
        Event(str(n), NOON, fact, unit, 1, 1, "worker", "", "")
        for n, fact in enumerate((begun, *facts))
    )
    return history.unit(unit).attempts[0]


LANES = (
    RaceBegun(("w", "w2")),
    StageBegun("work@1", 1),
    StageBegun("work@2", 1),
    StageFinished("work@2", 1, True, reason="two"),
    StageFinished("work@1", 1, True, reason="one"),
)


def test_a_lane_sees_its_own_stages_and_the_end_makes_one_plain() -> None:
    racing = attempt(*LANES)
    assert racing.last("work") is None
    own = racing.seen_from(2).last("work")
    assert own and (own.stage, own.reason) == ("work", "two")
    over = attempt(*LANES, RaceFinished(2, "smaller"))
    assert [each.stage for each in over.stages] == ["work@1", "work"]
    assert over.last("work") == own
