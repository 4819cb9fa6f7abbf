"""Clones for agents, clean checkouts for judges, and what passes between them: all of it git."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

from loopcoder.adapters.git.change import read_change
from loopcoder.adapters.git.combination import combine_commits
from loopcoder.adapters.git.command import Git
from loopcoder.adapters.git.commit import (
    keep_objects,
    keep_ref,
    sign_commit,
    write_commit,
    write_texts,
)
from loopcoder.adapters.git.diff_text import DIFF, PATCH
from loopcoder.adapters.git.folder import Folder, list_folders, unresolved_conflicts
from loopcoder.adapters.git.git_dir import GitDir, create_plumbing_dir, remove_tree
from loopcoder.adapters.git.repository import Repository
from loopcoder.adapters.git.rescue import rescue as rescue_folder
from loopcoder.adapters.git.rescue import save_patch
from loopcoder.adapters.git.work_tree import Limits
from loopcoder.domain.diagnostic import LoopcoderError
from loopcoder.domain.guard.change_set import ChangeSet, FileMode
from loopcoder.domain.journal.canonical import sha256
from loopcoder.ports.workspace import Combination, CommitDraft, Workspace, WorkspaceKey


@dataclass(frozen=True)
class GitWorkspaces:
    """`ports.workspace.Workspaces` over one repository and one cache folder of ours.

    `borrow` lets the clones read the user's objects in place, for which a sandbox must show
    `repository.object_stores` read-only; without a sandbox objects are copied instead.
    """

    repository: Repository
    cache: Path
    borrow: bool = True
    limits: Limits = field(default_factory=Limits)
    _collected: dict[tuple[str, str], ChangeSet] = field(
        default_factory=dict, repr=False, compare=False
    )
    """What was collected of a commit just made, until the change policy asks for the same."""

    def open(self, key: WorkspaceKey, start: str, merge: str = "", kept: str = "") -> Workspace:
        folder = self._folder(key)
        present = folder.load()
        if present is not None and (present.start, present.merge) == (start, merge):
            return present
        if folder.path.exists() or folder.path.is_symlink():
            rescue_folder(folder, self.repository.state_dir / "rescued")
            folder.remove()
        return folder.create(start, merge, kept if kept and self.is_kept(kept) else "")

    def collect(self, workspace: Workspace) -> ChangeSet:
        work_tree = self._folder(workspace.key).work_tree
        return work_tree.collect(workspace.merge or workspace.start)

    def settle(self, workspace: Workspace) -> None:
        self._folder(workspace.key).work_tree.settle()

    def change(self, start: str, commit: str) -> ChangeSet:
        known = self._collected.pop((start, commit), None)
        return known or read_change(self._plumbing.directory, start, commit, self.limits.text)

    def unresolved(self, workspace: Workspace) -> tuple[str, ...]:
        return unresolved_conflicts(workspace)

    def commit(self, workspace: Workspace, change: ChangeSet, draft: CommitDraft) -> str:
        self._require_whole(change)
        folder = self._folder(workspace.key)
        parents = [workspace.start, *([workspace.merge] if workspace.merge else [])]
        clean = Git(folder.clean, git_dir=folder.clean)
        commit = write_commit(clean, change.tree, parents, draft)
        keep_objects(folder.clean, self.repository, commit, parents)
        if draft.sign:
            commit = sign_commit(self.repository, folder.ref, commit, parents, draft)
        keep_ref(self.repository, folder.ref, commit)
        if all(file.mode is not FileMode.SUBMODULE for file in change.files):
            self._collected[workspace.merge or workspace.start, commit] = change
        return commit

    def keep(self, key: WorkspaceKey, commit: str) -> None:
        keep_ref(self.repository, self._folder(key).ref, commit)

    def retrace(self, commit: str, parents: Sequence[str], draft: CommitDraft) -> bool:
        return write_commit(self._plumbing, f"{commit}^{{tree}}", parents, draft) == commit

    def patch(self, start: str, commit: str) -> bytes:
        return _read_patch(self._plumbing, start, commit)

    def fingerprint(self, start: str, commit: str) -> str:
        return sha256(self.patch(start, commit))

    def diff(self, start: str, commit: str) -> str:
        shown = self._plumbing.run(*DIFF, "-p", "--find-renames", start, commit).stdout
        return shown.decode("utf-8", "replace")

    def checkout(self, commit: str, purpose: str) -> Path:
        folder = self.cache / "checkouts"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = re.sub(r"[^a-z0-9._-]+", "-", purpose.lower()).strip(".-")[:60] or "checkout"
        path = Path(tempfile.mkdtemp(prefix=f"{name}-{commit[:12]}-", dir=folder))
        inside = GitDir(self.repository, commit, borrow=self.borrow, tags=self.repository.tags())
        inside.create(path / ".git")
        Git(path).run("read-tree", "-u", "--reset", commit)
        return path

    def combine(self, base: str, commits: Sequence[str], message: str) -> Combination:
        self.repository.require_git()
        return _combine(self._plumbing, base, tuple(commits), message)

    def write_files(
        self, base: str, files: Mapping[str, str], parents: Sequence[str], draft: CommitDraft
    ) -> str:
        commit = write_texts(self.repository.git, base, files, parents, draft)
        ref = "refs/loopcoder/written"
        if draft.sign:
            commit = sign_commit(self.repository, ref, commit, parents, draft)
        keep_ref(self.repository, ref, commit)
        return commit

    def is_kept(self, commit: str) -> bool:
        return self._plumbing.succeeds("cat-file", "-e", f"{commit}^{{commit}}")

    def is_ancestor(self, ancestor: str, commit: str) -> bool:
        asked = ("merge-base", "--is-ancestor", ancestor, commit)
        return self._plumbing.run(*asked, fine=(0, 1)).code == 0

    def read(self, commit: str, path: str) -> str | None:
        return self.repository.read(commit, path)

    def list_files(self, commit: str) -> Sequence[str]:
        return self.repository.list_files(commit)

    def discard(self, path: Path) -> None:
        if path.parent != self.cache / "checkouts":
            raise LoopcoderError(f"{path} is not a checkout of ours; it is left alone.")
        remove_tree(path)

    def discard_workspace(self, key: WorkspaceKey, *, rescue: Path | None = None) -> None:
        folder = self._folder(key)
        if rescue is not None:
            save_patch(folder, rescue)
        folder.remove()

    def list_workspaces(self) -> Sequence[Workspace]:
        """Every attempt's workspace in the cache that is ours, for reports and for cleaning."""
        found = (folder.load() for folder in list_folders(self.repository, self.cache))
        return [workspace for workspace in found if workspace is not None]

    def folders(self) -> Sequence[Path]:
        """Every folder of ours in which a program may have been started."""
        return [*self.cache.glob("units/*/*/tree"), *self.cache.glob("checkouts/*")]

    def sweep(self) -> None:
        """Remove what killed processes left: checkouts and half-made or half-removed folders.

        Only for the one pass that holds the repository's lock: nobody else may use the cache.
        """
        leftovers = [*self.cache.glob("checkouts/*"), *self.cache.glob("trash/*")]
        for path in [*leftovers, *self.cache.glob("units/*/.*")]:
            remove_tree(path)

    @cached_property
    def _plumbing(self) -> Git:
        self.cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.cache / "plumbing.git"
        create_plumbing_dir(path, self.repository)
        return Git(path, git_dir=path)

    def _folder(self, key: WorkspaceKey) -> Folder:
        return Folder(self.repository, self.cache, key, self.borrow, self.limits)

    def _require_whole(self, change: ChangeSet) -> None:
        for file in change.files:
            if file.size > self.limits.file:
                raise LoopcoderError(
                    f"{file.path} is larger than {self.limits.file:,} bytes and was not taken.",
                    "Nothing is committed, so that no commit lacks a part of the work.",
                )


@lru_cache(maxsize=16)
def _read_patch(git: Git, start: str, commit: str) -> bytes:
    """Policy and review ask for the same one, shortly after one another."""
    return git.run(*DIFF, *PATCH, start, commit).stdout


@lru_cache(maxsize=8)
def _combine(git: Git, base: str, commits: tuple[str, ...], message: str) -> Combination:
    """Looking for culprits asks for the same combination more than once; it never differs."""
    return combine_commits(git, base, commits, message)
