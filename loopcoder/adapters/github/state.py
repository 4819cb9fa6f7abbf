"""What is kept of GitHub between two processes: a cache, in the state folder, for its owner alone.

Everything here can be thrown away at any time; a damaged file is.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_VERSION = 3
_SCHEMA = """
CREATE TABLE facts (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE answers (
  url TEXT NOT NULL, token TEXT NOT NULL, etag TEXT NOT NULL, headers TEXT NOT NULL,
  body TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (url, token)
) WITHOUT ROWID;
CREATE TABLE writes (at REAL NOT NULL);
CREATE TABLE items (
  number INTEGER PRIMARY KEY, listed TEXT, own TEXT, own_until REAL NOT NULL
);
CREATE TABLE pulls (number INTEGER PRIMARY KEY, detail TEXT NOT NULL);
CREATE TABLE words (
  kind TEXT NOT NULL, number INTEGER NOT NULL, as_of TEXT NOT NULL, said TEXT NOT NULL,
  PRIMARY KEY (kind, number)
) WITHOUT ROWID;
CREATE TABLE remarks (number INTEGER PRIMARY KEY, as_of TEXT NOT NULL, said TEXT NOT NULL);
"""


class State:
    """`scope` says whose data this is (host and repository); that of another scope is dropped."""

    def __init__(self, path: Path, scope: str) -> None:
        self._path, self._scope = path, scope
        self._lock = threading.RLock()
        self._open: sqlite3.Connection | None = None

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            yield self._connection()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, kept when the block ends well."""
        with self._lock:
            db = self._connection()
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.rollback()
                raise
            db.commit()

    def fact(self, key: str) -> Any:
        """A kept JSON value, None when there is none."""
        with self.reading() as db:
            row = db.execute("SELECT value FROM facts WHERE key = ?", (key,)).fetchone()
        return None if row is None else json.loads(row[0])

    def keep_fact(self, key: str, value: Any) -> None:
        with self.writing() as db:
            put_fact(db, key, value)

    def close(self) -> None:
        with self._lock:
            if self._open is not None:
                self._open.close()
                self._open = None

    def _connection(self) -> sqlite3.Connection:
        if self._open is None:
            try:
                self._open = self._usable()
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:  # damaged: what is kept here can be asked for again
                self._throw_away()
                self._open = self._usable()
        return self._open

    def _usable(self) -> sqlite3.Connection:
        self._path.touch(mode=0o600, exist_ok=True)
        db = sqlite3.connect(self._path, timeout=30, isolation_level=None, check_same_thread=False)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            db.execute("BEGIN IMMEDIATE")
            self._prepare(db)
            db.commit()
        except BaseException:
            db.close()
            raise
        return db

    def _prepare(self, db: sqlite3.Connection) -> None:
        if db.execute("PRAGMA user_version").fetchone()[0] == _VERSION:
            row = db.execute("SELECT value FROM facts WHERE key = 'scope'").fetchone()
            if row is not None and json.loads(row[0]) == self._scope:
                return
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            db.execute(f'DROP TABLE "{name}"')
        for statement in _SCHEMA.split(";"):
            db.execute(statement)
        put_fact(db, "scope", self._scope)
        db.execute(f"PRAGMA user_version = {_VERSION}")

    def _throw_away(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)


def put_fact(db: sqlite3.Connection, key: str, value: Any) -> None:
    db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (key, json.dumps(value)))
