"""The journal of a job: what others recorded, read-only, and what the job itself records."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from loopcoder.adapters.journal.chain import Link, forge
from loopcoder.domain.journal.event import Entry, Event
from loopcoder.domain.journal.history import History
from loopcoder.ports.clock import Clock


class CarriedJournal:
    """Implements `ports.journal.Journal` for one job, whatever it does alone.

    `known` is what was recorded before. What is recorded here goes to the file `own`, a row a
    line, in the name of `principal`, chained to `anchor` (the hash of what the job was given).
    """

    def __init__(
        self,
        known: Sequence[Event],
        own: Path,
        anchor: str,
        principal: str,
        clock: Clock,
    ) -> None:
        self._known, self._own = tuple(known), own
        self._principal, self._clock = principal, clock
        self._lock = threading.RLock()
        self._history = History().apply_all(self._known)
        self._recorded: list[Event] = []
        self._link = Link(0, "", anchor)
        own.parent.mkdir(parents=True, exist_ok=True)
        own.write_bytes(b"")

    def history(self) -> History:
        with self._lock:
            return self._history.copy()

    def record(self, *entries: Entry) -> tuple[Event, ...]:
        return self.transact(lambda _: entries)

    def transact(self, decision: Callable[[History], Sequence[Entry]]) -> tuple[Event, ...]:
        with self._lock:
            told = decision(self._history.copy())
            entries = [replace(entry, principal=self._principal) for entry in told]
            forged = forge(entries, self._link, self._clock.now())
            if forged:
                with self._own.open("a", encoding="utf-8") as file:
                    file.writelines(f"{row.text}\n" for row, _ in forged)
            for row, event in forged:
                self._history.apply(event)
                self._recorded.append(event)
                self._link = Link(row.seq, row.id, row.sha256)
            return tuple(event for _, event in forged)

    def events(self, since: datetime | None = None) -> Iterator[Event]:
        with self._lock:
            found = (*self._known, *self._recorded)
        return (event for event in found if since is None or event.at >= since)

    def refresh(self) -> None:
        """What others do meanwhile is not seen from here."""

    def flush(self) -> None:
        """The file is the artifact; somebody else publishes it."""
