"""An attempt at a unit, its stages, and the race that it may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from loopcoder.domain.journal.fact import Carries, Fact, Json
from loopcoder.domain.tick.failure import FailureClass


@dataclass(frozen=True, slots=True)
class AttemptBegun(Fact):
    """A worker run starts at `start`. `purpose`: build (a new branch) or fix-up (of a pull).

    `unit_digest` is the digest of the text that is worked on; `feedback` and `checks` are the ids
    of the comments and of the red checks that are answered; `update_only` asks for nothing but
    bringing `merge` in.
    """

    kind: ClassVar[str] = "attempt.begin"
    carries: ClassVar[Carries] = Carries.EFFECT
    run: str
    base: str
    start: str
    worker: str
    provider: str
    unit_digest: str
    purpose: str = "build"
    merge: str = ""
    pull: int | None = None
    feedback: tuple[str, ...] = ()
    expected_head: str | None = None
    update_only: bool = False
    checks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StageBegun(Fact):
    kind: ClassVar[str] = "stage.begin"
    carries: ClassVar[Carries] = Carries.EFFECT
    stage: str
    round: int
    sha: str = ""


@dataclass(frozen=True, slots=True)
class StageFinished(Fact):
    """`sha` is the commit the stage produced or judged; `artifacts` maps file name to SHA-256."""

    kind: ClassVar[str] = "stage.finish"
    stage: str
    round: int
    passed: bool
    sha: str = ""
    reason: str = ""
    failure: FailureClass | None = None
    detail: Mapping[str, Json] = field(default_factory=dict)
    artifacts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReviewerAsked(Fact):
    """How asking a reviewer went: `failure` is its provider's trouble, None when it answered again
    after there had been some. An answer without trouble before is not recorded."""

    kind: ClassVar[str] = "review.asked"
    provider: str
    failure: FailureClass | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RaceBegun(Fact):
    """Several workers work on the attempt's unit, each in its own lane, counted from 1."""

    kind: ClassVar[str] = "race.begin"
    carries: ClassVar[Carries] = Carries.EFFECT
    workers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RaceFinished(Fact):
    """The result of `lane` is kept: its receipts are the attempt's from here on. `told` is a line
    about each candidate."""

    kind: ClassVar[str] = "race.finish"
    lane: int
    reason: str
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AttemptFinished(Fact):
    """`outcome` is one of docs/reference/json.md's tick outcomes."""

    kind: ClassVar[str] = "attempt.finish"
    outcome: str
    reason: str
    strike: bool = False
    failure: FailureClass | None = None
    provider: str = ""


@dataclass(frozen=True, slots=True)
class NeedsHuman(Fact):
    """The unit waits for a person. `reasons` are shown to them, newest last; `closed` is the pull
    request whose closing is the reason."""

    kind: ClassVar[str] = "unit.needs-human"
    reasons: tuple[str, ...]
    closed: int | None = None
