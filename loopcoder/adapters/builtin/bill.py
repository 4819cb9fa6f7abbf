"""What a run had used when its process was killed, read from the session that it left."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from loopcoder.ports.worker import Usage

_BEGINS = frozenset({"begin", "taken up"})
_FOLDERS = {"work": "round-*/outbox*", "review": "round-*/review-*", "plan": "round-*/plan"}


def last_bill(papers: Path, purpose: str) -> Usage | None:
    """The usage of the newest session below an attempt's papers that has no end, since it was
    last begun or taken up. None when there is no such session, or no reply in it was priced.

    Whether a reply was under way is not known; it is charged like the dearest one before it.
    """
    kind, _, lane = purpose.partition("@")
    place = papers / f"lane-{lane}" if lane else papers
    files = list(place.glob(f"{_FOLDERS.get(kind, '')}/session-*.jsonl"))
    if not files:
        return None
    rows = list(_rows(max(files, key=lambda path: path.stat().st_mtime)))
    if not rows or rows[-1]["kind"] == "end":
        return None
    begun = max((n for n, row in enumerate(rows) if row["kind"] in _BEGINS), default=0)
    replies = [row for row in rows[begun:] if "usage" in row]
    totals = [Decimal(row["usd"]) for row in replies if row.get("usd") is not None]
    if not totals or len(totals) < len(replies):
        return None
    used = sum(_input(row) for row in replies), sum(row["usage"]["output"] for row in replies)
    if rows[-1].get("message", {}).get("role") == "assistant":
        return Usage(*used, totals[-1])
    dearest = max(
        after - before for before, after in zip([Decimal(0), *totals], totals, strict=False)
    )
    return Usage(used[0] + _input(replies[-1]), used[1], totals[-1] + dearest)


def _input(row: dict[str, Any]) -> int:
    usage = row["usage"]
    return int(usage["fresh"] + usage["written"] + usage["read"])


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    """Every whole line; the last one may have been cut."""
    with path.open("rb") as file:
        for line in file:
            try:
                yield json.loads(line)
            except ValueError:
                return
