"""How an attempt leaves its wave: with a commit, an end, or a pause."""

from __future__ import annotations

import traceback
from dataclasses import dataclass

from loopcoder.domain.diagnostic import LoopcoderError, RateLimited, Refused
from loopcoder.domain.journal.event import Entry, NeedsHuman
from loopcoder.domain.tick.action import Dispatch
from loopcoder.domain.tick.failure import FailureClass
from loopcoder.domain.tick.report import UnitOutcome
from loopcoder.engine.attempt.claim import release_claim
from loopcoder.engine.attempt.ending import end_attempt
from loopcoder.engine.attempt.outcome import Ended, Judged
from loopcoder.engine.attempt.stage import Desk, OnHold, Suspended
from loopcoder.engine.services import Services

Ends = dict[str, tuple[Ended, int | None]]
"""How each unit's attempt ended or paused, with its pull request's number, by unit."""


@dataclass(frozen=True, slots=True)
class Left:
    """What an attempt came out with: a commit for the barrier, an end, or a pause."""

    step: Dispatch
    desk: Desk | None
    result: Judged | Ended | None
    paused: LoopcoderError | None = None


def as_pause(error: LoopcoderError | OSError) -> LoopcoderError:
    """A full disk or a folder that cannot be written is the machine's fault, not the work's."""
    if isinstance(error, LoopcoderError):
        return error
    where = f" ({error.filename})" if error.filename else ""
    return Suspended(f"the machine refused: {error.strerror or error}{where}; goes on next time.")


def broken(desk: Desk | None, error: Exception) -> Ended:
    """A bug of ours or of an adapter: it counts as a strike, so that it cannot repeat forever."""
    reason = f"internal error: {type(error).__name__}: {error}"
    ended = Ended(UnitOutcome.FAILED, reason, FailureClass.INFRASTRUCTURE, strike=True)
    if desk is not None:
        (desk.papers / "internal-error.log").write_text(traceback.format_exc())
        end_attempt(desk, ended)
    return ended


def keep_back(services: Services, judged: Judged, error: Refused) -> Ended:
    """Finished work that the host does not take: a person is told once. The attempt stays open,
    and after their word it goes on with the push, and not with the work."""
    step, epoch = judged.step, judged.desk.epoch
    reason = f"it is finished, and cannot be proposed: {error}"
    services.journal.record(Entry(NeedsHuman((reason,)), step.unit, step.attempt, epoch))
    pause(services, step, epoch, error)
    return Ended(UnitOutcome.NEEDS_HUMAN, reason)


def pause(
    services: Services, step: Dispatch, epoch: int, error: LoopcoderError | OSError
) -> tuple[Ended, int | None]:
    """Leave the attempt open with its finished work; the next tick goes on from here."""
    resting = as_pause(error)
    release_claim(services, step, epoch, str(resting))
    limit = resting if isinstance(resting, RateLimited) else None
    return Ended(resting_outcome(resting), str(resting), limit=limit), None


def resting_outcome(resting: LoopcoderError | None) -> UnitOutcome:
    """How a paused attempt is reported."""
    return UnitOutcome.HELD if isinstance(resting, OnHold) else UnitOutcome.WAITING
