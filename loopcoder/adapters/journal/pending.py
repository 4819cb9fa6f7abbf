"""What a clone keeps beside the published events: facts not published yet, and the commit that
was read last."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import replace

from loopcoder.adapters.journal.chain import Link, Row, sha256
from loopcoder.adapters.journal.codec import decode, encode

_SCHEMA = """
    BEGIN IMMEDIATE;
    CREATE TABLE IF NOT EXISTS pending (
        seq INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        sha256 TEXT NOT NULL,
        row TEXT NOT NULL
    );
    CREATE TABLE IF NOT EXISTS published (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        "commit" TEXT NOT NULL
    );
    COMMIT;
"""


def create(connection: sqlite3.Connection) -> None:
    found = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'published'")
    if not found.fetchone()[0]:
        connection.executescript(_SCHEMA)


def rows(connection: sqlite3.Connection) -> list[Row]:
    """Oldest first, and a chain that continues the published events."""
    found = connection.execute("SELECT seq, id, sha256, row FROM pending ORDER BY seq")
    return [Row(*columns) for columns in found]


def append(connection: sqlite3.Connection, new: Iterable[Row]) -> None:
    connection.executemany(
        "INSERT INTO pending (seq, id, sha256, row) VALUES (?, ?, ?, ?)",
        ((row.seq, row.id, row.sha256, row.text) for row in new),
    )


def settle(connection: sqlite3.Connection, published: Iterable[str], head: Link) -> None:
    """Drop the facts with the ids in `published`, and chain what is left to the new `head`."""
    connection.executemany("DELETE FROM pending WHERE id = ?", ((each,) for each in published))
    left = rows(connection)
    if left:
        connection.execute("DELETE FROM pending")
        append(connection, _rechained(left, head))


def commit(connection: sqlite3.Connection) -> str:
    """The commit whose events were read last; empty when the ref was never seen."""
    found = connection.execute('SELECT "commit" FROM published').fetchone()
    return str(found[0]) if found else ""


def set_commit(connection: sqlite3.Connection, name: str) -> None:
    connection.execute("INSERT OR REPLACE INTO published VALUES (1, ?)", (name,))


def _rechained(left: Iterable[Row], after: Link) -> Iterable[Row]:
    """The same facts, with the ids and times they were recorded under, after other events."""
    for row in left:
        text = encode(replace(decode(row.text), prev_sha256=after.sha256))
        after = Link(after.length + 1, row.id, sha256(text))
        yield Row(after.length, row.id, after.sha256, text)
