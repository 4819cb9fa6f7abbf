"""What an attempt changed in the product tree, as facts about paths; contents stay in git."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FileMode(StrEnum):
    """Git's modes of a tree entry."""

    REGULAR = "100644"
    EXECUTABLE = "100755"
    SYMLINK = "120000"
    SUBMODULE = "160000"
    ABSENT = "000000"


@dataclass(frozen=True, slots=True)
class FileChange:
    """One changed path. `status` is git's letter (A, M, D, T); `size` in bytes after the change.

    `target` is where a symlink points; `added` are the added lines' text, for secret scanning,
    empty for binary files. `cut` says that `added` is not the whole of it, so that no rule takes
    what it was not shown for clean.
    """

    path: str
    status: str
    mode: FileMode
    size: int = 0
    binary: bool = False
    target: str = ""
    added: str = ""
    cut: bool = False


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """A whole change: `tree` is the resulting git tree, `diff_sha256` the hash of its diff text."""

    files: tuple[FileChange, ...]
    tree: str
    diff_sha256: str

    @property
    def is_empty(self) -> bool:
        return not self.files

    @property
    def bytes(self) -> int:
        return sum(change.size for change in self.files)
