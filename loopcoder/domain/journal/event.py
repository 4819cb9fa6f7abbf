"""The journal's events: a closed union of facts, each in the same envelope.

An act outside the process is written twice: as an intent before it (`EffectBegun`, `ClaimTaken`,
`StageBegun`, `Reserved` …) and as a receipt after it. An intent without a receipt is how the next
tick learns that a process died in between. Facts are plain values; the journal adapter turns them
into rows of docs/reference/journal.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar

from loopcoder.domain.tick.failure import FailureClass
from loopcoder.domain.unit import UnitId

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


class Carries(StrEnum):
    """Which column of a journal row a fact fills: what was intended, or what came of it."""

    EFFECT = "effect"
    RECEIPT = "receipt"


@dataclass(frozen=True, slots=True)
class Fact:
    """Base of everything that can be recorded."""

    kind: ClassVar[str]
    carries: ClassVar[Carries] = Carries.RECEIPT


# --- effects on the tracker and the code host -------------------------------------------------


@dataclass(frozen=True, slots=True)
class EffectBegun(Fact):
    """A write is about to happen: `verb` (such as `issue.create`) on `target`."""

    kind: ClassVar[str] = "effect.begin"
    carries: ClassVar[Carries] = Carries.EFFECT
    verb: str
    target: str
    detail: Mapping[str, Json] = field(default_factory=dict)


class EffectOutcome(StrEnum):
    DONE = "done"
    FOUND = "found"
    FAILED = "failed"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class EffectFinished(Fact):
    """What became of the write begun in event `begun`."""

    kind: ClassVar[str] = "effect.finish"
    begun: str
    outcome: EffectOutcome
    detail: Mapping[str, Json] = field(default_factory=dict)


# --- the compiler -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class IssueBound(Fact):
    """The unit is this issue from now on. `how`: created, adopted, or recovered by marker."""

    kind: ClassVar[str] = "issue.bound"
    plan: str
    number: int
    database_id: int
    how: str = "created"


@dataclass(frozen=True, slots=True)
class UnitApplied(Fact):
    """What was last written to the unit's issue: the reference point for drift and change.

    `native` are the blockers (issue numbers) in the tracker's own dependencies that are accounted
    for, `others` the database ids of blockers there that hold nothing up,
    `milestone` the title of the milestone that we put it into.
    """

    kind: ClassVar[str] = "unit.applied"
    number: int
    digest: str
    title: str
    block: str
    box: str
    edges: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    native: tuple[int, ...] = ()
    others: tuple[int, ...] = ()
    milestone: str = ""


@dataclass(frozen=True, slots=True)
class DuplicateClosed(Fact):
    """The unit was filed twice: issue `number` is closed, with a link to `survivor`."""

    kind: ClassVar[str] = "issue.duplicate"
    number: int
    database_id: int
    survivor: int


# --- people's words ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Filed(Fact):
    """A person made a hand-made issue a unit, by a label. `by_id` is their number on the host.
    What of its text may be worked on is said by `Approved`."""

    kind: ClassVar[str] = "person.filed"
    by: str
    by_id: int
    number: int
    database_id: int


@dataclass(frozen=True, slots=True)
class Withdrawn(Fact):
    """The hand-made issue is no unit any more: the label is off. `by` is empty where nobody can
    tell who took it off."""

    kind: ClassVar[str] = "person.withdrawn"
    by: str = ""
    by_id: int = 0


@dataclass(frozen=True, slots=True)
class Approved(Fact):
    """A person lets the unit be worked on. `revision` is the digest of the approved text, empty
    for whatever it says. `said_at` is the host's time of the word, where it was said on a host."""

    kind: ClassVar[str] = "person.approved"
    by: str
    revision: str = ""
    by_id: int = 0
    said_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Retried(Fact):
    """A person cleared the strikes. `fresh` also discards what earlier attempts left."""

    kind: ClassVar[str] = "person.retried"
    by: str
    fresh: bool = False
    note: str = ""
    by_id: int = 0
    said_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Held(Fact):
    """A person stopped dispatch, of the event's unit or of everything when it has none."""

    kind: ClassVar[str] = "person.held"
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Released(Fact):
    kind: ClassVar[str] = "person.released"
    by: str


@dataclass(frozen=True, slots=True)
class EdgeAdded(Fact):
    """A person made the unit wait for an issue."""

    kind: ClassVar[str] = "person.blocked"
    by: str
    blocker: int


@dataclass(frozen=True, slots=True)
class EdgeWaived(Fact):
    """A person waived the edge to `blocker` (an issue number) while the roadmap's edges hash
    to `edges_digest`; a changed edge set ends the waiver."""

    kind: ClassVar[str] = "person.waived"
    by: str
    blocker: int
    edges_digest: str = ""


@dataclass(frozen=True, slots=True)
class BreakerReset(Fact):
    kind: ClassVar[str] = "person.breaker-reset"
    by: str
    scope: str = ""


# --- units that the roadmap does not have -----------------------------------------------------


@dataclass(frozen=True, slots=True)
class Proposed(Fact):
    """A unit that waits for a person's approval. `origin`: follow-up, fix-base, discovered."""

    kind: ClassVar[str] = "unit.proposed"
    title: str
    body: str
    origin: str
    discovered_from: str = ""
    verify: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CiFailed(Fact):
    """The unit's failure was seen in `run` (`<id>.<attempt>`) of a workflow, on a base commit."""

    kind: ClassVar[str] = "ci.failed"
    workflow: str
    job: str
    step: str
    run: str
    commit: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class CiPassed(Fact):
    """The job in which the unit's failure was seen is green since `run`."""

    kind: ClassVar[str] = "ci.passed"
    run: str
    commit: str


@dataclass(frozen=True, slots=True)
class CiFlaked(Fact):
    """The failure of run `failed` went away on the same commit, in `run`: it is a flake."""

    kind: ClassVar[str] = "ci.flaked"
    failed: str
    run: str
    commit: str


@dataclass(frozen=True, slots=True)
class CarriedOver(Fact):
    """Before the tracker was changed the unit was finished there: `state` is done or dropped.
    Without a unit, the fact says that everything was looked at."""

    kind: ClassVar[str] = "unit.carried"
    state: str
    source: str


# --- what agents note for one another ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Learned(Fact):
    """An agent noted something of the repository while it worked on the unit. It is a hint for
    later agents, and never an instruction; it goes by the hash of its text."""

    kind: ClassVar[str] = "hint.learned"
    text: str
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Forgotten(Fact):
    """A person does not want the hint of this name shown again, whoever notes it."""

    kind: ClassVar[str] = "hint.forgotten"
    by: str
    hint: str


# --- the dashboard ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DashboardBound(Fact):
    """The issue that shows where everything stands."""

    kind: ClassVar[str] = "dashboard.bound"
    number: int
    database_id: int


@dataclass(frozen=True, slots=True)
class DashboardNoted(Fact):
    """What the dashboard says of boxes that were ticked and not taken as a word; empty: nothing
    any more."""

    kind: ClassVar[str] = "dashboard.noted"
    note: str


# --- the tick ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that can be recognised after it died: pids are reused, start times are not.

    `machine` names more than the host's name does, which another machine may bear too; `space` is
    the process namespace in which the pid counts. Empty: not known.
    """

    host: str
    boot: str
    pid: int
    started: float
    machine: str = ""
    space: str = ""

    def is_beside(self, other: Holder) -> bool:
        """Whether the other process can look this one up."""
        here = (other.host, other.boot, other.space)
        return (self.host, self.boot, self.space) == here

    def is_of_earlier_boot(self, other: Holder) -> bool:
        """Whether the other process runs on the same machine, which was started again since."""
        same = self.machine != "" and self.machine == other.machine
        return same and self.boot != other.boot


@dataclass(frozen=True, slots=True)
class TickBegun(Fact):
    kind: ClassVar[str] = "tick.begin"
    carries: ClassVar[Carries] = Carries.EFFECT
    run: str
    base: str
    holder: Holder


@dataclass(frozen=True, slots=True)
class TickFinished(Fact):
    kind: ClassVar[str] = "tick.finish"
    run: str
    stop_reason: str
    summary: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ClaimTaken(Fact):
    """An exclusive right to work on the unit, under the event's fencing epoch."""

    kind: ClassVar[str] = "claim.taken"
    carries: ClassVar[Carries] = Carries.EFFECT
    holder: Holder
    until: datetime


@dataclass(frozen=True, slots=True)
class ClaimRenewed(Fact):
    """The holder is at it still, and keeps the right until then."""

    kind: ClassVar[str] = "claim.renewed"
    carries: ClassVar[Carries] = Carries.EFFECT
    until: datetime


@dataclass(frozen=True, slots=True)
class ClaimReleased(Fact):
    kind: ClassVar[str] = "claim.released"
    reason: str = ""


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
    """`outcome` is one of docs/reference/cli.md's tick outcomes."""

    kind: ClassVar[str] = "attempt.finish"
    outcome: str
    reason: str
    strike: bool = False
    failure: FailureClass | None = None
    provider: str = ""


@dataclass(frozen=True, slots=True)
class NeedsHuman(Fact):
    """The unit waits for a person. `reasons` are shown to them, newest last."""

    kind: ClassVar[str] = "unit.needs-human"
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reserved(Fact):
    """Money and tokens set aside before they can be spent; the event's id names it."""

    kind: ClassVar[str] = "budget.reserved"
    carries: ClassVar[Carries] = Carries.EFFECT
    run: str
    purpose: str
    provider: str
    usd: Decimal
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Settled(Fact):
    """What reservation `reservation` really cost. `basis`: metered, reported, free, assumed."""

    kind: ClassVar[str] = "budget.settled"
    reservation: str
    usd: Decimal
    basis: str
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class PullOpened(Fact):
    kind: ClassVar[str] = "pull.opened"
    number: int
    branch: str
    head: str


@dataclass(frozen=True, slots=True)
class Attested(Fact):
    """A signed statement about `commit` is kept: `sha256` is the hash of the statement."""

    kind: ClassVar[str] = "change.attested"
    commit: str
    sha256: str
    keyid: str


@dataclass(frozen=True, slots=True)
class PullUpdated(Fact):
    """Our fix-up was pushed; `answered` are the comments and red checks it took in."""

    kind: ClassVar[str] = "pull.updated"
    number: int
    head: str
    answered: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReviewRequested(Fact):
    """These people and teams were asked to look at our pull request. It is done once."""

    kind: ClassVar[str] = "pull.review-requested"
    number: int
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PullTold(Fact):
    """Our one comment on the pull request says the text with this SHA-256."""

    kind: ClassVar[str] = "pull.told"
    number: int
    comment: int
    sha256: str


@dataclass(frozen=True, slots=True)
class BooksMade(Fact):
    """A commit of ours for the bookkeeping branch. `digest` is that of the roadmap's new texts."""

    kind: ClassVar[str] = "books.made"
    carries: ClassVar[Carries] = Carries.EFFECT
    head: str
    digest: str


@dataclass(frozen=True, slots=True)
class BooksProposed(Fact):
    """The bookkeeping branch's pull request."""

    kind: ClassVar[str] = "books.proposed"
    number: int


@dataclass(frozen=True, slots=True)
class Landed(Fact):
    """A commit reached the work branch (`landing: commit`)."""

    kind: ClassVar[str] = "unit.landed"
    branch: str
    head: str


@dataclass(frozen=True, slots=True)
class BaseChecked(Fact):
    """The base commit's own gates: `commands` is the digest of what was run."""

    kind: ClassVar[str] = "base.checked"
    sha: str
    commands: str
    green: bool
    failing: str = ""
    tail: str = ""


@dataclass(frozen=True, slots=True)
class Sealed(Fact):
    """Everything asked for is done, and the base is green: hashes of the evidence."""

    kind: ClassVar[str] = "roadmap.sealed"
    base: str
    evidence: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CaseJudged(Fact):
    """A reviewer under measurement judged one case. `identity` names the reviewer and all that
    its judgement depends on, `digest` the case's content; `found` is what it said, in short."""

    kind: ClassVar[str] = "calibration.case"
    run: str
    identity: str
    case: str
    digest: str
    expected: str
    outcome: str
    found: str = ""
    usd: Decimal = Decimal(0)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Calibrated(Fact):
    """What a reviewer reached over all cases, believed until `until`. `stopped` says why it was
    ended before all of them were shown."""

    kind: ClassVar[str] = "calibration.finish"
    run: str
    identity: str
    provider: str
    model: str
    prompt: str
    cases: str
    defects: int
    caught: int
    clean: int
    alarms: int
    until: datetime
    unusable: int = 0
    stopped: str = ""
    usd: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class JournalRebuilt(Fact):
    """The journal was damaged: `kept` events were saved out of the file now called `quarantine`,
    `lost` were not (None when nobody can tell how many)."""

    kind: ClassVar[str] = "journal.rebuilt"
    quarantine: str
    kept: int
    lost: int | None = None


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
    PullTold,
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
