"""What issues and pull requests have in common in `local.db`: number, text, author, state."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

from loopcoder.adapters.local.actors import register
from loopcoder.adapters.local.labels import put_on
from loopcoder.domain.diagnostic import NotFound
from loopcoder.domain.issues.host_rules import checked_body, checked_labels, checked_title
from loopcoder.domain.issues.issue import Actor, IssueDraft, PullDraft

ISSUE = "issue"
PULL = "pull"
_WORDS = {ISSUE: "issue", PULL: "pull request"}


def stamp(at: datetime) -> str:
    """A time as it is stored: UTC, to the microsecond, in an order that sorts."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def create_item(
    db: sqlite3.Connection, kind: str, draft: IssueDraft | PullDraft, actor: Actor, at: str
) -> int:
    """A new number, with its labels."""
    register(db, actor)
    done = db.execute(
        "INSERT INTO items (kind, title, body, author, created_at, updated_at) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (kind, checked_title(draft.title), checked_body(draft.body), actor.id, at, at),
    )
    number = int(done.lastrowid or 0)
    put_on(db, number, checked_labels(draft.labels), actor, at)
    return number


def rewrite_item(
    db: sqlite3.Connection, number: int, title: str | None, body: str | None, actor: Actor, at: str
) -> None:
    """Replace title or body; what is the same already changes nothing."""
    new_title = None if title is None else checked_title(title)
    new_body = None if body is None else checked_body(body)
    done = db.execute(
        "UPDATE items SET title = coalesce(?1, title), body = coalesce(?2, body), updated_at = ?3 "
        "WHERE number = ?4 AND (title <> coalesce(?1, title) OR body <> coalesce(?2, body))",
        (new_title, new_body, at, number),
    )
    if done.rowcount:
        register(db, actor)
        row = (number, actor.id, at)
        db.execute("INSERT INTO edits (number, actor, at) VALUES (?, ?, ?)", row)


def touch(db: sqlite3.Connection, number: int, at: str) -> None:
    db.execute("UPDATE items SET updated_at = ? WHERE number = ?", (at, number))


REOPENED = "reopened"
"""In place of a reason for being closed: it is open, and was closed before."""


def demand(db: sqlite3.Connection, number: int, kind: str | None = None) -> None:
    """Raise NotFound unless there is such an item."""
    row = db.execute("SELECT kind FROM items WHERE number = ?", (number,)).fetchone()
    if row is None or kind not in (None, row["kind"]):
        raise NotFound(f"There is no {_WORDS.get(kind or '', 'issue or pull request')} #{number}.")


def close_item(
    db: sqlite3.Connection, number: int, reason: str | None, actor: Actor, at: str
) -> None:
    """Close an open issue or pull request; closing what is closed changes nothing."""
    register(db, actor)
    db.execute(
        "UPDATE items SET state = 'closed', close_reason = ?1, closed_by = ?2, updated_at = ?3, "
        "closed_at = ?3 WHERE number = ?4 AND state = 'open'",
        (reason, actor.id, at, number),
    )


def reopen_item(db: sqlite3.Connection, number: int, at: str) -> None:
    """Open what is closed, never what is merged."""
    db.execute(
        "UPDATE items SET state = 'open', close_reason = ?, closed_by = NULL, updated_at = ?, "
        "closed_at = NULL WHERE number = ? AND state = 'closed'",
        (REOPENED, at, number),
    )
