"""Who has a unit, for how long, and how that is known from elsewhere."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from loopcoder.adapters.memory.clock import FixedClock
from loopcoder.adapters.memory.journal import MemoryJournal
from loopcoder.adapters.sandbox.holder import current_holder
from loopcoder.domain.diagnostic import Stale, Unavailable
from loopcoder.domain.journal import event as e
from loopcoder.domain.journal.records.attempt import Claim
from loopcoder.domain.tick.action import Dispatch, Purpose
from loopcoder.domain.unit import UnitId
from loopcoder.engine.attempt.claim import (
    holds_claim,
    is_claim_alive,
    release_claim,
    take_claim,
)
from loopcoder.engine.attempt.renewal import renew_claims, renewing
from loopcoder.engine.services import Services
from loopcoder.ports.listener import SilentListener
from tests.support.world import BASE, SETTINGS, unit

HERE = e.Holder("runner", "boot-1", 42, 1.0, machine="m1", space="100")
STEP = Dispatch(UnitId("login"), 1, Purpose.BUILD, BASE, BASE, "default", "ready")


def services(journal: MemoryJournal, clock: FixedClock, **more: Any) -> Services:
    """As far as claims look at them."""
    known = {"settings": SETTINGS, "listener": SilentListener(), "holder": HERE}
    known |= {"journal": journal, "clock": clock, "is_alive": lambda holder: holder == HERE}
    return cast(Services, SimpleNamespace(**{**known, **more}))


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def journal(clock: FixedClock) -> MemoryJournal:
    return MemoryJournal(clock)


ELSEWHERE = replace(HERE, boot="boot-9", machine="m9")


@pytest.mark.parametrize(
    ("situation", "holder", "minutes", "alive"),
    [
        ("this very process", HERE, 60, True),
        ("a process of this machine that is gone", replace(HERE, pid=7), 1, False),
        ("this machine before it was started again", replace(HERE, boot="boot-0"), 1, False),
        ("a runner of the same name", ELSEWHERE, 14, True),
        ("a runner of the same name, long ago", ELSEWHERE, 16, False),
        ("a container of the same name", replace(HERE, space="200", machine="m2"), 14, True),
        ("a container of the same clone", replace(HERE, space="200", pid=7), 14, True),
        ("somebody who did not say where it is", e.Holder("runner", "old", 7, 1.0), 14, True),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_claim_lives(
    clock: FixedClock,
    journal: MemoryJournal,
    situation: str,
    holder: e.Holder,
    minutes: int,
    alive: bool,
) -> None:
    claim = Claim(1, holder, clock.now(), clock.now() + timedelta(minutes=15))
    clock.advance(minutes=minutes)
    assert is_claim_alive(claim, services(journal, clock)) is alive, situation


def test_this_process_is_known_by_more_than_the_hosts_name(tmp_path: Path) -> None:
    one, other = current_holder(tmp_path / "one"), current_holder(tmp_path / "other")
    assert one == current_holder(tmp_path / "one")
    assert (one.host, one.boot, one.pid, one.space) == (
        other.host, other.boot, other.pid, other.space,
    )  # fmt: skip
    assert one.machine and one.machine != other.machine
    assert one.space


def test_a_claim_that_is_renewed_outlives_its_time(
    clock: FixedClock, journal: MemoryJournal
) -> None:
    ours = services(journal, clock)
    theirs = services(journal, clock, holder=ELSEWHERE)
    take_claim(ours, STEP, unit("login"), "r1")
    for _ in range(5):
        clock.advance(minutes=5)
        assert renew_claims(ours) == 1
        assert renew_claims(theirs) == 0
    with pytest.raises(Stale):
        take_claim(theirs, replace(STEP, resume=True), unit("login"), "r2")
    clock.advance(minutes=16)
    assert take_claim(theirs, replace(STEP, resume=True), unit("login"), "r2") == 2


def test_what_was_decided_before_somebody_elses_attempt_is_not_begun(
    clock: FixedClock, journal: MemoryJournal
) -> None:
    epoch = take_claim(services(journal, clock, holder=ELSEWHERE), STEP, unit("login"), "r1")
    ended = e.AttemptFinished("proposed", "#4 waits for a person to merge", False)
    journal.record(e.Entry(ended, STEP.unit, 1, epoch))
    release_claim(services(journal, clock), STEP, epoch, "proposed")
    with pytest.raises(Stale):
        take_claim(services(journal, clock), STEP, unit("login"), "r2")
    assert [a.number for a in journal.history().unit(STEP.unit).attempts] == [1]


def test_who_lost_a_claim_cannot_renew_it(clock: FixedClock, journal: MemoryJournal) -> None:
    ours = services(journal, clock)
    epoch = take_claim(ours, STEP, unit("login"), "r1", lasting=timedelta(minutes=1))
    clock.advance(minutes=2)
    take_claim(
        services(journal, clock, holder=ELSEWHERE), replace(STEP, resume=True), unit("login"), "r2"
    )
    assert renew_claims(ours) == 0
    late = e.Entry(e.ClaimRenewed(clock.now() + timedelta(days=1)), STEP.unit, 1, epoch)
    journal.record(late)
    claim = journal.history().unit(STEP.unit).claim
    assert claim is not None and claim.holder == ELSEWHERE
    assert claim.until < clock.now() + timedelta(hours=1)
    assert not holds_claim(ours, STEP.unit, epoch)


def test_claims_are_renewed_together_while_work_goes_on(
    clock: FixedClock, journal: MemoryJournal
) -> None:
    """A renewal that fails is tried again at the next time."""
    short = replace(SETTINGS, github=replace(SETTINGS.github, claim_time_s=0.03))
    renewed, failed = threading.Event(), threading.Event()

    class Shaky(MemoryJournal):
        def transact(self, decision: Any) -> Any:
            events = super().transact(decision)
            if events and isinstance(events[0].fact, e.ClaimRenewed):
                if not failed.is_set():
                    failed.set()
                    raise Unavailable("no network")
                assert len(events) == 2
                renewed.set()
            return events

    shared = Shaky(clock)
    ours = services(shared, clock, settings=short)
    take_claim(ours, STEP, unit("login"), "r1")
    take_claim(ours, replace(STEP, unit=UnitId("store")), unit("store"), "r1")
    with renewing(ours):
        assert renewed.wait(10)
    assert failed.is_set()
    assert not [each for each in threading.enumerate() if each.name == "renewal"]
