"""A copy of the local issues, at most a day old, to go back to when the file is damaged."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import suppress
from pathlib import Path

_DAY_S = 24 * 60 * 60


def backup_of(path: Path) -> Path:
    """Where the newest backup of a file is, or would be."""
    return path.with_name(path.name + ".bak")


def keep_backup(connection: sqlite3.Connection, path: Path) -> None:
    """Renew the backup when it is older than a day. A full disk costs the backup, not the work."""
    backup = backup_of(path)
    with suppress(OSError):
        if time.time() - backup.stat().st_mtime < _DAY_S:
            return
    if not connection.execute("SELECT 1 FROM items LIMIT 1").fetchone():
        return
    with suppress(OSError, sqlite3.OperationalError):
        _copy(connection, backup)


def _copy(connection: sqlite3.Connection, backup: Path) -> None:
    scratch = backup.with_name(f"{backup.name}.{os.getpid()}")
    scratch.unlink(missing_ok=True)
    try:
        target = sqlite3.connect(scratch)
        try:
            connection.backup(target)
        finally:
            target.close()
        scratch.replace(backup)  # a reader never sees half a backup
    finally:
        scratch.unlink(missing_ok=True)
