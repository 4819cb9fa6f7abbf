"""The journal's events: a closed union of facts, each in the same envelope.

An act outside the process is written twice: as an intent before it (`EffectBegun`, `ClaimTaken`,
`StageBegun`, `Reserved` …) and as a receipt after it. An intent without a receipt is how the next
tick learns that a process died in between. Facts are plain values; the journal adapter turns them
into rows of docs/reference/journal.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from loopcoder.domain.journal.fact import Carries, Fact, Json
from loopcoder.domain.journal.facts.attempt import (
    AttemptBegun,
    AttemptFinished,
    NeedsHuman,
    RaceBegun,
    RaceFinished,
    ReviewerAsked,
    StageBegun,
    StageFinished,
)
from loopcoder.domain.journal.facts.books import BooksMade, BooksProposed
from loopcoder.domain.journal.facts.calibration import Calibrated, CaseJudged
from loopcoder.domain.journal.facts.change import (
    Attested,
    BranchKept,
    Landed,
    PullOpened,
    PullReopened,
    PullTold,
    PullUpdated,
    ReviewRequested,
)
from loopcoder.domain.journal.facts.ci import CiFailed, CiFlaked, CiPassed
from loopcoder.domain.journal.facts.claim import ClaimReleased, ClaimRenewed, ClaimTaken
from loopcoder.domain.journal.facts.dashboard import DashboardBound, DashboardNoted
from loopcoder.domain.journal.facts.effect import EffectBegun, EffectFinished, EffectOutcome
from loopcoder.domain.journal.facts.hint import Forgotten, Learned
from loopcoder.domain.journal.facts.issue import (
    CarriedOver,
    DuplicateClosed,
    IssueBound,
    IssueTold,
    Proposed,
    UnitApplied,
)
from loopcoder.domain.journal.facts.money import Reserved, Settled
from loopcoder.domain.journal.facts.repair import JournalRebuilt
from loopcoder.domain.journal.facts.tick import BaseChecked, Sealed, TickBegun, TickFinished
from loopcoder.domain.journal.facts.word import (
    Approved,
    BreakerReset,
    EdgeAdded,
    EdgeWaived,
    Filed,
    Held,
    Released,
    Retried,
    Withdrawn,
)
from loopcoder.domain.journal.holder import Holder
from loopcoder.domain.unit import UnitId

__all__ = [
    "FACTS",
    "Approved",
    "AttemptBegun",
    "AttemptFinished",
    "Attested",
    "BaseChecked",
    "BooksMade",
    "BooksProposed",
    "BranchKept",
    "BreakerReset",
    "Calibrated",
    "CarriedOver",
    "Carries",
    "CaseJudged",
    "CiFailed",
    "CiFlaked",
    "CiPassed",
    "ClaimReleased",
    "ClaimRenewed",
    "ClaimTaken",
    "DashboardBound",
    "DashboardNoted",
    "DuplicateClosed",
    "EdgeAdded",
    "EdgeWaived",
    "EffectBegun",
    "EffectFinished",
    "EffectOutcome",
    "Entry",
    "Event",
    "Fact",
    "Filed",
    "Forgotten",
    "Held",
    "Holder",
    "IssueBound",
    "IssueTold",
    "JournalRebuilt",
    "Json",
    "Landed",
    "Learned",
    "NeedsHuman",
    "Proposed",
    "PullOpened",
    "PullReopened",
    "PullTold",
    "PullUpdated",
    "RaceBegun",
    "RaceFinished",
    "Released",
    "Reserved",
    "Retried",
    "ReviewRequested",
    "ReviewerAsked",
    "Sealed",
    "Settled",
    "StageBegun",
    "StageFinished",
    "TickBegun",
    "TickFinished",
    "UnitApplied",
    "Withdrawn",
]

FACTS: tuple[type[Fact], ...] = (
    EffectBegun,
    EffectFinished,
    IssueBound,
    UnitApplied,
    DuplicateClosed,
    Filed,
    Withdrawn,
    Approved,
    Retried,
    Held,
    Released,
    EdgeAdded,
    EdgeWaived,
    BreakerReset,
    Proposed,
    CiFailed,
    CiPassed,
    CiFlaked,
    CarriedOver,
    Learned,
    Forgotten,
    DashboardBound,
    DashboardNoted,
    TickBegun,
    TickFinished,
    ClaimTaken,
    ClaimRenewed,
    ClaimReleased,
    AttemptBegun,
    StageBegun,
    StageFinished,
    ReviewerAsked,
    RaceBegun,
    RaceFinished,
    AttemptFinished,
    NeedsHuman,
    Reserved,
    Settled,
    Attested,
    PullOpened,
    PullUpdated,
    ReviewRequested,
    PullReopened,
    BranchKept,
    PullTold,
    IssueTold,
    BooksMade,
    BooksProposed,
    Landed,
    BaseChecked,
    Sealed,
    CaseJudged,
    Calibrated,
    JournalRebuilt,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A fact about to be recorded; the journal adds identity, time and the hash chain.

    `principal` is scheduler, worker, reviewer, publisher or `person:<login>`. `input_hash` is
    the SHA-256 of what the decision was taken on.
    """

    fact: Fact
    unit: UnitId | None = None
    attempt: int | None = None
    epoch: int | None = None
    principal: str = "scheduler"
    input_hash: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """A recorded fact. `id` is a ULID, `prev_sha256` the hash of the row before it."""

    id: str
    at: datetime
    fact: Fact
    unit: UnitId | None
    attempt: int | None
    epoch: int | None
    principal: str
    input_hash: str
    prev_sha256: str
