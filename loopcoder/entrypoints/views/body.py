"""The Markdown body of an issue or a pull request, as a person reads it on a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator

from loopcoder.entrypoints.views.text import clean

_OUR_MARK = re.compile(r"\s*<!-- /?loopcoder:[^>]*-->\s*")
_FOLD = re.compile(r"\s*</?details>\s*")
_SUMMARY = re.compile(r"\s*<summary>(.*)</summary>\s*")
_PICTURE = re.compile(r"(?:^#+ [^\n]*\n\n)?^```mermaid\n.*?^```\n\n?", re.MULTILINE | re.DOTALL)
_FOR_PROGRAMS = 1000
"""A line longer than this, in characters, was written for programs: a signed statement is."""


def without_pictures(text: str) -> str:
    """A report without what only a browser draws, headings above it included."""
    return _PICTURE.sub("", text)


def body_text(text: str) -> str:
    """The body without our markers and without what only a browser folds away; everything else
    stands as it was written, made safe to print."""
    lines = clean(text.replace("\r\n", "\n"), keep_newlines=True).rstrip().split("\n")
    kept: list[str] = []
    for line in _read(lines):
        if line.strip() or (kept and kept[-1].strip()):
            kept.append(line)
    return "\n".join(kept).rstrip()


def _read(lines: list[str]) -> Iterator[str]:
    for line in lines:
        if _OUR_MARK.fullmatch(line) or _FOLD.fullmatch(line):
            continue
        if found := _SUMMARY.fullmatch(line):
            yield found[1]
        elif len(line) > _FOR_PROGRAMS:
            yield f"({len(line)} characters for programs; --json shows them)"
        else:
            yield line
