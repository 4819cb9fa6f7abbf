"""Storing what an agent's tree holds, with a git directory that the agent could not write."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from loopcoder.adapters.git.change import display, read_change
from loopcoder.adapters.git.command import Git
from loopcoder.adapters.git.diff_text import MOST_TEXT
from loopcoder.adapters.git.scan import Found, Oddity, scan
from loopcoder.domain.diagnostic import LoopcoderError, Stale
from loopcoder.domain.guard.change_set import ChangeSet, FileChange, FileMode

MOST_FILE = 50_000_000
MOST_ODDITIES = 1000


@dataclass(frozen=True, slots=True)
class Limits:
    """`file`: the largest file taken, in bytes; `text`: how much diff is read, in bytes.

    `seconds`: how long one git command may look at a worker's tree, which may be built to be slow.
    """

    file: int = MOST_FILE
    text: int = MOST_TEXT
    seconds: float = 600.0


@dataclass(frozen=True, slots=True)
class WorkTree:
    """An agent's tree seen through `git_dir`, which is ours.

    The tree's own `.git` is not looked at, whatever it has become.
    """

    tree: Path
    git_dir: Path
    limits: Limits = field(default_factory=Limits)

    def collect(self, base: str) -> ChangeSet:
        """Everything in the tree that differs from the commit `base`.

        What git must not be shown stays out of the stored tree; repositories inside the tree and
        files over the limit are named in the change all the same, so that a rule can refuse it.
        """
        odd = self._odd()
        stored = self._store(odd)
        change = read_change(self.git_dir, base, stored, self.limits.text)
        settled = self._settled()
        named = self._name(base, [one for one in odd if one.path not in settled])
        if not named:
            return change
        files = sorted([*change.files, *named], key=lambda file: file.path)
        return replace(change, files=tuple(files))

    def settle(self) -> None:
        """Note what is untracked now, once: a second call would take work for left-overs."""
        note = self.git_dir / "settled"
        if note.exists():
            return
        odd = self._odd()
        asked = ("ls-files", "--others", "--exclude-standard", "-z")
        listed = self._run(*asked).split(b"\0")[:-1]
        paths = {*(path.rstrip(b"/") for path in listed), *(one.path for one in odd)}
        draft = note.with_name("settled.draft")
        draft.write_bytes(b"".join(path + b"\0" for path in sorted(paths)))
        draft.replace(note)

    def _run(self, *args: str, input: bytes | None = None, fine: Sequence[int] = (0,)) -> bytes:
        git = Git(self.tree, git_dir=self.git_dir, work_tree=self.tree)
        return git.run(*args, input=input, fine=fine, timeout=self.limits.seconds).stdout

    def _settled(self) -> set[bytes]:
        try:
            return set((self.git_dir / "settled").read_bytes().split(b"\0")[:-1])
        except FileNotFoundError:
            return set()

    def _store(self, odd: Sequence[Found]) -> str:
        (self.git_dir / "index.lock").unlink(missing_ok=True)  # a killed process's; only ours
        if odd:
            paths = [b":/", *(b":(exclude,top,literal)" + one.path for one in odd)]
            self._run(
                "--no-literal-pathspecs", "add", "-A",
                "--pathspec-from-file=-", "--pathspec-file-nul", input=b"\0".join(paths),
            )  # fmt: skip
        else:
            self._run("add", "-A", "--", ".")
        if settled := self._settled():
            paths = [path + b"\0" for path in settled]
            self._run("update-index", "--force-remove", "-z", "--stdin", input=b"".join(paths))
        return self._run("write-tree").decode().strip()

    def _odd(self) -> Sequence[Found]:
        """What git must not be shown. Build output may be anything, as long as it is ignored."""
        if not is_folder(self.tree):
            raise Stale(f"The workspace at {self.tree} is gone, or no folder any more.")
        found = scan(self.tree, self.limits.file)
        if not found:
            return found
        # `./` because names that start with a colon are read as magic, and literal ones refused
        asked = b"".join(b"./" + one.path + b"\0" for one in found)
        command = ("--no-literal-pathspecs", "check-ignore", "-z", "--stdin")
        ignored = {path[2:] for path in self._run(*command, input=asked, fine=(0, 1)).split(b"\0")}
        left = [one for one in found if one.path not in ignored]
        if len(left) > MOST_ODDITIES:
            raise LoopcoderError(
                f"The worker left {len(left)} entries that git must not take, such as "
                f"{display(left[0].path)}: {left[0].oddity.value}."
            )
        return left

    def _name(self, base: str, odd: Sequence[Found]) -> list[FileChange]:
        """The odd entries as changes. A populated submodule of the base is none."""
        told = [one for one in odd if one.oddity is not Oddity.SPECIAL]
        if not told:
            return []
        paths = [os.fsdecode(one.path) for one in told]
        listed = self._run("ls-tree", "-z", "--full-tree", base, "--", *paths)
        known: dict[bytes, str] = {}
        for line in listed.split(b"\0")[:-1]:
            facts, _, path = line.partition(b"\t")
            known[path] = facts.split(b" ")[0].decode()
        return [
            _odd_change(one, one.path in known)
            for one in told
            if known.get(one.path) != FileMode.SUBMODULE
        ]


def is_folder(path: Path) -> bool:
    """Whether this is a folder itself, and not a link to one."""
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except FileNotFoundError:
        return False


def _odd_change(found: Found, known: bool) -> FileChange:
    mode = FileMode.SUBMODULE
    if found.oddity is Oddity.OVERSIZE:
        mode = FileMode.EXECUTABLE if found.executable else FileMode.REGULAR
    status = "M" if known else "A"
    return FileChange(display(found.path), status, mode, found.size, binary=True, cut=True)
