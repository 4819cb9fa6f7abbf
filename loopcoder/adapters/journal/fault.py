"""What SQLite says, in words for the person who has to do something about it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from loopcoder.domain.diagnostic import LoopcoderError, TryLater

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_DENIED = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM)


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the file itself is broken, rather than the moment or the place."""
    return _primary(error) in _DAMAGED


def explain(error: sqlite3.Error, path: Path) -> LoopcoderError:
    """The error to raise instead of SQLite's. Nothing of the failed step was recorded."""
    code = _primary(error)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return TryLater(
            f"Another process keeps the journal {path} locked.", "Try again in a minute."
        )
    if code == sqlite3.SQLITE_FULL:
        return LoopcoderError(
            f"The disk is full: the journal {path} cannot be written.",
            "Free some space and run the command again; it goes on where it stopped.",
        )
    if code in _DENIED:
        return LoopcoderError(
            f"The journal {path} cannot be opened for this ({error}).",
            "Check who owns the file and its folder, and that they can be written.",
        )
    return LoopcoderError(
        f"The journal {path} cannot be used: {error}.",
        "Check the disk it is on, then run the command again.",
    )


def _primary(error: sqlite3.Error) -> int:
    """The result code without SQLite's extension bits; 0 when the error carries none."""
    code = getattr(error, "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else 0
