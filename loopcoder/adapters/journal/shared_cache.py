"""One clone's copy of a shared journal: what is published, and what is not yet."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from loopcoder.adapters.journal import pending, table
from loopcoder.adapters.journal.chain import (
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
from loopcoder.adapters.journal.rebuild import beside, identity, opening, replaced, set_aside
from loopcoder.adapters.journal.sqlite import BATCH, SqliteJournal, transaction
from loopcoder.domain.diagnostic import LoopcoderError
from loopcoder.domain.journal.event import Entry, Event, TickBegun, TickFinished
from loopcoder.domain.journal.history import History

MANY = 500
"""So many facts are worth a push, whatever they say."""


@dataclass(frozen=True, slots=True)
class Published:
    """What was read last: the ref's commit (empty: none yet), and where its events end."""

    commit: str
    head: Link


@dataclass(frozen=True, slots=True)
class Draft:
    """A batch to publish on top of `on`. `rows` are all of it, `events` only what is new in it."""

    on: Published
    rows: tuple[Row, ...]
    events: tuple[Event, ...]

    @property
    def end(self) -> Link:
        last = self.rows[-1]
        return Link(last.seq, last.id, last.sha256)


class Foreign(Exception):
    """Published events are not what they should be. Says nothing about the file here."""

    def __init__(self, where: Break) -> None:
        super().__init__(str(where))
        self.where = where


class SharedCache(SqliteJournal):
    """A journal file with one part that only `absorb` appends to, in step with the ref, and one
    of facts that wait. Those keep their ids until they are published, and are dropped by them:
    publishing twice what already arrived is impossible, whoever died in between."""

    def history(self) -> History:
        with self._connected() as connection:
            with transaction(connection, "BEGIN"):
                self._catch_up(connection)
                waiting = pending.rows(connection)
            return self._history.copy().apply_all(map(read, waiting))

    def record(self, *entries: Entry) -> tuple[Event, ...]:
        """Keep facts here, durably, until they are published."""
        with self._connected() as connection, transaction(connection, "BEGIN IMMEDIATE"):
            forged = self._forge(connection, entries)
            pending.append(connection, (row for row, _ in forged))
        return tuple(event for _, event in forged)

    def transact(self, decision: Callable[[History], Sequence[Entry]]) -> tuple[Event, ...]:
        raise RuntimeError("nothing is decided on a copy: publish it")

    def events(self, since: datetime | None = None) -> Iterator[Event]:
        from_id, after = earliest_id(since) if since else "", 0
        while True:
            with self._connected() as connection, transaction(connection, "BEGIN"):
                batch = list(table.rows(connection, after, from_id, BATCH))
                waiting = pending.rows(connection) if len(batch) < BATCH else []
                events = [read(row) for row in (*batch, *waiting)]
            yield from (event for event in events if since is None or event.at >= since)
            if len(batch) < BATCH:
                return
            after = batch[-1].seq

    def verify(self) -> Break | None:
        broken = super().verify()
        if broken is not None:
            return broken
        try:
            with self._connected(repair=False) as connection, transaction(connection, "BEGIN"):
                for _ in follow(pending.rows(connection), table.head(connection)):
                    pass
        except Damaged as damage:
            return damage.where
        return None

    def published(self) -> Published:
        with self._connected() as connection, transaction(connection, "BEGIN"):
            return Published(pending.commit(connection), table.head(connection))

    def draft(self, entries: Sequence[Entry]) -> Draft:
        """What would publish everything that waits, and then `entries`. Changes nothing."""
        with self._connected() as connection, transaction(connection, "BEGIN"):
            on = Published(pending.commit(connection), table.head(connection))
            waiting = pending.rows(connection)
            forged = self._forge(connection, entries)
        rows = (*waiting, *(row for row, _ in forged))
        return Draft(on, rows, tuple(event for _, event in forged))

    def absorb(self, commit: str, rows: Iterable[Row], head: Link) -> None:
        """Take in what stands at `commit` of the ref: rows that are known must be the same, new
        ones must continue the chain up to `head`. Raises `Foreign`, and then nothing changed."""
        with self._connected() as connection:
            with transaction(connection, "BEGIN IMMEDIATE"):
                self._catch_up(connection)
                fresh = self._fresh(connection, rows, head)
                table.append(connection, (row for row, _ in fresh))
                pending.settle(connection, (row.id for row, _ in fresh), table.head(connection))
                pending.set_commit(connection, commit)
            self._take(fresh)

    def has(self, event_id: str) -> bool:
        """Whether an event is published, as far as this copy goes."""
        with self._connected() as connection:
            found = connection.execute("SELECT 1 FROM events WHERE id = ?", (event_id,))
            return found.fetchone() is not None

    def span(self, first: int, last: int) -> list[Row]:
        """Published rows, both ends included."""
        with self._connected() as connection:
            return list(table.rows(connection, first - 1, limit=last - first + 1))

    def waiting(self) -> list[Event]:
        """What is recorded and not published."""
        with self._connected() as connection:
            return [read(row) for row in pending.rows(connection)]

    def is_worth_publishing(self) -> bool:
        """Whether more waits than that ticks began and ended: those alone are not worth a push."""
        waiting = self.waiting()
        return len(waiting) >= MANY or any(
            not isinstance(event.fact, TickBegun | TickFinished) for event in waiting
        )

    def _fresh(
        self, connection: sqlite3.Connection, rows: Iterable[Row], head: Link
    ) -> list[tuple[Row, Event]]:
        new = []
        for row in rows:
            if row.seq > self._link.length:
                new.append(row)
            elif row not in table.rows(connection, row.seq - 1, limit=1):
                raise Foreign(Break(row.seq, row.id, "it is not what was published there before"))
        try:
            fresh = list(follow(new, self._link))
            last = fresh[-1][0] if fresh else None
            check_head(Link(last.seq, last.id, last.sha256) if last else self._link, head)
        except Damaged as damage:
            raise Foreign(damage.where) from damage
        return fresh

    def _forge(
        self, connection: sqlite3.Connection, entries: Sequence[Entry]
    ) -> list[tuple[Row, Event]]:
        if not entries:
            return []
        waiting = pending.rows(connection)
        last = waiting[-1] if waiting else None
        tail = Link(last.seq, last.id, last.sha256) if last else table.head(connection)
        return forge(entries, tail, self._clock.now())

    def _prepare(self, connection: sqlite3.Connection) -> bool:
        ready = super()._prepare(connection)
        pending.create(connection)
        return ready

    def _damaged(self, reason: str) -> LoopcoderError:
        """The copy is set aside: what was published is read again from the ref."""
        seen = self._identity if self._identity[1] else self._current_identity()
        self.close()
        with opening(self._path):
            if identity(self._path) != seen:
                return replaced(self._path)
            kept = set_aside(self._path, self._clock.now())
            for companion in ("", "-wal", "-shm"):
                beside(self._path, companion).unlink(missing_ok=True)
        return LoopcoderError(
            f"The copy of the shared journal in {self._path} was damaged ({reason}). It is kept "
            f"as {kept.name}.",
            "Run the command again: everything that was published is read from the repository. "
            "What had been recorded here since the last push is only in the damaged file.",
        )
