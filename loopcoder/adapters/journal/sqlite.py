"""The journal as one SQLite file: shared by threads and processes, surviving any kill."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from loopcoder.adapters.journal import table
from loopcoder.adapters.journal.chain import (
    START,
    Break,
    Damaged,
    Link,
    Row,
    check_head,
    earliest_id,
    follow,
    forge,
    read,
)
from loopcoder.adapters.journal.fault import explain, is_damage
from loopcoder.adapters.journal.rebuild import identity, opening, rebuild, replaced
from loopcoder.domain.diagnostic import LoopcoderError
from loopcoder.domain.journal.event import Entry, Event
from loopcoder.domain.journal.history import History
from loopcoder.ports.clock import Clock

BATCH = 1000


class SqliteJournal:
    """Implements `ports.journal.Journal` on `path`, which is opened when first needed.

    With `read_only` nothing is created, migrated or repaired; a missing file is an empty
    journal. All methods raise `LoopcoderError` when the file cannot be used. A damaged file is
    set aside and rebuilt from its readable beginning, and that is reported as an error once.
    """

    def __init__(self, path: Path, clock: Clock, *, read_only: bool = False) -> None:
        self._path = path
        self._clock = clock
        self._read_only = read_only
        self._lock = threading.RLock()
        self._forget()

    def history(self) -> History:
        with self._connected() as connection:
            if table.head(connection) != self._link:
                with transaction(connection, "BEGIN"):
                    self._catch_up(connection)
            return self._history.copy()

    def record(self, *entries: Entry) -> tuple[Event, ...]:
        return self._append(lambda _: entries) if entries else ()

    def transact(self, decision: Callable[[History], Sequence[Entry]]) -> tuple[Event, ...]:
        return self._append(lambda history: decision(history.copy()))

    def events(self, since: datetime | None = None) -> Iterator[Event]:
        """Recorded events, oldest first, read in batches: what is recorded meanwhile may appear."""
        from_id = earliest_id(since) if since else ""
        after = 0
        while True:
            with self._connected() as connection:
                batch = list(table.rows(connection, after, from_id, BATCH))
                events = [read(row) for row in batch]
            yield from (event for event in events if since is None or event.at >= since)
            if len(batch) < BATCH:
                return
            after = batch[-1].seq

    def verify(self) -> Break | None:
        """Check every link of the chain; the first event that cannot be trusted, if any.
        Changes nothing, even when the file is damaged."""
        try:
            with self._connected(repair=False) as connection, transaction(connection, "BEGIN"):
                reached = START
                for row, _ in follow(table.rows(connection), START):
                    reached = Link(row.seq, row.id, row.sha256)
                check_head(reached, table.head(connection))
        except Damaged as damage:
            return damage.where
        return None

    def refresh(self) -> None:
        """One machine's journal is always the newest."""

    def flush(self) -> None:
        """There is nobody to share with."""

    def close(self) -> None:
        """Let go of the file. The next use opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._forget()

    def _forget(self) -> None:
        self._connection: sqlite3.Connection | None = None
        self._identity = (0, 0)
        self._history = History()
        self._link = START

    def _append(self, decision: Callable[[History], Sequence[Entry]]) -> tuple[Event, ...]:
        if self._read_only:
            raise RuntimeError(f"the journal {self._path} was opened for reading only")
        with self._connected() as connection:
            if connection.in_transaction:
                raise RuntimeError("a decision must not write to the journal that asks it")
            with transaction(connection, "BEGIN IMMEDIATE"):
                self._catch_up(connection)
                entries = decision(self._history)
                forged = forge(entries, self._link, self._clock.now()) if entries else []
                table.append(connection, (row for row, _ in forged))
            self._take(forged)
        return tuple(event for _, event in forged)

    def _take(self, forged: Iterable[tuple[Row, Event]]) -> None:
        for row, event in forged:
            self._history.apply(event)
            self._link = Link(row.seq, row.id, row.sha256)

    def _catch_up(self, connection: sqlite3.Connection) -> None:
        """Fold in what other processes recorded. In a transaction, so that rows and head agree."""
        head = table.head(connection)
        if head == self._link:
            return
        self._take(follow(table.rows(connection, self._link.length), self._link))
        check_head(self._link, head)

    @contextmanager
    def _connected(self, *, repair: bool = True) -> Iterator[sqlite3.Connection]:
        """The connection, for one thread at a time; SQLite's errors become sentences."""
        with self._lock:
            try:
                yield self._open()
            except Damaged as damage:
                if not repair:
                    raise
                raise self._damaged(str(damage)) from damage
            except sqlite3.Error as error:
                if not is_damage(error):
                    raise explain(error, self._path) from error
                if not repair:
                    raise Damaged(Break(0, "?", f"the file cannot be read: {error}")) from error
                raise self._damaged(str(error)) from error

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None:
            if self._current_identity() != self._identity:
                raise replaced(self._path)
            return self._connection
        if not self._read_only:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        elif not self._path.exists():
            return table.connect_empty()
        connection = table.connect(self._path, read_only=self._read_only)
        try:
            if not self._prepare(connection):
                connection.close()
                return table.connect_empty()
        except BaseException:
            connection.close()
            raise
        self._connection, self._identity = connection, self._current_identity()
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> bool:
        """Bring the file to our schema, one process at a time; False while nobody has made it."""
        table.refuse_newer(connection, self._path)
        if self._read_only:
            return table.version(connection) > 0
        if table.version(connection) < table.NEWEST:
            with opening(self._path):
                table.migrate(connection)
        return True

    def _current_identity(self) -> tuple[int, int]:
        try:
            return identity(self._path)
        except FileNotFoundError:
            return (0, 0)

    def _damaged(self, reason: str) -> LoopcoderError:
        seen = self._identity if self._identity[1] else self._current_identity()
        self.close()
        if self._read_only:
            return LoopcoderError(
                f"The journal {self._path} is damaged ({reason}).",
                "Run `loopcoder compile`: it sets the file aside and saves what can be read.",
            )
        return rebuild(self._path, seen, reason, self._clock.now())


@contextmanager
def transaction(connection: sqlite3.Connection, begin: str) -> Iterator[None]:
    """All or nothing, whatever ends it."""
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
        raise
