"""The journal's SQLite file: its schema, its version, and the statements on it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

from loopcoder.adapters.journal.chain import Link, Row
from loopcoder.domain.diagnostic import LoopcoderError

BUSY_S = 30.0

MIGRATIONS = (
    """
    CREATE TABLE events (
        seq INTEGER PRIMARY KEY,
        id TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        row TEXT NOT NULL
    );
    CREATE TABLE head (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        length INTEGER NOT NULL,
        id TEXT NOT NULL,
        sha256 TEXT NOT NULL
    );
    INSERT INTO head VALUES (1, 0, '', '');
    CREATE TRIGGER events_in_order BEFORE INSERT ON events
        WHEN NEW.seq <> (SELECT length + 1 FROM head)
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
    CREATE TRIGGER events_append AFTER INSERT ON events
        BEGIN UPDATE head SET length = NEW.seq, id = NEW.id, sha256 = NEW.sha256; END;
    CREATE TRIGGER events_never_change BEFORE UPDATE ON events
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
    CREATE TRIGGER events_never_go BEFORE DELETE ON events
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
    CREATE TRIGGER head_only_grows BEFORE UPDATE ON head
        WHEN NEW.length <> OLD.length + 1
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
    CREATE TRIGGER head_never_goes BEFORE DELETE ON head
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
    """,
)
"""Script n brings a file from schema version n to n + 1. Only ever add to the end."""


NEWEST = len(MIGRATIONS)


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection with explicit transactions, to be shared by threads under a lock."""
    mode = "ro" if read_only else "rwc"
    return _connect(f"file:{quote(str(path))}?mode={mode}")


def connect_empty() -> sqlite3.Connection:
    """What a journal that does not exist yet reads like."""
    connection = _connect("file::memory:")
    migrate(connection)
    return connection


def _connect(uri: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        uri,
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=BUSY_S,
    )
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    try:
        connection.execute("PRAGMA synchronous=FULL")
        version(connection)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def version(connection: sqlite3.Connection) -> int:
    """The schema version of the file; 0 for one that holds nothing yet."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def refuse_newer(connection: sqlite3.Connection, path: Path) -> None:
    found = version(connection)
    if found > NEWEST:
        raise LoopcoderError(
            f"The journal {path} has schema version {found}; this loopcoder knows versions up to "
            f"{NEWEST}.",
            "Upgrade loopcoder; nothing was changed.",
        )


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the file to the newest schema, each step in a transaction of its own."""
    connection.execute("PRAGMA journal_mode=WAL")
    for number in range(version(connection), NEWEST):
        script = f"BEGIN IMMEDIATE;{MIGRATIONS[number]};PRAGMA user_version={number + 1};COMMIT;"
        try:
            connection.executescript(script)
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def rows(
    connection: sqlite3.Connection, after: int = 0, from_id: str = "", limit: int = -1
) -> Iterator[Row]:
    """Stored rows in order, from beyond `after`. What is not text is read as if it were: the
    hash shows it, and damage is not a reason to stumble."""
    found = connection.execute(
        "SELECT seq, coalesce(CAST(id AS TEXT), ''), coalesce(CAST(sha256 AS TEXT), ''),"
        " coalesce(CAST(row AS TEXT), '')"
        " FROM events WHERE seq > ? AND id >= ? ORDER BY seq LIMIT ?",
        (after, from_id, limit),
    )
    return (Row(*columns) for columns in found)


def append(connection: sqlite3.Connection, new: Iterable[Row]) -> None:
    connection.executemany(
        "INSERT INTO events (seq, id, sha256, row) VALUES (?, ?, ?, ?)",
        ((row.seq, row.id, row.sha256, row.text) for row in new),
    )


def head(connection: sqlite3.Connection) -> Link:
    """Where the file says that the chain ends."""
    found = connection.execute("SELECT length, id, sha256 FROM head").fetchone()
    return Link(*found) if found else Link()
