"""A change between two trees, described for the rules that judge it."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from loopcoder.adapters.git.command import Git
from loopcoder.adapters.git.diff_text import DIFF, MOST_TEXT, PATCH, DiffText, Entry
from loopcoder.domain.guard.change_set import ChangeSet, FileChange, FileMode


def read_change(git_dir: Path, base: str, goal: str, most: int = MOST_TEXT) -> ChangeSet:
    """What `goal` (a commit or a tree) differs from `base`, both known to the bare `git_dir` of
    ours.

    Without a work tree no attribute of the trees decides what counts as binary. Of the diff's
    text `most` bytes are read for added lines; its hash covers all of it.
    """
    git = Git(git_dir, git_dir=git_dir)
    diff = DiffText.read(git.stream(*DIFF, "--raw", *PATCH, base, goal), most)
    tree, facts = _facts(git, goal, diff.entries)
    return ChangeSet(tuple(_describe(diff.entries, facts)), tree, diff.sha256)


def _describe(entries: Sequence[Entry], facts: Mapping[str, tuple[int, bytes]]) -> list[FileChange]:
    nothing = (0, b"")
    return [
        FileChange(
            path=display(entry.path),
            status=entry.status,
            mode=FileMode(entry.mode),
            size=facts.get(entry.blob, nothing)[0],
            binary=entry.binary,
            target=display(facts[entry.blob][1]) if entry.mode == FileMode.SYMLINK else "",
            added=entry.text,
            cut=entry.cut and entry.status != "D",
        )
        for entry in entries
    ]


def _has_blob(entry: Entry) -> bool:
    return entry.mode not in (FileMode.ABSENT, FileMode.SUBMODULE)


def _facts(
    git: Git, goal: str, entries: Sequence[Entry]
) -> tuple[str, dict[str, tuple[int, bytes]]]:
    """The goal's tree; size of each blob, and the content of those that are links. One process."""
    wanted = [entry for entry in entries if _has_blob(entry)]
    asked = [f"info {goal}^{{tree}}"]
    for entry in wanted:
        verb = "contents" if entry.mode == FileMode.SYMLINK else "info"
        asked.append(f"{verb} {entry.blob}")
    said = git.run("cat-file", "--batch-command", input="\n".join([*asked, ""]).encode()).stdout
    answer = io.BytesIO(said)
    tree = answer.readline().split(b" ")[0].decode("ascii")
    facts: dict[str, tuple[int, bytes]] = {}
    for entry in wanted:
        size = int(answer.readline().split(b" ")[2])
        content = b""
        if entry.mode == FileMode.SYMLINK:
            content = answer.read(size + 1)[:size]
        facts[entry.blob] = (size, content or facts.get(entry.blob, (0, b""))[1])
    return tree, facts


def display(path: bytes) -> str:
    return path.decode("utf-8", "replace")
