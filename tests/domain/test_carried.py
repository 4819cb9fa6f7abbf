"""What the artifact of a job may say: one small lie at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from loopcoder.domain.journal import event as e
from loopcoder.domain.journal.records.attempt import AttemptRecord
from loopcoder.domain.tick.action import Dispatch, Purpose
from loopcoder.domain.tick.carried import Forged, Station, check_base, check_errand
from loopcoder.domain.tick.failure import FailureClass
from loopcoder.domain.tick.wave import Errand, Wave, holder_of
from loopcoder.domain.unit import Unit, UnitId

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
UNIT, BASE, MADE = UnitId("store"), "b" * 40, "c" * 40
STEP = Dispatch(UNIT, 1, Purpose.BUILD, BASE, BASE, "default", "ready")
ERRAND = Errand(STEP, Unit(UNIT, "Store"), epoch=3)
WAVE = Wave("run", BASE, "main", "f" * 64, NOW, NOW + timedelta(hours=6), (ERRAND,))
BEGUN = e.AttemptBegun("run", BASE, BASE, "default", "scripted:default", "digest")


def told(
    fact: e.Fact,
    principal: str,
    *,
    unit: str | None = UNIT,
    attempt: int | None = 1,
    epoch: int | None = 3,
    at: datetime = NOW,
    id: str = "1",
) -> e.Event:
    name = UnitId(unit) if unit else None
    return e.Event(id, at, fact, name, attempt, epoch, principal, "", "")


def work(*facts: e.Fact, **given: object) -> list[e.Event]:
    return [told(fact, "worker", **given) for fact in facts]  # type: ignore[arg-type]


def stage(name: str, round_: int = 1, sha: str = "", passed: bool = True) -> list[e.Fact]:
    return [e.StageBegun(name, round_, sha), e.StageFinished(name, round_, passed, sha)]


def record(*finished: e.StageFinished) -> AttemptRecord:
    from loopcoder.domain.journal.records.attempt import StageRecord

    stages = tuple(StageRecord(f.stage, f.round, NOW, NOW, f) for f in finished)
    return AttemptRecord(1, BEGUN, NOW, stages=stages)


FRESH = record()
WORKED = record(e.StageFinished("work", 1, True), e.StageFinished("commit", 1, True, MADE))
HONEST_WORK = [*stage("work"), *stage("commit", sha=MADE)]
HONEST_JUDGE = [fact for name in ("policy", "verify", "review") for fact in stage(name, sha=MADE)]
RESERVED = e.Reserved("run", "work", "p", Decimal(1))


def check(station: Station, before: AttemptRecord, events: Sequence[e.Event]) -> None:
    check_errand(station, WAVE, ERRAND, before, events, NOW)


def test_what_honest_jobs_say_is_believed() -> None:
    check(Station.WORK, FRESH, work(*HONEST_WORK))
    check(Station.WORK, FRESH, [])
    check(Station.WORK, FRESH, work(*stage("work"), e.StageBegun("commit", 1)))
    check(Station.WORK, FRESH, [told(RESERVED, "worker", id="r"),
                                *work(e.Settled("r", Decimal(1), "metered"))])  # fmt: skip
    check(Station.WORK, WORKED, work(*stage("work", 2), *stage("commit", 2)))
    check(Station.JUDGE, WORKED, [told(fact, "reviewer") for fact in HONEST_JUDGE])
    assert len(HONEST_JUDGE) == 6
    asked = e.ReviewerAsked("scripted:reviewer", FailureClass.AUTH, "the key is refused")
    check(Station.JUDGE, WORKED, [told(fact, "reviewer") for fact in (*HONEST_JUDGE[:5], asked)])


LIES: list[tuple[str, list[e.Event], str]] = [
    ("of another unit", work(*HONEST_WORK, unit="login"), "of login"),
    ("of no unit", work(*HONEST_WORK, unit=None), "of None"),
    ("of another attempt", work(*HONEST_WORK, attempt=2), "attempt 2"),
    ("of a claim that was lost", work(*HONEST_WORK, epoch=2), "epoch 2"),
    ("in the reviewer's name", [told(f, "reviewer") for f in HONEST_WORK], "in the name of"),
    ("in a person's name", [told(f, "person:ana") for f in HONEST_WORK], "in the name of"),
    ("of tomorrow", work(*HONEST_WORK, at=NOW + timedelta(days=1)), "told to be of"),
    ("of before the wave", work(*HONEST_WORK, at=NOW - timedelta(days=1)), "told to be of"),
    ("that it passed the gates", work(*stage("verify", sha=MADE)), "may not speak of the stage"),
    ("its own review", work(*HONEST_WORK, *stage("review", sha=MADE)), "may not speak"),
    ("that the wave fits", work(*stage("integrate")), "may not speak of the stage"),
    ("that a person approved", work(e.Approved("ana")), "may not record person.approved"),
    ("that the claim is its own", work(e.ClaimTaken(holder_of("x"), NOW)), "claim.taken"),
    ("that it was proposed", work(e.PullOpened(1, "loopcoder/x", MADE)), "pull.opened"),
    ("that the attempt is over", work(e.AttemptFinished("proposed", "")), "attempt.finish"),
    ("of a reviewer's trouble", work(e.ReviewerAsked("p", FailureClass.AUTH)), "review.asked"),
    ("that the base is green", work(e.BaseChecked(BASE, "g", True)), "base.checked"),
    ("a commit before work", work(*stage("commit"), *stage("work")), "out of order"),
    ("a stage twice", work(*stage("work"), *stage("work")), "out of order"),
    ("an end without a beginning", work(e.StageFinished("work", 1, True)), "without having been"),
    ("two stages at once", work(e.StageBegun("work", 1), e.StageBegun("commit", 1)), "order"),
    ("of a later round", work(*stage("work", 2)), "round 1 is due"),
    ("another's bill", work(e.Settled("other", Decimal(0), "free")), "settles what the job did"),
    ("money for reviews", work(e.Reserved("run", "review", "p", Decimal(1))), "not the job's"),
    ("money of another run", work(e.Reserved("x", "work", "p", Decimal(1))), "not the job's"),
    ("money back", work(e.Reserved("run", "work", "p", Decimal(-1))), "not the job's"),
    ("no number", work(e.Reserved("run", "work", "p", Decimal("NaN"))), "not the job's"),
    ("far too much", work(*[e.StageBegun("work", 1)] * 501), "500 is the most"),
]  # fmt: skip


@pytest.mark.parametrize(("events", "why"), [x[1:] for x in LIES], ids=[x[0] for x in LIES])
def test_a_work_job_may_not_speak(events: list[e.Event], why: str) -> None:
    with pytest.raises(Forged, match=why):
        check(Station.WORK, FRESH, events)


def test_a_judge_may_not_judge_another_commit() -> None:
    lie = [told(fact, "reviewer") for fact in stage("verify", sha="d" * 40)]
    with pytest.raises(Forged, match="was made"):
        check(Station.JUDGE, WORKED, lie)


def test_a_judge_may_not_say_that_it_worked() -> None:
    with pytest.raises(Forged, match="may not speak of the stage commit"):
        check(Station.JUDGE, WORKED, [told(f, "reviewer") for f in stage("commit", sha=MADE)])


def test_a_settled_bill_is_not_settled_again() -> None:
    paid = e.Settled("r", Decimal(1), "metered")
    with pytest.raises(Forged, match="settles"):
        check(Station.WORK, FRESH, [told(RESERVED, "worker", id="r"), *work(paid, paid)])


def test_the_base_job_speaks_of_the_base_alone() -> None:
    def say(fact: e.Fact, **given: object) -> list[e.Event]:
        nothing = {"unit": None, "attempt": None, "epoch": None, **given}
        return [told(fact, "reviewer", **nothing)]  # type: ignore[arg-type]

    green = e.BaseChecked(BASE, "gates", True)
    check_base([*say(green), *say(e.Sealed(BASE))], BASE, "gates", NOW)
    for lie in (
        say(replace(green, sha=MADE)),
        say(replace(green, commands="none")),
        say(e.Sealed(MADE)),
        say(e.Approved("ana")),
        say(green, unit="store"),
        say(green) * 3,
        [replace(say(green)[0], principal="scheduler")],
    ):
        with pytest.raises(Forged):
            check_base(lie, BASE, "gates", NOW)
