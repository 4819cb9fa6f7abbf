"""The journal in memory, for tests: the same rows and the same chain, and it can be killed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from loopcoder.adapters.journal.chain import (
    START,
    Break,
    Damaged,
    Link,
    Row,
    check_head,
    follow,
    forge,
    read,
)
from loopcoder.domain.journal.event import Entry, Event
from loopcoder.domain.journal.history import History
from loopcoder.ports.clock import Clock


class Crashed(BaseException):
    """The process dies here. No `except Exception` survives it, as none survives SIGKILL."""


class MemoryJournal:
    """Implements `ports.journal.Journal`. `rows` is what a file would hold.

    Opening another one on the same `rows` is what a restart looks like.
    """

    def __init__(self, clock: Clock, rows: list[Row] | None = None) -> None:
        self.rows = [] if rows is None else rows
        self.appends = 0
        self._clock = clock
        self._lock = threading.RLock()
        self._deciding = False
        self._crash: tuple[int, bool] | None = None
        self._history = History()
        self._link = START
        for row, event in follow(self.rows, START):
            self._take(row, event)

    def crash_after(self, appends: int, *, recorded: bool = True) -> None:
        """Raise `Crashed` at the n-th append from now, counted from 1: once it is recorded, or
        just before. Every later use raises too, until a new journal is opened on `rows`."""
        self._crash = (self.appends + appends, recorded)

    def history(self) -> History:
        with self._lock:
            self._live()
            return self._history.copy()

    def record(self, *entries: Entry) -> tuple[Event, ...]:
        return self._append(lambda _: entries)

    def transact(self, decision: Callable[[History], Sequence[Entry]]) -> tuple[Event, ...]:
        return self._append(decision)

    def events(self, since: datetime | None = None) -> Iterator[Event]:
        with self._lock:
            self._live()
            rows = list(self.rows)
        for row in rows:
            event = read(row)
            if since is None or event.at >= since:
                yield event

    def verify(self) -> Break | None:
        """Check every link of the chain; the first event that cannot be trusted, if any."""
        try:
            reached = START
            for row, _ in follow(self.rows, START):
                reached = _link(row)
            check_head(reached, self._link)
        except Damaged as damage:
            return damage.where
        return None

    def refresh(self) -> None:
        """It is always the newest."""

    def flush(self) -> None:
        """There is nobody to share with."""

    def close(self) -> None:
        """There is nothing to let go of."""

    def _append(self, decision: Callable[[History], Sequence[Entry]]) -> tuple[Event, ...]:
        with self._lock:
            self._live()
            if self._deciding:
                raise RuntimeError("a decision must not write to the journal that asks it")
            self._deciding = True
            try:
                entries = decision(self._history.copy())
            finally:
                self._deciding = False
            forged = forge(entries, self._link, self._clock.now())
            if forged:
                self._commit(forged)
            return tuple(event for _, event in forged)

    def _commit(self, forged: list[tuple[Row, Event]]) -> None:
        due = self._crash is not None and self.appends + 1 >= self._crash[0]
        if due and self._crash and not self._crash[1]:
            self.appends += 1
            raise Crashed("before the append")
        for row, event in forged:
            self.rows.append(row)
            self._take(row, event)
        self.appends += 1
        if due:
            raise Crashed("after the append")

    def _live(self) -> None:
        if self._crash is not None and self.appends >= self._crash[0]:
            raise Crashed("this process is dead")

    def _take(self, row: Row, event: Event) -> None:
        self._history.apply(event)
        self._link = _link(row)


def _link(row: Row) -> Link:
    return Link(row.seq, row.id, row.sha256)
