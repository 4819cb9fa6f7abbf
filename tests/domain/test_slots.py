"""Places, time and attempts."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopcoder.domain.journal import event as e
from loopcoder.domain.journal.records.attempt import AttemptRecord
from loopcoder.domain.journal.records.unit import UnitRecord
from loopcoder.domain.limits.slots import MOST, attempts_left, minutes_left, slots
from loopcoder.domain.settings import Limits, WorkerSpec
from loopcoder.domain.unit import UnitId

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def worker(name: str, most: int) -> WorkerSpec:
    return WorkerSpec(name, "command", max_parallel=most)


FAST, SLOW = worker("fast", 50), worker("slow", 2)


@pytest.mark.parametrize(
    ("situation", "jobs", "in_flight", "total", "fast", "slow"),
    [
        ("nothing runs", 3, [], 3, 3, 2),
        ("one runs", 3, ["command:slow"], 2, 2, 1),
        ("the provider is full, others go on", 9, ["command:slow"] * 2, 7, 7, 0),
        ("all places are taken", 3, ["command:fast"] * 3, 0, 0, 0),
        ("more run than are allowed now", 1, ["command:fast"] * 3, 0, 0, 0),
        ("never more than fifty", 1000, ["command:fast"] * 30, 20, 20, 2),
    ],
)
def test_places(
    situation: str, jobs: int, in_flight: list[str], total: int, fast: int, slow: int
) -> None:
    free = slots(jobs, [FAST, SLOW], in_flight)
    found = (free.total, free.free("command:fast"), free.free("command:slow"))
    assert found == (total, fast, slow), situation


def test_workers_of_one_provider_share_its_places() -> None:
    one = WorkerSpec("one", "anthropic", "opus", max_parallel=4)
    other = WorkerSpec("other", "anthropic", "opus", max_parallel=2)
    assert slots(9, [one, other], []).free("anthropic:opus") == 2


@given(seed=st.integers(0, 2**32), jobs=st.integers(1, 80), most=st.integers(1, 10))
def test_whoever_starts_only_into_a_free_place_exceeds_nothing(
    seed: int, jobs: int, most: int
) -> None:
    chance, specs, running = random.Random(seed), [worker("a", most), worker("b", 50)], []
    for _ in range(200):
        if running and chance.random() < 0.3:
            running.remove(chance.choice(running))
        provider = chance.choice(specs).provider
        if slots(jobs, specs, running).free(provider):
            running.append(provider)
        assert len(running) <= min(jobs, MOST)
        assert Counter(running)["command:a"] <= most


def test_a_tick_has_its_minutes() -> None:
    limits = Limits(minutes_per_tick=30)
    assert minutes_left(limits, NOW, NOW + timedelta(minutes=10)) == 20
    assert minutes_left(limits, NOW, NOW + timedelta(minutes=31)) == 0


def test_a_unit_has_its_strikes_and_a_retry_gives_them_back() -> None:
    begun = e.AttemptBegun("r", "b", "s", "w", "p", "d")
    failed = e.AttemptFinished("failed", "red", strike=True)
    attempts = tuple(AttemptRecord(n, begun, NOW, finished=failed) for n in (1, 2))
    record = UnitRecord(UnitId("a"), attempts=attempts)
    assert attempts_left(Limits(attempts=3), record) == 1
    assert attempts_left(Limits(attempts=1), record) == 0
    later = UnitRecord(UnitId("a"), attempts=attempts, retried_at=NOW + timedelta(seconds=1))
    assert attempts_left(Limits(attempts=3), later) == 3
