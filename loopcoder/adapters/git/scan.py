"""Looking over an agent's tree before git does: what git must not be shown, and why.

No file is opened or executed and no link followed; only names, kinds and sizes are read.
"""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from loopcoder.domain.diagnostic import LoopcoderError

MOST_ENTRIES = 2_000_000

# What git itself opens while it looks at a tree, and reads as a whole.
_RULES = (b".gitignore", b".gitattributes", b".gitmodules")
_MOST_RULES = 1_000_000

# Code points that some file systems ignore in names, so that `.g<ZWJ>it` opens `.git`.
_INVISIBLE = {
    *range(0x200C, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x206A, 0x2070),
    0xFEFF,
}


class Oddity(Enum):
    """Why an entry is kept from git."""

    REPOSITORY = "a repository inside the tree"
    DISGUISE = "a name that another file system takes for git's own"
    SPECIAL = "neither a file, a folder nor a link"
    OVERSIZE = "larger than what is taken"


@dataclass(frozen=True, slots=True)
class Found:
    """One entry to keep from git. `path` is relative to the tree, as the file system has it."""

    path: bytes
    oddity: Oddity
    size: int = 0
    executable: bool = False


def scan(tree: Path, max_file: int) -> tuple[Found, ...]:
    """Everything in the tree that git must not be shown. Raises LoopcoderError when endless."""
    return tuple(_walk(os.fsencode(tree), max_file))


def _walk(root: bytes, max_file: int) -> Iterator[Found]:
    folders = [b""]
    seen = 0
    while folders:
        folder = folders.pop()
        entries = _entries(root + b"/" + folder)
        seen += len(entries)
        if seen > MOST_ENTRIES:
            raise LoopcoderError(
                f"The worker left more than {MOST_ENTRIES} files.", "Its tree is not taken."
            )
        if folder and any(entry.name == b".git" for entry in entries):
            yield Found(folder, Oddity.REPOSITORY)
            continue
        for entry in entries:
            path = folder + b"/" + entry.name if folder else entry.name
            if path == b".git":
                continue
            if entry.is_dir(follow_symlinks=False) and not is_disguise(entry.name):
                folders.append(path)
                continue
            found = _judge(entry, path, max_file)
            if found is not None:
                yield found


def _entries(folder: bytes) -> list[os.DirEntry[bytes]]:
    try:
        with os.scandir(folder) as listing:
            return list(listing)
    except PermissionError:
        os.chmod(folder, 0o700)  # noqa: PTH101 - a path of bytes
        with os.scandir(folder) as listing:
            return list(listing)


def _judge(entry: os.DirEntry[bytes], path: bytes, max_file: int) -> Found | None:
    facts = entry.stat(follow_symlinks=False)
    if is_disguise(entry.name):
        return Found(path, Oddity.DISGUISE)
    if stat.S_ISLNK(facts.st_mode):
        # git refuses its own per-tree files as links: they are read with the rights of others
        return Found(path, Oddity.DISGUISE) if _plain(entry.name) == ".gitmodules" else None
    rules = entry.name in _RULES
    if not stat.S_ISREG(facts.st_mode):
        if rules:
            os.unlink(entry.path)  # noqa: PTH108 - a pipe holds no work, but git would wait on it
        return Found(path, Oddity.SPECIAL)
    if rules and facts.st_size > _MOST_RULES:
        shown = path.decode("utf-8", "replace")
        raise LoopcoderError(f"{shown} is larger than {_MOST_RULES:,} bytes.", "It is not taken.")
    executable = bool(facts.st_mode & stat.S_IXUSR)
    if facts.st_size > max_file:
        return Found(path, Oddity.OVERSIZE, facts.st_size, executable)
    if not facts.st_mode & stat.S_IRUSR:
        os.chmod(entry.path, stat.S_IMODE(facts.st_mode) | stat.S_IRUSR)  # noqa: PTH101
    return None


def is_disguise(name: bytes) -> bool:
    """Whether a name is `.git` to a file system that folds case, dots, streams or code points."""
    parts = [part.split(":")[0].rstrip(" .") for part in _plain(name).split("\\")]
    return any(part in (".git", "git~1") for part in parts)


def _plain(name: bytes) -> str:
    if name.isascii() and b"git" not in name.lower():
        return ""
    text = name.decode("utf-8", "replace")
    kept = "".join(c for c in text if ord(c) not in _INVISIBLE)
    return unicodedata.normalize("NFC", kept).casefold()
