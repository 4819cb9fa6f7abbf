"""How a shared journal lies in a tree of git: files of rows, and a note of where they end.

`batches/` holds what was published together, `snapshots/` what many batches were packed into. A
file is named by the first and the last event in it; each line is a row's hash, a blank, its text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from loopcoder.adapters.journal.chain import START, Break, Damaged, Link, Row
from loopcoder.domain.diagnostic import LoopcoderError

VERSION = 1
"""The `v` of the note. Files that an older loopcoder would misread raise it."""

HEAD = "head.json"
BATCHES, SNAPSHOTS = "batches", "snapshots"
_NAME = re.compile(rf"(?:{BATCHES}|{SNAPSHOTS})/(\d{{10}})-(\d{{10}})\.jsonl")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The events of one file, both ends included, counted from 1."""

    first: int
    last: int


def file_name(folder: str, rows: Sequence[Row]) -> str:
    return f"{folder}/{rows[0].seq:010d}-{rows[-1].seq:010d}.jsonl"


def render_rows(rows: Iterable[Row]) -> bytes:
    return "".join(f"{row.sha256} {row.text}\n" for row in rows).encode()


def render_head(head: Link) -> bytes:
    note = {"v": VERSION, "length": head.length, "id": head.id, "sha256": head.sha256}
    return f"{json.dumps(note)}\n".encode()


def parse_head(data: bytes) -> Link:
    """Where the rows end. Raises `Damaged`, and LoopcoderError for what is newer than us."""
    try:
        note = json.loads(data)
        if int(note["v"]) > VERSION:
            raise LoopcoderError(
                f"The shared journal is kept in form {note['v']}; this loopcoder knows forms up "
                f"to {VERSION}.",
                "Upgrade loopcoder; nothing was changed.",
            )
        return Link(int(note["length"]), str(note["id"]), str(note["sha256"]))
    except (ValueError, KeyError, TypeError) as error:
        raise Damaged(Break(0, "?", f"{HEAD} cannot be read: {error!r}")) from error


def parse_rows(span: Span, data: bytes) -> list[Row]:
    """The rows of a file, as they stand there: nothing but their number is checked."""
    lines = data.decode("utf-8", "replace").split("\n")[:-1]
    if len(lines) != span.last - span.first + 1:
        reason = f"its file should hold {span.last - span.first + 1} rows and holds {len(lines)}"
        raise Damaged(Break(span.first, "?", reason))
    return [_row(span.first + index, line) for index, line in enumerate(lines)]


def order_files(names: Iterable[str], head: Link) -> list[tuple[Span, str]]:
    """The files from the first event to the last. Raises `Damaged` unless they are all there."""
    found = []
    for name in names:
        match = _NAME.fullmatch(name)
        if match:
            found.append((Span(int(match[1]), int(match[2])), name))
    found.sort()
    reached = START.length
    for span, name in found:
        if span.first != reached + 1 or span.last < span.first:
            raise Damaged(Break(reached + 1, "?", f"{name} does not continue at this event"))
        reached = span.last
    if reached != head.length:
        reason = f"{head.length} events are announced, and the files hold {reached}"
        raise Damaged(Break(reached, "?", reason))
    return found


def is_batch(name: str) -> bool:
    return name.startswith(f"{BATCHES}/")


def _row(seq: int, line: str) -> Row:
    sha256, _, text = line.partition(" ")
    try:
        identity = str(json.loads(text)["id"])
    except (ValueError, KeyError, TypeError):
        identity = "?"
    return Row(seq, identity, sha256, text)
