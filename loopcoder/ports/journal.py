"""The append-only record of everything decided and done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from loopcoder.domain.journal.event import Entry, Event
from loopcoder.domain.journal.history import History


class Journal(Protocol):
    """Facts in order, hash-chained. Safe to share between threads and processes."""

    def history(self) -> History:
        """The fold of everything recorded until now, by any process. The caller owns it."""

    def record(self, *entries: Entry) -> tuple[Event, ...]:
        """Append facts, all or none."""

    def transact(self, decision: Callable[[History], Sequence[Entry]]) -> tuple[Event, ...]:
        """Append what `decision` returns for the newest history, as one atomic step.

        Claims, create intents and budget reservations are taken this way. The decision may be
        called more than once, so it has no effects; it may raise, and then nothing is recorded.
        """

    def events(self, since: datetime | None = None) -> Iterator[Event]:
        """Recorded events, oldest first."""

    def refresh(self) -> None:
        """Read what other machines published, where the journal is shared.

        A journal that was never refreshed does so when it is first read.
        """

    def flush(self) -> None:
        """Publish the recorded facts that wait, where the journal is shared. A tick that only
        looked publishes nothing."""
