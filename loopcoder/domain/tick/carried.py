"""What the artifact of a job may say: the kinds and order of its events, by who made it.

Everything here is read as if an enemy had written it. A job speaks of its own unit, attempt,
epoch and round, in its own name, of its own stages, in their order, once. What a judge found
cannot be proved here; that a worker did not say it can.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from loopcoder.domain.context.splitting import PLAN
from loopcoder.domain.context.work_report import CONTINUE
from loopcoder.domain.diagnostic import LoopcoderError
from loopcoder.domain.journal.event import (
    BaseChecked,
    Event,
    Reserved,
    ReviewerAsked,
    Sealed,
    Settled,
    StageBegun,
    StageFinished,
)
from loopcoder.domain.journal.records.attempt import AttemptRecord
from loopcoder.domain.tick.wave import Errand, Wave

MOST_EVENTS = 500
SKEW = timedelta(minutes=10)
"""How far the clocks of two machines may be apart."""


class Station(StrEnum):
    """The kinds of jobs that leave an artifact with events."""

    BASE = "base"
    WORK = "work"
    JUDGE = "judge"
    INTEGRATE = "integrate"


STAGES: dict[Station, tuple[str, ...]] = {
    Station.BASE: (),
    Station.WORK: (PLAN, "work", CONTINUE, "commit"),
    Station.JUDGE: ("policy", "verify", "review"),
    Station.INTEGRATE: ("integrate",),
}
"""The stages a job of each kind does, in their order."""

PRINCIPAL = {
    Station.BASE: "reviewer",
    Station.WORK: "worker",
    Station.JUDGE: "reviewer",
    Station.INTEGRATE: "reviewer",
}
_PURPOSES = {Station.WORK: ("work", PLAN), Station.JUDGE: ("review",)}


class Forged(LoopcoderError):
    """An artifact says what its job may not say, or is not what its job wrote."""


@dataclass(frozen=True, slots=True)
class _Claimed:
    """What an event of the artifact must be about."""

    station: Station
    wave: Wave
    errand: Errand
    now: datetime


def check_errand(
    station: Station,
    wave: Wave,
    errand: Errand,
    record: AttemptRecord,
    events: Sequence[Event],
    now: datetime,
) -> None:
    """Raise `Forged` unless a job of this kind may have recorded these events of the errand.

    `record` is what is known of the attempt without them.
    """
    if len(events) > MOST_EVENTS:
        raise Forged(f"it holds {len(events)} events, {MOST_EVENTS} is the most.")
    claimed = _Claimed(station, wave, errand, now)
    for event in events:
        _check_envelope(claimed, event)
    _check_money(claimed, events)
    _check_stages(claimed, record, [e for e in events if _is_stage(e)])


def check_base(events: Sequence[Event], base: str, gates: str, now: datetime) -> None:
    """Raise `Forged` unless the job that looked at the base says nothing else than how it is."""
    if len(events) > 2:
        raise Forged("the artifact of the base job says more than one thing of the base.")
    for event in events:
        _check_author(Station.BASE, event, None, now)
        if (event.unit, event.attempt, event.epoch) != (None, None, None):
            raise Forged("the artifact of the base job speaks of a unit.")
        match event.fact:
            case BaseChecked() as fact if (fact.sha, fact.commands) == (base, gates):
                pass
            case Sealed() as fact if fact.base == base:
                pass
            case BaseChecked() | Sealed():
                raise Forged("it speaks of another commit or other gates than those of the base.")
            case _:
                raise Forged(f"the base job may not record {event.fact.kind}.")


def round_to_work(record: AttemptRecord) -> int:
    """The round that comes next for a worker: the one after the last that has a commit or a
    reason why there is none."""
    return last_made(record) + 1


def last_made(record: AttemptRecord) -> int:
    """The newest round whose commit stage is finished; 0 when there is none."""
    rounds = [s.round for s in record.stages if s.stage == "commit" and s.finished]
    return max(rounds, default=0)


def _is_stage(event: Event) -> bool:
    return isinstance(event.fact, StageBegun | StageFinished)


def _check_envelope(claimed: _Claimed, event: Event) -> None:
    step, errand = claimed.errand.step, claimed.errand
    _check_author(claimed.station, event, claimed.wave, claimed.now)
    if (event.unit, event.attempt, event.epoch) != (step.unit, step.attempt, errand.epoch):
        raise Forged(
            f"event {event.id} is about attempt {event.attempt} of {event.unit} under epoch "
            f"{event.epoch}, and the job was for attempt {step.attempt} of {step.unit} under "
            f"epoch {errand.epoch}."
        )
    if isinstance(event.fact, ReviewerAsked) and claimed.station is Station.JUDGE:
        return
    if not isinstance(event.fact, StageBegun | StageFinished | Reserved | Settled):
        raise Forged(f"a {claimed.station} job may not record {event.fact.kind}.")


def _check_author(station: Station, event: Event, wave: Wave | None, now: datetime) -> None:
    if event.principal != PRINCIPAL[station]:
        raise Forged(
            f"event {event.id} of a {station} job is told in the name of {event.principal}."
        )
    if event.at > now + SKEW or (wave and event.at < wave.taken_at - SKEW):
        raise Forged(f"event {event.id} is told to be of {event.at:%Y-%m-%d %H:%M}.")


def _check_money(claimed: _Claimed, events: Sequence[Event]) -> None:
    """Reservations are of the job's own purpose, and each is settled at most once, here."""
    open_: set[str] = set()
    for event in events:
        match event.fact:
            case Reserved() as fact:
                purposes = _PURPOSES.get(claimed.station, ())
                ours = fact.run == claimed.wave.run and fact.purpose in purposes
                if not ours or not _is_amount(fact):
                    raise Forged(f"event {event.id} sets aside money that is not the job's.")
                open_.add(event.id)
            case Settled() as fact:
                if fact.reservation not in open_ or not _is_amount(fact):
                    raise Forged(f"event {event.id} settles what the job did not set aside.")
                open_.remove(fact.reservation)
            case _:
                pass


def _is_amount(fact: Reserved | Settled) -> bool:
    return fact.usd.is_finite() and fact.usd >= 0 and fact.tokens >= 0


def _check_stages(claimed: _Claimed, record: AttemptRecord, events: Sequence[Event]) -> None:
    """Each stage is begun, then finished, in order and in the one round that is due."""
    order = STAGES[claimed.station]
    due = round_to_work(record) if claimed.station is Station.WORK else last_made(record)
    commit = _commit_of(record, due, claimed.errand)
    reached, running = -1, ""
    for event in events:
        fact = event.fact
        assert isinstance(fact, StageBegun | StageFinished)
        if fact.stage not in order:
            raise Forged(f"a {claimed.station} job may not speak of the stage {fact.stage}.")
        if claimed.station is not Station.INTEGRATE and fact.round != due:
            raise Forged(f"it speaks of round {fact.round}, and round {due} is due.")
        if claimed.station is Station.JUDGE and fact.sha != commit:
            raise Forged(f"{fact.stage} judged {fact.sha[:12]}, and {commit[:12]} was made.")
        if isinstance(fact, StageBegun):
            if running or order.index(fact.stage) <= reached:
                raise Forged(f"the stage {fact.stage} was begun out of order.")
            reached, running = order.index(fact.stage), fact.stage
        elif fact.stage != running:
            raise Forged(f"the stage {fact.stage} was finished without having been begun.")
        else:
            running = ""


def _commit_of(record: AttemptRecord, round_: int, errand: Errand) -> str:
    """What a judge judges: the round's commit, or the start where the worker changed nothing."""
    made = record.last("commit", round_)
    return made.sha if made and made.passed else errand.step.start
