"""Commits without git: a parent relation and the files of each, enough to merge and to conflict."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class MemoryCommit:
    parents: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)


class Commits:
    """Commits by hash. One that nobody described (`adopt`) counts as a child of what it follows."""

    def __init__(self) -> None:
        self._known: dict[str, MemoryCommit] = {}

    def add(self, parents: Iterable[str] = (), files: Mapping[str, str] | None = None) -> str:
        """A commit whose tree is that of its first parent with `files` written over it."""
        commit = MemoryCommit(tuple(parents))
        tree = dict(self._known[commit.parents[0]].files) if commit.parents else {}
        commit = MemoryCommit(commit.parents, {**tree, **(files or {})})
        words = f"{len(self._known)} {commit.parents} {sorted(commit.files.items())}"
        name = hashlib.sha1(words.encode(), usedforsecurity=False).hexdigest()
        self._known[name] = commit
        return name

    def adopt(self, commit: str, parent: str | None) -> None:
        """Learn of a commit from elsewhere, such as one made by real git."""
        files = self._known[parent].files if parent in self._known else {}
        parents = (parent,) if parent else ()
        self._known.setdefault(commit, MemoryCommit(parents, dict(files)))

    def files(self, commit: str) -> Mapping[str, str]:
        return self._known[commit].files

    def is_ancestor(self, ancestor: str, commit: str) -> bool:
        return ancestor in self._history(commit)

    def conflicts(self, ours: str, theirs: str) -> tuple[str, ...]:
        """The paths that both sides changed, differently, since they parted."""
        base, mine, other = self._fork(ours, theirs), self.files(ours), self.files(theirs)
        return tuple(
            path
            for path in sorted({*mine, *other})
            if mine.get(path) != other.get(path)
            and base.get(path) not in (mine.get(path), other.get(path))
        )

    def merge(self, ours: str, theirs: str, parents: Iterable[str]) -> str:
        """A commit with both sides' changes; theirs win where only they changed something."""
        base = self._fork(ours, theirs)
        changed = {
            path: text for path, text in self.files(theirs).items() if base.get(path) != text
        }
        return self.add(parents, changed)

    def _fork(self, ours: str, theirs: str) -> Mapping[str, str]:
        mine = set(self._history(ours))
        for commit in self._history(theirs):
            if commit in mine:
                return self.files(commit)
        return {}

    def _history(self, commit: str) -> list[str]:
        """A commit and everything before it, nearest first."""
        found = [commit]
        for name in found:
            parents = self._known[name].parents if name in self._known else ()
            found += [parent for parent in parents if parent not in found]
        return found
