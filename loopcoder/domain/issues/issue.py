"""What a tracker and a code host hold, in our own words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

OURS = "loopcoder"
BLOCKED_BY = "blocked-by:#"


class CommandLabel(StrEnum):
    """Labels through which people and the bot talk to each other."""

    FILE = "loopcoder:file"
    HOLD = "loopcoder:hold"
    NEEDS_HUMAN = "loopcoder:needs-human"
    RETRY = "loopcoder:retry"
    UNBLOCK = "loopcoder:unblock"
    PROPOSED = "loopcoder:proposed"
    CI_FAILURE = "loopcoder:ci-failure"


_OUR_LABELS = frozenset({OURS, *(label.value for label in CommandLabel)})


def spelled(label: str) -> str:
    """The label as we write it where it is one of ours, and any other as it is. Trackers know
    names without case, and keep the spelling of whoever defined them."""
    key = label.casefold()
    return key if key in _OUR_LABELS or key.startswith(BLOCKED_BY) else label


class Permission(StrEnum):
    """What an actor may do in the repository."""

    NONE = "none"
    READ = "read"
    WRITE = "write"

    @property
    def may_write(self) -> bool:
        return self is Permission.WRITE


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody known by a number that cannot be renamed; the login is for people's eyes."""

    id: int
    login: str


BOT = Actor(1, "loopcoder")
"""We, where there is no account of ours: in the local tracker and in tests."""


class IssueState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class CloseReason(StrEnum):
    COMPLETED = "completed"
    NOT_PLANNED = "not_planned"


@dataclass(frozen=True, slots=True)
class EdgeCounts:
    """How many issues block one, and how many it blocks, by the tracker's own dependencies."""

    blocked_by: int = 0
    blocking: int = 0


ELSEWHERE = -1
"""The parent of an issue that is part of one in another repository."""


@dataclass(frozen=True, slots=True)
class Family:
    """The number of the issue that one is a sub-issue of (0 for none), and how many it has."""

    parent: int = 0
    children: int = 0


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue as it stands. `id` is the tracker's database id, `milestone` a title. `edges` is
    None where the tracker keeps no dependencies of its own, `family` where it has no sub-issues.
    `reopened`: it is open, and was closed before."""

    number: int
    id: int
    title: str
    body: str
    author: Actor
    created_at: datetime
    updated_at: datetime
    state: IssueState = IssueState.OPEN
    close_reason: CloseReason | None = None
    labels: frozenset[str] = frozenset()
    assignees: tuple[Actor, ...] = ()
    closed_by: Actor | None = None
    edges: EdgeCounts | None = None
    milestone: str = ""
    family: Family | None = None
    reopened: bool = False

    @property
    def is_open(self) -> bool:
        return self.state is IssueState.OPEN

    @property
    def is_completed(self) -> bool:
        return not self.is_open and self.close_reason is not CloseReason.NOT_PLANNED

    @property
    def is_not_planned(self) -> bool:
        return not self.is_open and self.close_reason is CloseReason.NOT_PLANNED

    @property
    def blocked_by(self) -> frozenset[int]:
        """The issue numbers its `blocked-by:#N` labels name."""
        tails = (name[len(BLOCKED_BY) :] for name in self.labels if name.startswith(BLOCKED_BY))
        return frozenset(int(tail) for tail in tails if tail.isdecimal())


@dataclass(frozen=True, slots=True)
class IssueDraft:
    """An issue to be created, with everything it needs in the one write."""

    title: str
    body: str
    labels: frozenset[str] = frozenset()
    milestone: int | None = None


@dataclass(frozen=True, slots=True)
class Comment:
    """`updated_at` is when its text was last changed, where that is known."""

    id: int
    issue: int
    author: Actor
    body: str
    created_at: datetime
    updated_at: datetime | None = None

    @property
    def said_at(self) -> datetime:
        """Since when it says what it says."""
        return self.updated_at or self.created_at


@dataclass(frozen=True, slots=True)
class LabelEvent:
    """Somebody put a label on an issue, or took it off."""

    label: str
    added: bool
    actor: Actor
    at: datetime


@dataclass(frozen=True, slots=True)
class TextEdit:
    """Somebody changed an issue's title or body; `actor` is None where nobody can tell who."""

    actor: Actor | None
    at: datetime


@dataclass(frozen=True, slots=True)
class IssueText:
    """Title and body as they stand, and every change to them since the issue was filed, oldest
    first: read in one step, so that the edits are those which led to this very text."""

    title: str
    body: str
    edits: tuple[TextEdit, ...] = ()


@dataclass(frozen=True, slots=True)
class LabelDefinition:
    """A label as a repository knows it. `color` is six hexadecimal digits."""

    name: str
    color: str
    description: str


@dataclass(frozen=True, slots=True)
class EdgeEvent:
    """Somebody said that an issue is blocked by another, or that it is not any more. `blocker` is
    the other's number in the same repository."""

    blocker: int
    added: bool
    actor: Actor
    at: datetime


class PullState(StrEnum):
    OPEN = "open"
    MERGED = "merged"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request as it stands. `mergeable` is None while the host has not worked it out;
    `ended_at` is when it was closed or merged, where that is known."""

    number: int
    title: str
    body: str
    branch: str
    head: str
    base: str
    author: Actor
    created_at: datetime
    updated_at: datetime
    state: PullState = PullState.OPEN
    draft: bool = False
    labels: frozenset[str] = frozenset()
    mergeable: bool | None = None
    merged_commit: str = ""
    closed_by: Actor | None = None
    closes: tuple[int, ...] = ()
    ended_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.state is PullState.OPEN


@dataclass(frozen=True, slots=True)
class PullDraft:
    title: str
    body: str
    branch: str
    base: str
    draft: bool = False
    labels: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a person said on a pull request and expects an answer to: a review or a comment.

    `id` is unique among the feedback of one host. `head` is the commit it was said about.
    """

    id: str
    author: Actor
    body: str
    at: datetime
    requests_changes: bool = False
    file: str = ""
    line: int = 0
    head: str = ""
