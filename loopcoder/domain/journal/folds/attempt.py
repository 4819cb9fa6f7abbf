"""Who works on a unit, and how its attempts go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from loopcoder.domain.journal import event as e
from loopcoder.domain.journal.records.attempt import AttemptRecord, Claim, StageRecord
from loopcoder.domain.journal.records.unit import UnitRecord
from loopcoder.domain.tick.race import name_in


def attempts_after(record: UnitRecord, event: e.Event) -> UnitRecord:
    """The record after one event of its unit, if the event is about its claim or attempts.

    Facts told under an older claim than the newest change nothing: whoever lost the claim may
    still be running, and what it recorded may arrive late. What it spent is spent, though.
    """
    if isinstance(event.fact, e.Settled):
        return _with_spend(record, event, event.fact)
    if event.epoch is not None and event.epoch < record.epoch:
        return record
    return _work_after(_claim_after(record, event), event)


def _with_spend(record: UnitRecord, event: e.Event, fact: e.Settled) -> UnitRecord:
    if not record.attempts or event.attempt is None:
        return record
    return _replace_attempt(
        record,
        event.attempt,
        lambda a: replace(a, usd=a.usd + fact.usd, tokens=a.tokens + fact.tokens),
    )


def _claim_after(record: UnitRecord, event: e.Event) -> UnitRecord:
    fact = event.fact
    match fact:
        case e.ClaimTaken():
            epoch = event.epoch or record.epoch + 1
            claim = Claim(epoch, fact.holder, event.at, fact.until)
            record = replace(record, claim=claim, epoch=epoch)
            if record.current:
                number = record.current.number
                return _replace_attempt(record, number, lambda a: replace(a, claims=a.claims + 1))
            return record
        case e.ClaimRenewed() if record.claim and record.claim.epoch == event.epoch:
            return replace(record, claim=replace(record.claim, until=fact.until))
        case e.ClaimReleased():
            return replace(record, claim=None)
        case _:
            return record


def _work_after(record: UnitRecord, event: e.Event) -> UnitRecord:
    fact = event.fact
    match fact:
        case e.AttemptBegun():
            number = event.attempt or len(record.attempts) + 1
            begun = AttemptRecord(number, fact, event.at)
            return replace(record, attempts=(*record.attempts, begun))
        case e.ReviewerAsked() if event.attempt and fact.failure:
            # Waiting for a reviewer is no interruption: an outage must not become a strike.
            return _replace_attempt(
                record, event.attempt, lambda a: replace(a, claims=max(1, a.claims - 1))
            )
        case e.AttemptFinished() if event.attempt:
            return _replace_attempt(
                record, event.attempt, lambda a: replace(a, finished=fact, finished_at=event.at)
            )
        case e.StageBegun() if event.attempt:
            stage = StageRecord(fact.stage, fact.round, event.at)
            return _replace_attempt(
                record, event.attempt, lambda a: replace(a, stages=(*a.stages, stage))
            )
        case e.StageFinished() if event.attempt:
            if fact.stage == "plan" and fact.passed:
                record = replace(record, planned=fact)
            return _replace_attempt(record, event.attempt, lambda a: _end_stage(a, event, fact))
        case e.RaceBegun() if event.attempt:
            return _replace_attempt(record, event.attempt, lambda a: replace(a, race=fact))
        case e.RaceFinished() if event.attempt:
            return _replace_attempt(record, event.attempt, lambda a: _end_race(a, fact))
        case _:
            return record


def _end_stage(attempt: AttemptRecord, event: e.Event, fact: e.StageFinished) -> AttemptRecord:
    """Close the newest open record of the stage, or add one that was never announced."""
    stages = list(attempt.stages)
    for index in range(len(stages) - 1, -1, -1):
        stage = stages[index]
        if (stage.stage, stage.round, stage.finished) == (fact.stage, fact.round, None):
            stages[index] = replace(stage, finished=fact, finished_at=event.at)
            return replace(attempt, stages=tuple(stages))
    done = StageRecord(fact.stage, fact.round, event.at, event.at, fact)
    return replace(attempt, stages=(*stages, done))


def _end_race(attempt: AttemptRecord, fact: e.RaceFinished) -> AttemptRecord:
    """The kept lane's stages lose their suffix; the others keep it, and are only remembered."""
    named = ((each, name_in(each.stage, fact.lane)) for each in attempt.stages)
    stages = tuple(each.called(name) if name else each for each, name in named)
    return replace(attempt, stages=stages, raced=fact)


def _replace_attempt(
    record: UnitRecord, number: int, change: Callable[[AttemptRecord], AttemptRecord]
) -> UnitRecord:
    attempts = tuple(change(a) if a.number == number else a for a in record.attempts)
    return replace(record, attempts=attempts)
