"""Workflow commands: the lines by which a job talks to GitHub's runner.

Whatever else is printed may hold lines that look like such commands, written by an agent or a test.
So the runner is told to obey none while a verb runs, and ours follow when it is through.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TextIO

from loopcoder.domain.diagnostic import Diagnostic, Severity
from loopcoder.domain.guard.untrusted import clean

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
MOST = 10
"""GitHub shows ten annotations of each level for a step."""

_LONGEST = 2_000


def annotation(diagnostic: Diagnostic) -> str:
    """`::error file=ROADMAP.md,line=4,title=…::…`, escaped as the runner reads it."""
    where = diagnostic.where
    named = [("file", where.file), ("line", str(where.line))] if where else []
    named.append(("title", diagnostic.summary))
    properties = ",".join(f"{name}={_property(value)}" for name, value in named)
    message = diagnostic.detail or diagnostic.summary
    return f"::{_LEVELS[diagnostic.severity]} {properties}::{_data(message)}"


def annotate(diagnostics: Iterable[Diagnostic]) -> list[str]:
    """One line for each, the first ten of each level."""
    counted: dict[Severity, int] = {}
    lines = []
    for each in diagnostics:
        counted[each.severity] = counted.get(each.severity, 0) + 1
        if counted[each.severity] <= MOST:
            lines.append(annotation(each))
    return lines


@contextmanager
def disobeyed(output: TextIO) -> Iterator[None]:
    """The runner obeys no command among the lines printed meanwhile: the word that ends this is
    made for the occasion and known to nobody."""
    word = secrets.token_hex(24)
    output.write(f"::stop-commands::{word}\n")
    output.flush()
    try:
        yield
    finally:
        output.write(f"\n::{word}::\n")
        output.flush()


def _data(text: str) -> str:
    text = clean(text, max_length=_LONGEST)
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
