"""The SQLite file that holds people's issues: opened with care, never repaired by guessing.

The file is the only copy of what people wrote, so a damaged one is neither quarantined nor made
anew: every verb refuses, names the file and offers the newest backup (`local.db.bak`, kept once
a day).
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from loopcoder.adapters.local.backup import backup_of, keep_backup
from loopcoder.adapters.local.schema import migrate
from loopcoder.domain.diagnostic import LoopcoderError, TryLater, Unavailable

_BUSY_S = 30.0
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


class Store:
    """One file, used by many threads and processes at once. Opened at the first use."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._pid = 0

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A consistent view for several statements."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """All of what is written inside, or nothing. Waits for other writers up to 30 seconds."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    def close(self) -> None:
        with self._lock:
            if self._connection is not None and self._pid == os.getpid():
                self._connection.close()
            self._connection = None

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with self._lock, self._in_our_words():
            connection = self._open()
            connection.execute(begin)
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def _open(self) -> sqlite3.Connection:
        # A connection must not cross a fork, so a child process opens its own.
        if self._connection is None or self._pid != os.getpid():
            self._connection = _connect(self.path)
            self._pid = os.getpid()
        return self._connection

    @contextmanager
    def _in_our_words(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise _explained(self.path, error) from error
        except OSError as error:
            raise Unavailable(f"{self.path} cannot be used: {error.strerror}.") from error


def _connect(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(
        path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
    )
    try:
        connection.row_factory = sqlite3.Row
        _use_wal(connection)
        # FULL: what the journal says was filed must survive a power cut.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        migrate(connection, str(path))
        keep_backup(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _use_wal(connection: sqlite3.Connection) -> None:
    """Readers then never wait. The switch, made once in a file's life, does not wait by itself."""
    deadline = time.monotonic() + _BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in _BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _explained(path: Path, error: sqlite3.Error) -> LoopcoderError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _DAMAGED:
        return LoopcoderError(f"The local issues in {path} are damaged ({error}).", _rescue(path))
    if code in _BUSY:
        return TryLater(f"{path} is being written by another process.", "Try again.")
    if code == sqlite3.SQLITE_FULL:
        return Unavailable(f"{path} cannot grow: the disk is full.", "Free some space.")
    return Unavailable(f"{path} cannot be used: {error}.")


def _rescue(path: Path) -> str:
    backup = backup_of(path)
    if backup.exists():
        return (
            f"Move it and its -wal and -shm files away, and copy {backup} there to go on "
            "from the newest backup."
        )
    return "There is no backup; move it away to start with no issues."
