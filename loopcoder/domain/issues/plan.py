"""The plan: every write before it happens, as a value to print, save, refuse or apply."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from loopcoder.domain.diagnostic import Diagnostic
from loopcoder.domain.issues.issue import (
    Actor,
    CloseReason,
    EdgeEvent,
    Issue,
    LabelEvent,
    PullState,
)
from loopcoder.domain.issues.unit_text import UnitText
from loopcoder.domain.journal.event import DuplicateClosed, Fact, UnitApplied
from loopcoder.domain.unit import Box, UnitId, is_section_id


class ChangeAction(StrEnum):
    """What a change does to the issue; noop and drift write nothing."""

    CREATE = "create"
    UPDATE = "update"
    CLOSE = "close"
    REOPEN = "reopen"
    NOOP = "noop"
    DRIFT = "drift"


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What the person who asks for the plan allows.

    `trusted` are numeric ids, besides our own, whose issues' markers are believed. `unattended`
    is a tick: vanished units are never closed in one. `repository` is `owner/name`, where known;
    with `milestones` sections become milestones, with `sub_issues` issues that have their units'
    issues as sub-issues.
    """

    overwrite_drift: bool = False
    prune: bool = False
    force_prune: bool = False
    retitle: frozenset[UnitId] = frozenset()
    trusted: frozenset[int] = frozenset()
    unattended: bool = False
    repository: str = ""
    milestones: bool = False
    sub_issues: bool = False


@dataclass(frozen=True, slots=True)
class NativeEdges:
    """The tracker's own dependencies: what blocks an issue, and who said so. Asked only where an
    issue's count is not what we left."""

    blocked_by: Callable[[int], Sequence[Issue]]
    events: Callable[[int], Sequence[EdgeEvent]]


@dataclass(frozen=True, slots=True)
class Edge:
    """A blocker: its issue number, and the database id that the tracker knows it by."""

    number: int
    id: int


@dataclass(frozen=True, slots=True)
class Nest:
    """An issue becomes a sub-issue of the issue of `parent`, or of none. `number` is that issue, 0
    for none; None while it is to be filed. `before` is where we had put it."""

    parent: UnitId | None
    number: int | None
    before: int = 0


@dataclass(frozen=True, slots=True)
class Actual:
    """The tracker as it stands. The functions are asked only where a label of ours is missing, an
    author is unknown, or a milestone is needed. `native` is None where the tracker keeps no
    dependencies, `milestones` (their titles) where it has none; `nests` says whether it has
    sub-issues. `moved` says of issue numbers that
    lead elsewhere now, in a sentence, where that is; `pulls` how pull requests stand, which have
    numbers of the same row."""

    issues: Sequence[Issue]
    me: Actor
    label_names: Callable[[], Collection[str]] = lambda: ()
    label_events: Callable[[int], Sequence[LabelEvent]] = lambda number: ()
    may_write: Callable[[Actor], bool] = lambda actor: True
    native: NativeEdges | None = None
    moved: Mapping[int, str] = field(default_factory=dict)
    milestones: Callable[[], Collection[str]] | None = None
    nests: bool = False
    pulls: Mapping[int, PullState] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one unit's issue, and why.

    `text` is written when not None; people's text around the block is taken from the issue as it
    is at that moment, and the change is stale when `seen`, the digest of title and block that it
    was planned on, no longer holds. `wait_for` are blockers whose issue number is known only
    once they are filed; those of `link_for` become edges too. `milestone` is the title of the one
    to be put into (empty: out of any), made when `makes_milestone`; `nest` the issue to become a
    sub-issue of. `before` is what counts as
    last applied, `after` what will be once all is written; `facts` are recorded without a write.
    `replaces` is an issue that is gone. With `duplicate` the issue is not the unit's own, and is
    closed in favour of that one.
    """

    action: ChangeAction
    unit: UnitId
    issue: int | None
    title: str
    reason: str
    file: str = ""
    line: int = 0
    text: UnitText | None = None
    known_block: str = ""
    seen: str = ""
    add_labels: tuple[str, ...] = ()
    remove_labels: tuple[str, ...] = ()
    wait_for: tuple[UnitId, ...] = ()
    add_edges: tuple[Edge, ...] = ()
    remove_edges: tuple[Edge, ...] = ()
    link_for: tuple[UnitId, ...] = ()
    milestone: str | None = None
    makes_milestone: bool = False
    nest: Nest | None = None
    reopen: bool = False
    close: CloseReason | None = None
    box: Box = Box.OPEN
    before: UnitApplied | None = None
    after: UnitApplied | None = None
    facts: tuple[Fact, ...] = ()
    replaces: int | None = None
    duplicate: DuplicateClosed | None = None
    waits: str = ""

    @property
    def writes(self) -> int:
        """How many writes on the tracker the change takes."""
        if self.action is ChangeAction.CREATE:
            return 1 + self.edge_writes + self.makes_milestone
        others = self.makes_milestone + (self.milestone is not None)
        others += (self.text is not None) + self.reopen + (self.close is not None)
        others += self.duplicate is not None  # the comment that links to the other issue
        return self.label_writes + others

    @property
    def edge_writes(self) -> int:
        """How many of them are about the tracker's own dependencies and sub-issues."""
        nested = self.nest is not None
        return len(self.add_edges) + len(self.remove_edges) + len(self.link_for) + nested

    @property
    def label_writes(self) -> int:
        """How many of them limits on labels count: those on an issue that is there already, and
        dependencies and sub-issues. Labels that an issue is filed with are no writes of their
        own."""
        if self.action is ChangeAction.CREATE:
            return self.edge_writes
        labels = len(self.add_labels) + len(self.remove_labels) + len(self.wait_for)
        return labels + self.edge_writes

    @property
    def needs_approval(self) -> bool:
        """Whether a tick leaves it to a person: it gives up work that was asked for."""
        if is_section_id(self.unit):
            return False  # whatever was in it is decided by itself
        return self.close is CloseReason.NOT_PLANNED and self.duplicate is None


@dataclass(frozen=True, slots=True)
class Plan:
    """Changes in dependency order, and everything there is to say about the roadmap.

    `digest` is the SHA-256 (hex) over the writes; equal digests mean equal effects.
    """

    changes: tuple[Change, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    plan: str = "main"
    digest: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", _digest(self.plan, self.changes))

    @property
    def short(self) -> str:
        """The digest as people read it."""
        return self.digest[:6]

    @property
    def applyable(self) -> bool:
        return not any(diagnostic.is_error for diagnostic in self.diagnostics)

    @property
    def pending(self) -> tuple[Change, ...]:
        """The changes that write something."""
        return tuple(change for change in self.changes if change.writes)

    @property
    def writes(self) -> int:
        return sum(change.writes for change in self.changes)

    @property
    def needs_approval(self) -> bool:
        return any(change.needs_approval for change in self.changes)

    def approved_by(self, digest: str) -> bool:
        """Whether a person's digest, six characters or more of it, means this plan."""
        given = digest.strip().lower()
        return len(given) >= len(self.short) and self.digest.startswith(given)

    def with_diagnostics(self, *more: Diagnostic) -> Plan:
        return replace(self, diagnostics=(*self.diagnostics, *more))


def _digest(plan: str, changes: Sequence[Change]) -> str:
    pending = [change for change in changes if change.writes]
    pending.sort(key=lambda change: (change.unit, change.action, change.issue or 0))
    canonical = json.dumps([plan, [_effect(c) for c in pending]], separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _effect(change: Change) -> list[object]:
    """What a change does, in plain values: equal effects give equal lists."""
    return [
        change.unit,
        change.action,
        change.issue or 0,
        [change.text.digest, change.seen] if change.text else [],
        list(change.add_labels),
        list(change.remove_labels),
        list(change.wait_for),
        [[edge.number for edge in edges] for edges in (change.add_edges, change.remove_edges)],
        list(change.link_for),
        [] if change.milestone is None else [change.milestone],
        change.reopen,
        change.close or "",
        change.duplicate.survivor if change.duplicate else 0,
        *([[change.nest.parent or "", change.nest.number or 0]] if change.nest else []),
    ]
