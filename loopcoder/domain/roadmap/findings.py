"""Collecting what is wrong with one roadmap file, each finding with its line and column."""

from __future__ import annotations

import re
from collections.abc import Sequence

from loopcoder.domain.diagnostic import Diagnostic, Place, Severity

SOURCE_LENGTH = 300


class Findings:
    """The diagnostics of one file. Lines count from 0 here, and from 1 in what is reported."""

    def __init__(self, file: str, lines: Sequence[str]) -> None:
        self.file = file
        self._lines = lines
        self.diagnostics: list[Diagnostic] = []

    def error(self, line: int, summary: str, detail: str = "", at: str = "") -> None:
        """`at` is the text on the line that the caret points to."""
        self._add(Severity.ERROR, line, summary, detail, at)

    def warning(self, line: int, summary: str, detail: str = "", at: str = "") -> None:
        self._add(Severity.WARNING, line, summary, detail, at)

    def note(self, line: int, summary: str, detail: str = "", at: str = "") -> None:
        self._add(Severity.NOTE, line, summary, detail, at)

    def place(self, line: int, at: str = "") -> Place:
        source = self._lines[line] if line < len(self._lines) else ""
        column = _column(source, at) if at else -1
        if column < 0:
            column, at = len(source) - len(source.lstrip()), ""
        return Place(self.file, line + 1, column + 1, max(len(at), 1), source[:SOURCE_LENGTH])

    def _add(self, severity: Severity, line: int, summary: str, detail: str, at: str) -> None:
        self.diagnostics.append(Diagnostic(severity, summary, detail, self.place(line, at)))


def _column(source: str, at: str) -> int:
    """Where the text stands: as a word of its own and in its own case, if it does; else anywhere.
    A short id is part of many words, and a title's first letter."""
    word = rf"(?<![\w-]){re.escape(at)}(?![\w-])"
    for flags in (0, re.IGNORECASE):
        if found := re.search(word, source, flags):
            return found.start()
    return source.casefold().find(at.casefold())
