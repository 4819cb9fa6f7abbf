"""The closed union of what a tick can do next. Each names its unit, what it expects, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from loopcoder.domain.issues.issue import CloseReason
from loopcoder.domain.tick.lifecycle import State
from loopcoder.domain.unit import UnitId


class Purpose(StrEnum):
    """What an attempt is for: a first proposal, or further commits on an open pull request."""

    BUILD = "build"
    FIX_UP = "fix-up"


@dataclass(frozen=True, slots=True)
class Dispatch:
    """Start an attempt, or go on with the one a dead process left (`resume`).

    `start` is the commit to work on, `merge` one to bring in first, `expected_head` what the
    branch must point to when the result is pushed (None: it must not exist). `feedback` and
    `checks` are the ids of what is answered. `update_only` means that the work is done and only
    `merge` is to be brought in.
    """

    unit: UnitId
    attempt: int
    purpose: Purpose
    base: str
    start: str
    worker: str
    reason: str
    merge: str = ""
    expected_head: str | None = None
    pull: int | None = None
    feedback: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    update_only: bool = False
    resume: bool = False


@dataclass(frozen=True, slots=True)
class CheckBase:
    """Run the gates on the base commit before anybody is paid to build on it."""

    sha: str
    reason: str


@dataclass(frozen=True, slots=True)
class ProposeFixBase:
    """File the repair of a red base as a unit; `approved` when it may be worked on at once."""

    sha: str
    failing: str
    tail: str
    approved: bool
    reason: str


@dataclass(frozen=True, slots=True)
class CloseIssue:
    unit: UnitId
    issue: int
    how: CloseReason
    reason: str


@dataclass(frozen=True, slots=True)
class Escalate:
    """Hand the unit to a person, with the reasons; their label and comment follow from it."""

    unit: UnitId
    reasons: tuple[str, ...]
    reason: str
    closed: int | None = None


@dataclass(frozen=True, slots=True)
class GiveBack:
    """Take the unit back from a person: the pull request whose closing was the reason is open."""

    unit: UnitId
    pull: int
    reason: str


@dataclass(frozen=True, slots=True)
class Abandon:
    """End an attempt that was left open and will not be resumed; its work stays kept."""

    unit: UnitId
    attempt: int
    strike: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Unlabel:
    """Take off a label whose meaning is used up."""

    unit: UnitId
    issue: int
    label: str
    reason: str


@dataclass(frozen=True, slots=True)
class Relabel:
    """Put on a label that tells people the unit's state."""

    unit: UnitId
    issue: int
    label: str
    reason: str


@dataclass(frozen=True, slots=True)
class DeleteBranch:
    """Remove the unit's branch, which still is where it was merged."""

    unit: UnitId
    branch: str
    head: str
    reason: str


@dataclass(frozen=True, slots=True)
class RequestReview:
    """Ask people or teams to look at the unit's pull request."""

    unit: UnitId
    pull: int
    names: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Tell:
    """Have our one comment on the unit's pull request say `text`."""

    unit: UnitId
    pull: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class TellIssue:
    """Have our one comment on the unit's issue say `text`."""

    unit: UnitId
    issue: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Accept:
    """Take a label that a person put on as their word, and record it."""

    unit: UnitId
    issue: int
    label: str
    reason: str


@dataclass(frozen=True, slots=True)
class SettleEffect:
    """Write off a write whose process died in it: the world has been looked at again since."""

    begun: str
    unit: UnitId | None
    reason: str


@dataclass(frozen=True, slots=True)
class SettleOrphan:
    """Charge a reservation whose process died, at the reserved figure."""

    reservation: str
    unit: UnitId | None
    reason: str


class Cause(StrEnum):
    """What makes a unit wait that is otherwise ready; `unit` is anything about the unit itself,
    `filing` that it has no issue yet."""

    UNIT = "unit"
    FILING = "filing"
    LIMIT = "limit"
    BUDGET = "budget"
    BREAKER = "breaker"
    BASE = "base"


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do for this unit now; `reason` is what `explain` says."""

    unit: UnitId
    state: State
    reason: str
    cause: Cause = Cause.UNIT


Upkeep = (
    CloseIssue
    | Escalate
    | GiveBack
    | Abandon
    | Unlabel
    | Relabel
    | DeleteBranch
    | RequestReview
    | Tell
    | TellIssue
    | Accept
    | SettleEffect
    | SettleOrphan
)
"""Actions that tidy the record; they are done before anything is dispatched."""

Action = Dispatch | CheckBase | ProposeFixBase | Upkeep | Wait
"""Everything `decide` can return."""

Publishing = DeleteBranch | RequestReview
"""Upkeep that writes branches or pull requests, which only a publisher may."""

Aside = DeleteBranch | RequestReview | Tell | TellIssue | SettleEffect | SettleOrphan
"""Upkeep that says nothing about whether its unit can be worked on."""
