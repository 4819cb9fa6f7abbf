"""Labels in `local.db`: names without case, and who put which one on or off."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from loopcoder.domain.diagnostic import Refused
from loopcoder.domain.issues.host_rules import LABELS_MAX, checked_label
from loopcoder.domain.issues.issue import Actor, LabelEvent, spelled


def labels_by_item(
    db: sqlite3.Connection, number: int | None = None
) -> defaultdict[int, frozenset[str]]:
    """The label names of every item, or of one."""
    rows = db.execute(
        "SELECT il.number, l.name FROM item_labels il JOIN labels l ON l.key = il.label "
        "WHERE ?1 IS NULL OR il.number = ?1",
        (number,),
    )
    found: dict[int, set[str]] = {}
    for row in rows:
        found.setdefault(row["number"], set()).add(spelled(row["name"]))
    empty: frozenset[str] = frozenset()
    return defaultdict(lambda: empty, {key: frozenset(names) for key, names in found.items()})


def put_on(
    db: sqlite3.Connection, number: int, labels: Iterable[str], actor: Actor, at: str
) -> bool:
    """Put labels on an item, making their definitions; False when all were there already."""
    changed = False
    for label in labels:
        name = checked_label(label)
        key = name.casefold()
        db.execute("INSERT OR IGNORE INTO labels (key, name) VALUES (?, ?)", (key, name))
        done = db.execute(
            "INSERT OR IGNORE INTO item_labels (number, label) VALUES (?, ?)", (number, key)
        )
        if done.rowcount:
            _record(db, number, key, True, actor, at)
            changed = True
    count = db.execute("SELECT count(*) FROM item_labels WHERE number = ?", (number,)).fetchone()
    if changed and count[0] > LABELS_MAX:
        raise Refused(f"#{number} has {LABELS_MAX} labels already, which is the most.")
    return changed


def take_off(db: sqlite3.Connection, number: int, label: str, actor: Actor, at: str) -> bool:
    """Take a label off; False when it was not there."""
    key = label.strip().casefold()
    done = db.execute("DELETE FROM item_labels WHERE number = ? AND label = ?", (number, key))
    if done.rowcount:
        _record(db, number, key, False, actor, at)
    return bool(done.rowcount)


def list_events(db: sqlite3.Connection, number: int, actors: dict[int, Actor]) -> list[LabelEvent]:
    rows = db.execute("SELECT * FROM label_events WHERE number = ? ORDER BY id", (number,))
    return [
        LabelEvent(
            spelled(row["label"]),
            bool(row["added"]),
            actors[row["actor"]],
            datetime.fromisoformat(row["at"]),
        )
        for row in rows
    ]


def _record(
    db: sqlite3.Connection, number: int, key: str, added: bool, actor: Actor, at: str
) -> None:
    db.execute(
        "INSERT INTO label_events (number, label, added, actor, at) "
        "SELECT ?, name, ?, ?, ? FROM labels WHERE key = ?",
        (number, added, actor.id, at, key),
    )
