"""Separate clones for agents to work in, clean checkouts to judge in, and the git between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from loopcoder.domain.guard.change_set import ChangeSet
from loopcoder.domain.unit import UnitId


@dataclass(frozen=True, slots=True)
class WorkspaceKey:
    """Which attempt a workspace belongs to, and which lane of it where several workers race."""

    unit: UnitId
    attempt: int
    lane: int = 0


@dataclass(frozen=True, slots=True)
class Workspace:
    """A clone for one attempt. `tree` is what the agent may write; everything beside is ours.

    `start` is the commit it was made from; `merge` the commit merged into it (with conflict
    markers left in) when the attempt brings a branch up to date, else empty.
    """

    key: WorkspaceKey
    tree: Path
    start: str
    merge: str = ""
    conflicts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CommitDraft:
    """`author` is `Name <mail>` or None for ours; `at` makes the commit hash repeatable."""

    message: str
    at: datetime
    author: str | None = None
    signoff: bool = False
    sign: bool = False


@dataclass(frozen=True, slots=True)
class Combination:
    """Commits merged onto a base, in order. `evicted` maps a commit to why it did not fit."""

    head: str
    merged: tuple[str, ...]
    evicted: tuple[tuple[str, str], ...] = ()


class Workspaces(Protocol):
    """Everything done with git on the way from a base commit to a judged one.

    The user's working tree, index and branches are never touched. Commits made here are kept
    alive under `refs/loopcoder/attempts/<unit>/<attempt>`, so that they outlive the clones.
    """

    def open(self, key: WorkspaceKey, start: str, merge: str = "", kept: str = "") -> Workspace:
        """The attempt's workspace: made when missing, reused as it stands when it is ours.

        One that is made anew holds the files of the commit `kept`, where there is one: what the
        attempt had come to elsewhere. One that is not ours is set aside as a patch, never deleted
        silently.
        """

    def collect(self, workspace: Workspace) -> ChangeSet:
        """What the tree now differs from `start` (from `merge` when there is one), read with a
        git directory the agent could not write. Idempotent."""

    def commit(self, workspace: Workspace, change: ChangeSet, draft: CommitDraft) -> str:
        """Commit the change on `start` (and `merge`) and keep it alive; the same input gives the
        same hash."""

    def keep(self, key: WorkspaceKey, commit: str) -> None:
        """Keep a commit alive as the one that the attempt has come to."""

    def retrace(self, commit: str, parents: Sequence[str], draft: CommitDraft) -> bool:
        """Whether the commit is byte for byte what `commit` makes of its tree."""

    def change(self, start: str, commit: str) -> ChangeSet:
        """What a kept commit differs from another, as `collect` would have said."""

    def settle(self, workspace: Workspace) -> None:
        """Take what is untracked now (left by setup commands) as not the agent's work: `collect`
        leaves it out. Idempotent."""

    def unresolved(self, workspace: Workspace) -> tuple[str, ...]:
        """Paths that still hold conflict markers of our own merge."""

    def patch(self, start: str, commit: str) -> bytes:
        """The binary-safe patch between two commits."""

    def fingerprint(self, start: str, commit: str) -> str:
        """The SHA-256 of that patch: what a verdict and a statement name the change by."""

    def diff(self, start: str, commit: str) -> str:
        """The diff a reviewer reads; bytes that are not UTF-8 are replaced."""

    def checkout(self, commit: str, purpose: str) -> Path:
        """A fresh, clean checkout of exactly this commit, for one use. The caller discards it."""

    def combine(self, base: str, commits: Sequence[str], message: str) -> Combination:
        """Merge commits one after the other onto a base; those that conflict are evicted."""

    def write_files(
        self, base: str, files: Mapping[str, str], parents: Sequence[str], draft: CommitDraft
    ) -> str:
        """A commit on `parents` that is `base` with these text files; it is kept alive."""

    def is_kept(self, commit: str) -> bool:
        """Whether the commit's objects are at hand."""

    def is_ancestor(self, ancestor: str, commit: str) -> bool:
        """Whether `ancestor` is reachable from `commit`."""

    def read(self, commit: str, path: str) -> str | None:
        """A text file of a commit, or None when it is not there."""

    def list_files(self, commit: str) -> Sequence[str]:
        """Every path of a commit."""

    def discard(self, path: Path) -> None:
        """Remove a checkout made by `checkout`."""

    def discard_workspace(self, key: WorkspaceKey, *, rescue: Path | None = None) -> None:
        """Remove an attempt's workspace; what exists nowhere else goes to `rescue` as a patch."""
