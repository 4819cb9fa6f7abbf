"""The mark by which a run's processes are known, wherever they have gone: `folder.owner.number`."""

from __future__ import annotations

import hashlib
import itertools
import os
from pathlib import Path

VARIABLE = "LOOPCODER_RUN"
"""Where a run's processes carry it in their environment."""

_numbers = itertools.count(1)


def run_mark(cwd: Path, owner: int | None = None) -> str:
    """The mark of one run: its folder, the process that watches it, and a number.

    The folder is what tells a run that takes over after a crash which strays were its own.
    """
    return f"{folder_mark(cwd)}.{owner or os.getpid()}.{next(_numbers)}"


def folder_mark(cwd: Path) -> str:
    """What the marks of all runs in a folder begin with."""
    return hashlib.sha256(os.fsencode(cwd.resolve())).hexdigest()[:24]


def parse_mark(mark: str) -> tuple[str, str] | None:
    """The folder and the owner in a mark; None for a text that is none."""
    parts = mark.split(".")
    return (parts[0], parts[1]) if len(parts) == 3 else None
