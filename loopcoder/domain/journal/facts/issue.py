"""How a unit and its issue came together, and where units come from that no roadmap has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from loopcoder.domain.journal.fact import Fact


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
    `milestone` the title of the milestone that we put it into, `parent` the number of the issue
    that we made it a sub-issue of. A section's own issue is recorded alike, as `section:<name>`.
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
    parent: int = 0


@dataclass(frozen=True, slots=True)
class IssueTold(Fact):
    """Our one comment on the unit's issue says the text with this SHA-256."""

    kind: ClassVar[str] = "issue.told"
    number: int
    comment: int
    sha256: str


@dataclass(frozen=True, slots=True)
class DuplicateClosed(Fact):
    """The unit was filed twice: issue `number` is closed, with a link to `survivor`."""

    kind: ClassVar[str] = "issue.duplicate"
    number: int
    database_id: int
    survivor: int


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
class CarriedOver(Fact):
    """Before the tracker was changed the unit was finished there: `state` is done or dropped.
    Without a unit, the fact says that everything was looked at."""

    kind: ClassVar[str] = "unit.carried"
    state: str
    source: str
