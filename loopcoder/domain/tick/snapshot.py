"""Everything a tick may look at, frozen: the only input of the decision besides the settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from loopcoder.domain.ci.ci import NO_VERDICTS, Verdicts
from loopcoder.domain.issues.issue import (
    CommandLabel,
    Comment,
    Feedback,
    Issue,
    PullRequest,
    PullState,
)
from loopcoder.domain.issues.proposal import is_approved
from loopcoder.domain.journal.history import History
from loopcoder.domain.journal.records.unit import UnitRecord
from loopcoder.domain.unit import Unit, UnitId


class BlockerState(StrEnum):
    """What is known of something a unit waits for."""

    OPEN = "open"
    COMPLETED = "completed"
    NOT_PLANNED = "not planned"
    UNMERGED = "unmerged"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Blocker:
    """One edge of a unit that is neither completed nor waived."""

    name: str
    number: int | None
    state: BlockerState


@dataclass(frozen=True, slots=True)
class UnitView:
    """One unit as the world shows it now.

    `blockers` holds only what still blocks. `feedback` holds what writers said on our pull
    request and we have not answered. `taken_by` names a person who works on it. `claim_alive`
    says whether the recorded claim still excludes us. `standing` is True for a unit of the base
    branch's roadmap, False for a proposed one. `kept_head` is the last commit an attempt made;
    `digest` the hash of the text that would be worked on now; `parts` its child units;
    `commands` pairs each command label on the issue with the login of the writer who put it on;
    `comments` is filled at dispatch.
    `branch_needed` says that another open pull request starts from our branch, or goes into it.
    `checks` is what CI says of the head of our open pull request; `astray` the branch it goes
    into, or was merged into, when that is not the base.
    """

    unit: Unit
    record: UnitRecord
    issue: Issue | None = None
    pull: PullRequest | None = None
    feedback: tuple[Feedback, ...] = ()
    blockers: tuple[Blocker, ...] = ()
    taken_by: str = ""
    claim_alive: bool = False
    standing: bool = True
    branch_head: str = ""
    kept_head: str = ""
    digest: str = ""
    parts: tuple[UnitId, ...] = ()
    parts_done: bool = False
    commands: tuple[tuple[str, str], ...] = ()
    comments: tuple[Comment, ...] = ()
    checks: Verdicts = NO_VERDICTS
    astray: str = ""
    branch_needed: bool = False

    @property
    def id(self) -> UnitId:
        return self.unit.id

    @property
    def approved(self) -> bool:
        """Standing in the roadmap, or approved by a person as it reads now."""
        return self.standing or is_approved(self.record, self.digest)

    @property
    def hand_made(self) -> bool:
        """Whether the unit is an issue that a person wrote."""
        return self.record.filed is not None

    @property
    def held_by_label(self) -> str:
        """The login of the writer who put `loopcoder:hold` on; empty when nobody did."""
        return next((who for label, who in self.commands if label == CommandLabel.HOLD), "")

    @property
    def open_pull(self) -> PullRequest | None:
        return self.pull if self.pull and self.pull.is_open else None

    @property
    def merged(self) -> bool:
        return self.pull is not None and self.pull.state is PullState.MERGED


@dataclass(frozen=True, slots=True)
class BaseState:
    """The commit new work starts from. `green` is None while nobody has checked it."""

    sha: str
    green: bool | None = None
    failing: str = ""
    tail: str = ""


@dataclass(frozen=True, slots=True)
class TickState:
    """What this tick has done so far. `allowed` limits it to some units when not empty."""

    run: str
    started_at: datetime
    attempted: frozenset[UnitId] = frozenset()
    stopped_providers: frozenset[str] = frozenset()
    allowed: frozenset[UnitId] = frozenset()
    max_units: int | None = None
    max_minutes: float | None = None
    stopping: bool = False


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The world at `now`. `depth` counts, per unit, the longest chain that waits for it. `held_by`
    is who stopped everything by a label on the dashboard. `unmeasured` names the fallback reviewers
    that no calibration speaks for, where one is required, `faults` what a person has to do about
    the roadmap before all of it counts; `uncompiled`: it has errors, so no issue is filed.
    `books` is the number of our open pull request that ticks the roadmap's boxes, 0 without one."""

    now: datetime
    base: BaseState
    units: tuple[UnitView, ...]
    history: History
    tick: TickState
    depth: dict[UnitId, int] = field(default_factory=dict)
    held_by: str = ""
    faults: tuple[str, ...] = ()
    uncompiled: bool = False
    books: int = 0
    open_pulls: int = 0
    unmeasured: frozenset[str] = frozenset()
