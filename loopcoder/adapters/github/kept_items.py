"""The issues and pull requests that were seen, in memory and in the state between processes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from loopcoder.adapters.github.snapshot import Entry, Item, Renewal
from loopcoder.adapters.github.state import State, put_fact

_TOGETHER = 500


@dataclass(slots=True)
class Kept:
    """The entries by number, and the ETag (for a token's key) of the list they stand for.

    `whole_at` is when the list was last read as a whole, in seconds since 1970. They belong
    together: another process may go on from here, but its ETag says nothing of these entries.
    """

    entries: dict[int, Entry]
    etags: dict[str, str]
    whole_at: float | None = None


class KeptItems:
    """Read on first use; what is saved is in both places."""

    def __init__(self, state: State) -> None:
        self._state = state

    @property
    def entries(self) -> Mapping[int, Entry]:
        """By number; of issues and pull requests alike."""
        return self.kept.entries

    @cached_property
    def kept(self) -> Kept:
        with self._state.writing() as db:  # one moment for both
            entries = dict(_entries(db))
            fact = db.execute("SELECT value FROM facts WHERE key = 'list'").fetchone()
        found = json.loads(fact[0]) if fact else {}
        return Kept(entries, found.get("etags", {}), found.get("whole_at"))

    @cached_property
    def details(self) -> dict[int, Item]:
        """The payloads of pull requests by number, as far as they were asked for."""
        with self._state.reading() as db:
            rows = db.execute("SELECT number, detail FROM pulls").fetchall()
        return {number: json.loads(detail) for number, detail in rows}

    def save(self, renewal: Renewal) -> None:
        """Keep what changed."""
        with self._state.writing() as db:
            self._write(db, renewal)
        self._adopt(renewal)

    def save_list(self, renewal: Renewal, token: str, etag: str, whole_at: float | None) -> None:
        """Keep what changed, and in the same step the list's ETag for this token alone: that of
        another stands for a list that is no longer the one kept here."""
        with self._state.writing() as db:
            self._write(db, renewal)
            put_fact(db, "list", {"etags": {token: etag}, "whole_at": whole_at})
        self._adopt(renewal)
        self.kept.etags, self.kept.whole_at = {token: etag}, whole_at

    def _write(self, db: sqlite3.Connection, renewal: Renewal) -> None:
        for number, entry in renewal.entries.items():
            row = (number, _text(entry.listed), _text(entry.own), entry.own_until)
            db.execute("INSERT OR REPLACE INTO items VALUES (?, ?, ?, ?)", row)
        for number in renewal.gone:
            db.execute("DELETE FROM items WHERE number = ?", (number,))
            db.execute("DELETE FROM pulls WHERE number = ?", (number,))

    def _adopt(self, renewal: Renewal) -> None:
        self.kept.entries.update(renewal.entries)
        for number in renewal.gone:
            self.kept.entries.pop(number, None)
            self.details.pop(number, None)

    def keep_details(self, found: Sequence[Item]) -> None:
        details = self.details
        with self._state.writing() as db:
            for detail in found:
                row = (int(detail["number"]), json.dumps(detail))
                db.execute("INSERT OR REPLACE INTO pulls VALUES (?, ?)", row)
        details |= {int(detail["number"]): detail for detail in found}


def _entries(db: sqlite3.Connection) -> Iterator[tuple[int, Entry]]:
    """Many rows are read as one JSON text, so that they share the names of their fields: that is
    half of what they weigh."""
    rows = db.execute("SELECT number, listed, own, own_until FROM items ORDER BY number")
    while batch := rows.fetchmany(_TOGETHER):
        texts = (text or "null" for row in batch for text in row[1:3])
        items = iter(json.loads(f"[{','.join(texts)}]"))
        for row in batch:
            yield row[0], Entry(next(items), next(items), row[3])


def _text(item: Item | None) -> str | None:
    return None if item is None else json.dumps(item)
