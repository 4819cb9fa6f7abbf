"""Branches of the user's repository, moved without ever trampling on what the user has open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from loopcoder.adapters.git.command import Git, GitError
from loopcoder.adapters.git.repository import Repository
from loopcoder.domain.diagnostic import LoopcoderError, NotFound, Stale, Unavailable

_HEADS = "refs/heads/"
_REWRITING = ("rebase-merge", "rebase-apply")


@dataclass(frozen=True, slots=True)
class Branches:
    """Those of the user's own repository. A head is a full commit hash."""

    repository: Repository

    @property
    def git(self) -> Git:
        return self.repository.git

    def head(self, branch: str) -> str | None:
        """The commit a branch points to, or None when there is no such branch."""
        return self.repository.branch_head(branch)

    def heads(self) -> dict[str, str]:
        """Every branch and its head, by name."""
        rows = self.git.text("for-each-ref", "--format=%(objectname) %(refname)", _HEADS)
        pairs = (row.split(" ", 1) for row in rows.splitlines())
        return {name.removeprefix(_HEADS): head for head, name in pairs}

    def has_commit(self, commit: str) -> bool:
        return self.git.succeeds("cat-file", "-e", "--end-of-options", f"{commit}^{{commit}}")

    def is_ancestor(self, ancestor: str, commit: str) -> bool:
        return self.git.succeeds("merge-base", "--is-ancestor", ancestor, commit)

    def advance(self, branch: str, commit: str, expected: str | None) -> None:
        """Move a branch from `expected` (None: from nowhere) to a descendant of it.

        A working tree that has the branch checked out goes with it, as `git merge --ff-only`
        would take it; where that would overwrite something of the user's, Unavailable is raised
        and nothing has changed. A branch that is not at `expected` raises Stale, unless it is at
        `commit` already.
        """
        current = self.head(branch)
        if current == commit:
            return
        if current != expected:
            raise _moved(branch, expected, current)
        if expected is not None:
            self._demand_commit(commit)
            if not self.is_ancestor(expected, commit):
                lost = f"which {commit[:12]} would throw away"
                raise Stale(f"{branch} is at {expected[:12]}, {lost}.")
        tree = self._demand_free(branch)
        if tree is None or expected is None:
            self._move(branch, commit, expected)
        else:
            _fast_forward(tree, branch, commit)

    def delete(self, branch: str, expected: str) -> None:
        """Remove a branch that still points to `expected`; else Stale. Never a checked-out one."""
        current = self.head(branch)
        if current != expected:
            raise _moved(branch, expected, current)
        tree = self._demand_free(branch)
        if tree is not None:
            raise Unavailable(
                f"{branch} is checked out in {tree}, so it is not deleted.",
                "Switch that folder to another branch first.",
            )
        done = self.git.run("update-ref", "-d", _HEADS + branch, expected, check=False)
        if done.code != 0:
            raise self._explained(branch, expected, done.stderr)

    def _move(self, branch: str, commit: str, expected: str | None) -> None:
        old = expected or "0" * len(commit)
        done = self.git.run(
            "update-ref", "-m", "loopcoder: advance", _HEADS + branch, commit, old, check=False
        )
        if done.code != 0:
            self._demand_commit(commit)
            raise self._explained(branch, expected, done.stderr)

    def _demand_commit(self, commit: str) -> None:
        if not self.has_commit(commit):
            raise NotFound(f"There is no commit {commit} in this repository.")

    def _explained(self, branch: str, expected: str | None, words: str) -> LoopcoderError:
        current = self.head(branch)
        if current != expected:
            return _moved(branch, expected, current)
        return LoopcoderError(f"{branch} cannot be written: {' '.join(words.split())}")

    def _demand_free(self, branch: str) -> Path | None:
        """The one working tree that has the branch checked out, if any."""
        if self._only_elsewhere(branch):
            return None
        trees = []
        for tree, checked_out in self._worktrees():
            if branch in _being_rewritten(tree):
                raise Unavailable(
                    f"{branch} is being rebased in {tree}.", "Finish or abort that first."
                )
            if checked_out == branch:
                trees.append(tree)
        if len(trees) > 1:
            places = " and in ".join(map(str, trees))
            raise Unavailable(
                f"{branch} is checked out in {places}.", "Switch all but one to another branch."
            )
        return trees[0] if trees else None

    def _only_elsewhere(self, branch: str) -> bool:
        """Whether a look at the files tells that no working tree has to do with the branch: there
        is only one, which stands on another branch and rewrites none. Else git is asked."""
        common = self.repository.common_dir
        if self.repository.git_dir != common or (common / "worktrees").exists():
            return False
        try:
            stands_on = (common / "HEAD").read_text("utf-8").strip()
        except (OSError, ValueError):
            return False
        rewriting = any((common / name).exists() for name in _REWRITING)
        return (
            not rewriting
            and stands_on.startswith("ref: ")
            and (stands_on != f"ref: {_HEADS}{branch}")
        )

    def _worktrees(self) -> Iterator[tuple[Path, str]]:
        """Every working tree that exists, with its branch (empty when detached)."""
        listing = self.git.run("worktree", "list", "--porcelain", "-z").stdout
        for record in listing.decode("utf-8", "surrogateescape").split("\0\0"):
            fields = [line.partition(" ")[::2] for line in record.split("\0") if line]
            entry = dict(fields)
            tree = Path(entry.get("worktree", ""))
            if fields and "bare" not in entry and tree.is_dir():
                yield tree, entry.get("branch", "").removeprefix(_HEADS)


def _being_rewritten(tree: Path) -> set[str]:
    """Branches that a rebase begun in a working tree will move when it ends."""
    git_dir = tree / ".git"
    if git_dir.is_file():
        git_dir = tree / git_dir.read_text(encoding="utf-8").partition("gitdir: ")[2].strip()
    names = (git_dir / folder / "head-name" for folder in _REWRITING)
    found = (name.read_text(encoding="utf-8").strip() for name in names if name.is_file())
    return {name.removeprefix(_HEADS) for name in found}


def _fast_forward(tree: Path, branch: str, commit: str) -> None:
    # Without autostash and without overwriting ignored files: what git cannot put back, it may
    # not take away.
    done = Git(tree, trusted=True).run(
        "merge", "--ff-only", "--quiet", "--no-autostash", "--no-overwrite-ignore", commit,
        check=False,
    )  # fmt: skip
    if done.code == 0:
        return
    names = [line.strip() for line in done.stderr.splitlines() if line.startswith("\t")]
    if names:
        raise Unavailable(
            f"{branch} is checked out in {tree}, where this would overwrite {_listed(names)}.",
            "Commit, stash or move them, or switch to another branch, and try again.",
        )
    raise GitError(
        f"{branch} is checked out in {tree} and cannot be moved there: "
        f"{' '.join(done.stderr.split())}"
    )


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown


def _moved(branch: str, expected: str | None, current: str | None) -> Stale:
    if expected is None:
        return Stale(f"{branch} exists already, at {(current or '')[:12]}.")
    if current is None:
        return Stale(f"{branch} is gone; it was expected at {expected[:12]}.")
    return Stale(f"{branch} is at {current[:12]}; it was expected at {expected[:12]}.")
