"""Where finished work is put when it is committed instead of proposed (`landing: commit`)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class LandedBy(StrEnum):
    """How the work got onto the branch."""

    ALREADY = "already"
    CREATED = "created"
    FAST_FORWARD = "fast-forward"
    MERGE = "merge"
    REBASE = "rebase"


@dataclass(frozen=True, slots=True)
class Landed:
    """`head` is the branch's commit that holds the work now.

    `push_refused` is git's sentence when the remote did not take it; the work is on the local
    branch all the same, and landing it again tries the push again.
    """

    branch: str
    head: str
    by: LandedBy
    pushed: bool = False
    push_refused: str = ""


class LandingStrip(Protocol):
    """Puts judged commits onto a work branch. Never onto the base branch, and never by force."""

    def land(self, commit: str, branch: str, push: bool, on_conflict: str) -> Landed:
        """Land a commit: fast-forward, or a merge where the branch has moved on.

        Landing what is there already changes nothing. `on_conflict` is `task` or `rebase`.
        Raises `Conflicted` when the sides disagree (with `rebase`: when the work cannot be
        replayed commit by commit either), `Stale` when the
        branch moved meanwhile, `Unavailable` when a working tree has the branch checked out and
        something of the user's would be overwritten; nothing has changed then.
        """
