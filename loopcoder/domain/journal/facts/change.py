"""What became of a finished change: its statement, its pull request, its landing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from loopcoder.domain.journal.fact import Fact


@dataclass(frozen=True, slots=True)
class PullOpened(Fact):
    """Our pull request. `written` is the SHA-256 of its text as we left it."""

    kind: ClassVar[str] = "pull.opened"
    number: int
    branch: str
    head: str
    written: str = ""


@dataclass(frozen=True, slots=True)
class Attested(Fact):
    """A signed statement about `commit` is kept: `sha256` is the hash of the statement."""

    kind: ClassVar[str] = "change.attested"
    commit: str
    sha256: str
    keyid: str


@dataclass(frozen=True, slots=True)
class PullUpdated(Fact):
    """Our fix-up was pushed; `answered` are the comments and red checks it took in, `written` is
    the SHA-256 of the pull request's text as we last left it."""

    kind: ClassVar[str] = "pull.updated"
    number: int
    head: str
    answered: tuple[str, ...] = ()
    written: str = ""


@dataclass(frozen=True, slots=True)
class ReviewRequested(Fact):
    """These people and teams were asked to look at our pull request. It is done once."""

    kind: ClassVar[str] = "pull.review-requested"
    number: int
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PullReopened(Fact):
    """Our pull request that a person had closed was seen open again."""

    kind: ClassVar[str] = "pull.reopened"
    number: int


@dataclass(frozen=True, slots=True)
class BranchKept(Fact):
    """The host keeps our merged branch at this commit. It is not asked to delete it again."""

    kind: ClassVar[str] = "pull.branch-kept"
    branch: str
    head: str


@dataclass(frozen=True, slots=True)
class PullTold(Fact):
    """Our one comment on the pull request says the text with this SHA-256."""

    kind: ClassVar[str] = "pull.told"
    number: int
    comment: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Landed(Fact):
    """A commit reached the work branch (`landing: commit`)."""

    kind: ClassVar[str] = "unit.landed"
    branch: str
    head: str
