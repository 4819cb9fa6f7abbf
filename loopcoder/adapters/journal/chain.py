"""The hash chain: how a row gets its place after another one, and where a chain breaks."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from ulid import ULID

from loopcoder.adapters.journal.codec import decode, encode
from loopcoder.domain.journal.event import Entry, Event


@dataclass(frozen=True, slots=True)
class Link:
    """The newest row a chain ends with: how many there are, its id, its hash."""

    length: int = 0
    id: str = ""
    sha256: str = ""


START = Link()


@dataclass(frozen=True, slots=True)
class Row:
    """A stored event. `text` is what `sha256` is the hash of; `seq` counts from 1."""

    seq: int
    id: str
    sha256: str
    text: str


@dataclass(frozen=True, slots=True)
class Break:
    """Where the record cannot be trusted any more: `id` is the first event concerned."""

    seq: int
    id: str
    reason: str

    def __str__(self) -> str:
        where = f"event {self.seq} ({self.id})" if self.seq else "the beginning"
        return f"{where}: {self.reason}"


class Damaged(Exception):
    """What is stored is not what was recorded. Never leaves the adapter."""

    def __init__(self, where: Break) -> None:
        super().__init__(str(where))
        self.where = where


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def forge(entries: Sequence[Entry], after: Link, now: datetime) -> list[tuple[Row, Event]]:
    """The rows that append `entries`.

    Each event is read back from its row, so that nothing is written that could not be read, and
    so that the fold in memory is the fold of the file.
    """
    forged = []
    for entry in entries:
        event = Event(
            id=next_id(after.id, now),
            at=now,
            fact=entry.fact,
            unit=entry.unit,
            attempt=entry.attempt,
            epoch=entry.epoch,
            principal=entry.principal,
            input_hash=entry.input_hash,
            prev_sha256=after.sha256,
        )
        text = encode(event)
        row = Row(after.length + 1, event.id, sha256(text), text)
        forged.append((row, decode(text)))
        after = Link(row.seq, row.id, row.sha256)
    return forged


def next_id(previous: str, now: datetime) -> str:
    """A ULID of `now` that sorts after `previous`, also when the clock went back.

    The step beyond `previous` is random, for two machines may take it at the same time.
    """
    fresh = ULID.from_datetime(now)
    if str(fresh) > previous:
        return str(fresh)
    step = 1 + secrets.randbelow(1 << 64)
    return str(ULID.from_int(int(ULID.from_str(previous)) + step))


def earliest_id(moment: datetime) -> str:
    """No event recorded at `moment` or later has an id that sorts before this."""
    milliseconds = int(moment.timestamp() * 1000)
    return str(ULID.from_int(max(0, milliseconds - 1) << 80))


def read(row: Row) -> Event:
    """The row's event, when the row is what was recorded. Raises `Damaged`."""
    if sha256(row.text) != row.sha256:
        raise Damaged(Break(row.seq, row.id, "its text was changed after it was recorded"))
    event = decode(row.text)
    if event.id != row.id:
        raise Damaged(Break(row.seq, row.id, f"its text says that it is {event.id}"))
    return event


def follow(rows: Iterable[Row], after: Link) -> Iterator[tuple[Row, Event]]:
    """The rows with their events, each checked to continue the chain. Raises `Damaged`."""
    for row in rows:
        if row.seq != after.length + 1:
            reason = f"what should stand before it is missing, from event {after.length + 1} on"
            raise Damaged(Break(row.seq, row.id, reason))
        event = read(row)
        if event.prev_sha256 != after.sha256:
            raise Damaged(Break(row.seq, row.id, "it does not follow the event before it"))
        yield row, event
        after = Link(row.seq, row.id, row.sha256)


def check_head(reached: Link, head: Link) -> None:
    """Compare where the rows end with where the journal says they do. Raises `Damaged`."""
    if reached != head:
        reason = f"it is recorded as the newest event, but the rows end at event {reached.length}"
        raise Damaged(Break(head.length, head.id, reason))
