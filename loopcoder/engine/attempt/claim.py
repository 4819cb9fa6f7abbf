"""The exclusive right to work on a unit, taken and given back through the journal."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

from loopcoder.domain.diagnostic import Stale
from loopcoder.domain.journal.canonical import input_hash
from loopcoder.domain.journal.event import AttemptBegun, ClaimReleased, ClaimTaken, Entry, Holder
from loopcoder.domain.journal.history import History
from loopcoder.domain.journal.records.attempt import Claim
from loopcoder.domain.journal.records.unit import UnitRecord
from loopcoder.domain.tick.action import Dispatch
from loopcoder.domain.unit import Unit, UnitId, text_digest
from loopcoder.engine.services import Services


def is_claim_alive(claim: Claim | None, services: Services) -> bool:
    """A claim lives as long as its process where that can be seen, and else until it expires.

    A machine that was started again has none of its processes left. A host's name alone proves
    nothing: two runners may bear the same.
    """
    if claim is None:
        return False
    if claim.holder.is_beside(services.holder):
        return services.is_alive(claim.holder)
    if claim.holder.is_of_earlier_boot(services.holder):
        return False
    return services.clock.now() < claim.until


def take_claim(
    services: Services,
    step: Dispatch,
    unit: Unit,
    run: str,
    *,
    lasting: timedelta | None = None,
    holder: Holder | None = None,
) -> int:
    """Claim the unit and begin or take over its attempt, in one atomic step.

    `lasting` is how long it is taken for, if not for the usual time, and `holder` who it is taken
    for, where that is not this process. Returns the fencing epoch. Raises `Stale` when somebody
    else was faster.
    """
    spec = services.settings.workers[step.worker]
    until = services.clock.now() + (lasting or services.settings.claim_time)
    taken = ClaimTaken(holder or services.holder, until)
    begun = AttemptBegun(
        run=run,
        base=step.base,
        start=step.start,
        worker=step.worker,
        provider=spec.provider,
        unit_digest=text_digest(unit),
        purpose=step.purpose,
        merge=step.merge,
        pull=step.pull,
        feedback=step.feedback,
        checks=step.checks,
        expected_head=step.expected_head,
        update_only=step.update_only,
    )

    decided_on = input_hash({**asdict(step), "digest": begun.unit_digest})

    def claim(history: History) -> list[Entry]:
        record = history.unit(step.unit)
        _check_decision(services, step, record)
        epoch = record.epoch + 1
        facts = (taken,) if step.resume else (taken, begun)
        return [
            Entry(fact, step.unit, step.attempt, epoch, input_hash=decided_on) for fact in facts
        ]

    events = services.journal.transact(claim)
    assert events[0].epoch is not None
    return events[0].epoch


def _check_decision(services: Services, step: Dispatch, record: UnitRecord) -> None:
    """Raise `Stale` where the unit is not as it was when the step was decided."""
    if is_claim_alive(record.claim, services):
        raise Stale(f"{step.unit} is being worked on by another process.")
    open_attempt = record.current.number if record.current else None
    if open_attempt != (step.attempt if step.resume else None):
        raise Stale(f"the attempts of {step.unit} changed since the decision.")
    if not step.resume and step.attempt != len(record.attempts) + 1:
        raise Stale(f"another process has worked on {step.unit} since the decision.")


def holds_claim(services: Services, unit: UnitId, epoch: int) -> bool:
    """Whether our claim is still the newest: checked again before anything irreversible."""
    services.journal.refresh()
    claim = services.journal.history().unit(unit).claim
    return claim is not None and claim.epoch == epoch


def release_claim(services: Services, step: Dispatch, epoch: int, reason: str) -> None:
    services.journal.record(Entry(ClaimReleased(reason), step.unit, step.attempt, epoch))
