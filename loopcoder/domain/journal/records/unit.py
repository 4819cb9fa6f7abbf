"""Everything recorded about one unit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from loopcoder.domain.journal import event as e
from loopcoder.domain.journal.records.attempt import AttemptRecord, Claim
from loopcoder.domain.journal.records.ci import CiRecord
from loopcoder.domain.journal.records.pull import PullRecord
from loopcoder.domain.unit import UnitId


@dataclass(frozen=True, slots=True)
class Waiver:
    blocker: int
    edges_digest: str
    by: str


@dataclass(frozen=True, slots=True)
class UnitRecord:
    """Everything recorded about one unit. What people commented up to `heard_until` counts."""

    id: UnitId
    plan: str = ""
    number: int | None = None
    database_id: int | None = None
    bound_how: str = ""
    applied: e.UnitApplied | None = None
    create_intent: e.Event | None = None
    proposed: e.Proposed | None = None
    filed: e.Filed | None = None
    withdrawn: e.Withdrawn | None = None
    carried: e.CarriedOver | None = None
    approved: e.Approved | None = None
    heard_until: datetime | None = None
    held: e.Held | None = None
    needs_human: e.NeedsHuman | None = None
    retried_at: datetime | None = None
    retry: e.Retried | None = None
    added_edges: frozenset[int] = frozenset()
    waivers: tuple[Waiver, ...] = ()
    epoch: int = 0
    claim: Claim | None = None
    attempts: tuple[AttemptRecord, ...] = ()
    pull: PullRecord | None = None
    landed: e.Landed | None = None
    planned: e.StageFinished | None = None
    told: e.IssueTold | None = None
    ci: CiRecord | None = None

    @property
    def current(self) -> AttemptRecord | None:
        """The attempt that was begun and not finished, if any."""
        last = self.attempts[-1] if self.attempts else None
        return last if last and last.finished is None else None

    @property
    def struck(self) -> tuple[AttemptRecord, ...]:
        """The attempts that count against the unit since a person last said retry."""
        return tuple(
            attempt
            for attempt in self.attempts
            if attempt.finished
            and attempt.finished.strike
            and (self.retried_at is None or attempt.begun_at >= self.retried_at)
        )
