"""What people said about units and about the whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from loopcoder.domain.journal.fact import Fact


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
