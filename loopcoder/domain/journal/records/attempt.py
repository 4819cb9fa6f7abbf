"""An attempt as it stands: who may work on it, its stages, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from loopcoder.domain.journal import event as e
from loopcoder.domain.tick.race import name_in


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on a unit. It ends by release, by expiry or with its holder's process."""

    epoch: int
    holder: e.Holder
    taken_at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class StageRecord:
    """One stage of one round; `finished` is None while it runs, or when its process died."""

    stage: str
    round: int
    begun_at: datetime
    finished_at: datetime | None = None
    finished: e.StageFinished | None = None

    def called(self, stage: str) -> StageRecord:
        """The same under another name, such as that of a lane."""
        done = replace(self.finished, stage=stage) if self.finished else None
        return replace(self, stage=stage, finished=done)


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """One attempt: `begun` is what it was dispatched with. `claims` counts the processes that
    worked on it; more than one means that it was interrupted. Stages of a race are called after
    their lane, such as `work@2`, until it is over: then those of `raced.lane` are plain ones."""

    number: int
    begun: e.AttemptBegun
    begun_at: datetime
    claims: int = 1
    stages: tuple[StageRecord, ...] = ()
    finished: e.AttemptFinished | None = None
    finished_at: datetime | None = None
    usd: Decimal = Decimal(0)
    tokens: int = 0
    race: e.RaceBegun | None = None
    raced: e.RaceFinished | None = None

    def seen_from(self, lane: int) -> AttemptRecord:
        """The attempt as a lane of a race sees it: its own stages, by their plain names."""
        named = ((each, name_in(each.stage, lane)) for each in self.stages)
        return replace(self, stages=tuple(each.called(name) for each, name in named if name))

    def last(self, stage: str, round_: int | None = None) -> e.StageFinished | None:
        """The newest finished record of a stage, of one round when given."""
        for record in reversed(self.stages):
            if record.stage == stage and record.finished and round_ in (None, record.round):
                return record.finished
        return None

    @property
    def is_judged(self) -> bool:
        """Whether its work was approved, so that nobody is paid to go on with it."""
        review = self.last("review")
        return review is not None and review.passed

    @property
    def round(self) -> int:
        """The round that was last begun, counted from 1; after a race, in the kept lane."""
        kept = [each for each in self.stages if not self.raced or name_in(each.stage, 0)]
        return max((record.round for record in kept), default=1)
