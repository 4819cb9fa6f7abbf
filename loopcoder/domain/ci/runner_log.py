"""What GitHub's runner adds to the lines of a job's log."""

from __future__ import annotations

import re

_STAMP = re.compile(r"^\ufeff?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z ?", re.MULTILINE)
_FOLD = re.compile(r"^##\[(?:group|endgroup)\].*\n?", re.MULTILINE)
_COMMAND = re.compile(
    r"^##\[(?:error|warning|notice|group|endgroup|debug|command)\]|^::\w+[^:]*::", re.MULTILINE
)
_ERROR = re.compile(r"^##\[error\](?!Process completed with exit code)", re.MULTILINE)


def without_stamps(log: str) -> str:
    """A log, or a line of one, without the time at the beginning of each line."""
    return _STAMP.sub("", log)


def without_folds(log: str) -> str:
    """A log without stamps that lacks the lines between which pages fold it."""
    return _FOLD.sub("", log)


def without_commands(line: str) -> str:
    """A line without the word that told the runner how to show it."""
    return _COMMAND.sub("", line)


def marked_error(log: str) -> int | None:
    """Where the first line is that was marked as an error; that a process failed says nothing."""
    found = _ERROR.search(log)
    return found.start() if found else None
