"""A damaged journal: set aside whole, and rebuilt from what can still be trusted."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock

from loopcoder.adapters.journal import table
from loopcoder.adapters.journal.chain import START, Damaged, Link, Row, follow, forge
from loopcoder.domain.diagnostic import LoopcoderError
from loopcoder.domain.journal.event import Entry, JournalRebuilt

LOCK_S = 60.0


def beside(path: Path, suffix: str) -> Path:
    """The file of that name with a suffix, as SQLite names its companions."""
    return path.with_name(path.name + suffix)


def identity(path: Path) -> tuple[int, int]:
    """Tells a file from another one that later has the same name."""
    found = path.stat()
    return found.st_dev, found.st_ino


def opening(path: Path) -> FileLock:
    """Held while the file is made, migrated or rebuilt, never while it is used."""
    return FileLock(str(beside(path, ".lock")), timeout=LOCK_S)


def rebuild(path: Path, seen: tuple[int, int], reason: str, now: datetime) -> LoopcoderError:
    """Keep the damaged file under another name, put its readable beginning in its place, and
    return the error that tells the person so. `seen` is the file the damage was found in."""
    with opening(path):
        if identity(path) != seen:
            return replaced(path)
        quarantine = set_aside(path, now)
        fresh = beside(path, ".rebuilt")
        rows, lost = _salvage(quarantine)
        _write(fresh, rows, JournalRebuilt(quarantine.name, len(rows), lost), now)
        for companion in ("-wal", "-shm"):
            beside(path, companion).unlink(missing_ok=True)
        fresh.replace(path)
    total = "an unknown number of" if lost is None else str(len(rows) + lost)
    return LoopcoderError(
        f"The journal {path} was damaged ({reason}). {len(rows)} of {total} events were saved "
        f"into a new journal; the damaged file is kept as {quarantine.name}.",
        "What was recorded after them is forgotten: holds, approvals, strikes and spending. "
        "Issues, branches and pull requests are recognised again. Look at `loopcoder status` and "
        "`loopcoder plan`, then run the command again.",
    )


def replaced(path: Path) -> LoopcoderError:
    return LoopcoderError(
        f"The journal {path} was replaced while it was in use.", "Run the command again."
    )


def set_aside(path: Path, now: datetime) -> Path:
    """Copy the file and its write-ahead log; the original stays until the new one is complete."""
    stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    quarantine, number = beside(path, f".corrupt-{stamp}"), 1
    while quarantine.exists():
        number += 1
        quarantine = beside(path, f".corrupt-{stamp}-{number}")
    for companion in ("", "-wal"):
        if beside(path, companion).exists():
            shutil.copy2(beside(path, companion), beside(quarantine, companion))
    return quarantine


def _salvage(quarantine: Path) -> tuple[list[Row], int | None]:
    """The rows up to the first break, and how many follow it (None: nobody can tell)."""
    rows: list[Row] = []
    head: Link | None = None
    try:
        with closing(table.connect(quarantine)) as connection:
            try:
                for row, _ in follow(table.rows(connection), START):
                    rows.append(row)
            except Damaged:
                pass
            head = table.head(connection)
    except sqlite3.Error:
        pass
    return rows, None if head is None else max(0, head.length - len(rows))


def _write(fresh: Path, rows: list[Row], fact: JournalRebuilt, now: datetime) -> None:
    for companion in ("", "-wal", "-shm"):
        beside(fresh, companion).unlink(missing_ok=True)
    end = Link(rows[-1].seq, rows[-1].id, rows[-1].sha256) if rows else START
    with closing(table.connect(fresh)) as connection:
        table.migrate(connection)
        connection.execute("BEGIN IMMEDIATE")
        table.append(connection, [*rows, *(row for row, _ in forge([Entry(fact)], end, now))])
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with fresh.open("rb") as file:
        os.fsync(file.fileno())
