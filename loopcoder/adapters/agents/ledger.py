"""What each session of an agent was charged already, kept beside its home and out of its reach."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from loopcoder.adapters.agents.transcript import Tally

_NOTHING = Tally(0, 0, Decimal(0), 0)


@dataclass(frozen=True, slots=True)
class Ledger:
    """One file for all sessions in a home. A damaged file knows no session."""

    path: Path

    def knows(self, session: str) -> bool:
        """Whether the session was begun in this home and can be continued."""
        return session in self._read()

    def charge(self, session: str, totals: Tally, parent: str) -> Tally:
        """What is new in a session's `totals`, and from now on charged.

        `parent` is the session that was continued or copied, empty for a new one. A total below
        what was charged was counted anew: all of it is new.
        """
        book = self._read()
        charged = book.get(parent, _NOTHING)
        known = parent == "" or parent in book
        book[session] = Tally(
            _kept(totals.input_tokens, charged.input_tokens),
            _kept(totals.output_tokens, charged.output_tokens),
            totals.usd if totals.usd is not None else charged.usd,
            _kept(totals.cached_tokens, charged.cached_tokens),
        )
        self._write(book)
        if not known:
            return Tally()
        usd = totals.usd
        if usd is not None and charged.usd is not None and usd >= charged.usd:
            usd -= charged.usd
        return Tally(
            _new(totals.input_tokens, charged.input_tokens),
            _new(totals.output_tokens, charged.output_tokens),
            usd,
            _new(totals.cached_tokens, charged.cached_tokens),
        )

    def open(self, session: str) -> None:
        """Remember a session whose program reports each run by itself."""
        book = self._read()
        if session not in book:
            self._write({**book, session: _NOTHING})

    def _read(self) -> dict[str, Tally]:
        try:
            rows = json.loads(self.path.read_text("utf-8"))
            return {
                name: Tally(row["in"], row["out"], _usd(row["usd"]), row["cached"])
                for name, row in rows.items()
            }
        except (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError):
            return {}

    def _write(self, book: dict[str, Tally]) -> None:
        rows = {
            name: {
                "in": tally.input_tokens,
                "out": tally.output_tokens,
                "usd": None if tally.usd is None else str(tally.usd),
                "cached": tally.cached_tokens,
            }
            for name, tally in book.items()
        }
        draft = self.path.with_suffix(".new")
        draft.write_text(json.dumps(rows, indent=1), "utf-8")
        draft.replace(self.path)


def _usd(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _kept(total: int | None, charged: int | None) -> int | None:
    return total if total is not None else charged


def _new(total: int | None, charged: int | None) -> int | None:
    if total is None or charged is None or total < charged:
        return total
    return total - charged
