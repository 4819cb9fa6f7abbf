"""What a process records after it lost its claim changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from loopcoder.domain.journal import event as e
from loopcoder.domain.journal.history import History
from loopcoder.domain.unit import UnitId

NOW = datetime(2026, 1, 5, tzinfo=UTC)
UNIT = UnitId("u")


def history(*facts: tuple[int, e.Fact]) -> History:
    folded = History()
    for number, (epoch, fact) in enumerate(facts):
        id_ = f"{number:026d}"
        folded.apply(e.Event(id_, NOW, fact, UNIT, 1, epoch, "scheduler", "", ""))
    return folded


def taken(host: str) -> e.ClaimTaken:
    return e.ClaimTaken(e.Holder(host, "boot", 1, 1.0), NOW + timedelta(minutes=15))


BEGUN = e.AttemptBegun("run", "base", "base", "default", "scripted", "digest")
START = ((1, taken("slow")), (1, BEGUN), (2, taken("fast")))


def test_a_late_release_does_not_free_the_claim_of_another() -> None:
    claim = history(*START, (1, e.ClaimReleased())).unit(UNIT).claim
    assert claim is not None and claim.holder.host == "fast"
    assert history(*START, (2, e.ClaimReleased())).unit(UNIT).claim is None


def test_late_stages_and_outcomes_do_not_touch_the_attempt() -> None:
    late = (
        (1, e.StageFinished("work", 1, True)),
        (1, e.StageBegun("verify", 1)),
        (1, e.AttemptFinished("failed", "too late", strike=True)),
    )
    assert history(*START, *late).unit(UNIT) == history(*START).unit(UNIT)
