"""A diff's text, cut file by file so that it fits and no file hides another."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from loopcoder.domain.excerpt import excerpt, fair_shares
from loopcoder.domain.untrusted import reveal

_HEADER = re.compile(r"^diff --git ", re.MULTILINE)
_NEW_NAME = re.compile(r"^(?:\+\+\+ b/|rename to |copy to )(.+)$", re.MULTILINE)
_OLD_NAME = re.compile(r"^--- a/(.+)$", re.MULTILINE)
_NAMES = re.compile(r"diff --git a/(.+) b/(.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class FileDiff:
    """One file's part as it is shown; `size` is the length of the whole part in characters."""

    path: str
    text: str
    size: int

    @property
    def is_cut(self) -> bool:
        return len(self.text) < self.size

    @property
    def shown(self) -> int:
        return len(self.text)


def split_diff(diff: str) -> tuple[tuple[str, str], ...]:
    """Path and text of each file's part. Lines of content never begin with `diff`, so the
    headers cannot be forged by what is in a file."""
    starts = [match.start() for match in _HEADER.finditer(diff)]
    parts = [diff[start:end] for start, end in zip(starts, [*starts[1:], len(diff)], strict=False)]
    return tuple((_path(part), part) for part in parts)


def fit_diff(diff: str, limit: int) -> Sequence[FileDiff]:
    """The diff in at most `limit` characters. Small files are whole; large ones share the rest.
    Invisible characters are spelled out."""
    parts = [(path, reveal(text)) for path, text in split_diff(diff)]
    shares = fair_shares([len(text) for _, text in parts], limit)
    return tuple(
        FileDiff(path, excerpt(text, share, "file's diff"), len(text))
        for (path, text), share in zip(parts, shares, strict=True)
    )


def _path(part: str) -> str:
    head = part.split("\n@@", 1)[0]
    for pattern in (_NEW_NAME, _OLD_NAME):
        if found := pattern.search(head):
            return found[1].rstrip("\t\r")
    names = _NAMES.match(head)
    return names[2] if names else part.split("\n", 1)[0].removeprefix("diff --git ")
