"""Rows of pull requests and of what people said on them."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from loopcoder.adapters.local.actors import actors_by_id, register
from loopcoder.adapters.local.items import ISSUE, PULL, close_item, create_item
from loopcoder.adapters.local.labels import labels_by_item
from loopcoder.domain.diagnostic import NotFound, Stale
from loopcoder.domain.issues.host_rules import parse_closes
from loopcoder.domain.issues.issue import (
    Actor,
    CloseReason,
    Feedback,
    PullDraft,
    PullRequest,
    PullState,
)


def read_pulls(db: sqlite3.Connection, number: int | None = None) -> list[PullRequest]:
    """Every pull request as recorded, or one; `mergeable` is not known here."""
    actors, labels = actors_by_id(db), labels_by_item(db, number)
    rows = db.execute(
        "SELECT * FROM items JOIN pulls USING (number) WHERE ?1 IS NULL OR number = ?1 "
        "ORDER BY number",
        (number,),
    )
    return [_pull(row, actors, labels[row["number"]]) for row in rows]


def read_pull(db: sqlite3.Connection, number: int) -> PullRequest:
    for pull in read_pulls(db, number):
        return pull
    raise NotFound(f"There is no pull request #{number}.")


def demand_no_other(db: sqlite3.Connection, branch: str) -> None:
    """Raise Stale when the branch has an open pull request."""
    row = db.execute(
        "SELECT number FROM items JOIN pulls USING (number) WHERE branch = ? AND state = 'open'",
        (branch,),
    ).fetchone()
    if row is not None:
        raise Stale(f"{branch} has an open pull request already, #{row['number']}.")


def insert_pull(
    db: sqlite3.Connection, draft: PullDraft, head: str, actor: Actor, at: str
) -> PullRequest:
    demand_no_other(db, draft.branch)
    number = create_item(db, PULL, draft, actor, at)
    db.execute(
        "INSERT INTO pulls (number, branch, base, head, draft) VALUES (?, ?, ?, ?, ?)",
        (number, draft.branch, draft.base, head, draft.draft),
    )
    return read_pull(db, number)


def record_head(db: sqlite3.Connection, branch: str, head: str, at: str) -> None:
    """The branch's open pull request is about this commit now."""
    db.execute(
        "UPDATE items SET updated_at = ?1 WHERE state = 'open' AND number IN "
        "(SELECT number FROM pulls WHERE branch = ?2 AND head <> ?3)",
        (at, branch, head),
    )
    db.execute(
        "UPDATE pulls SET head = ?2 WHERE branch = ?1 AND number IN "
        "(SELECT number FROM items WHERE state = 'open')",
        (branch, head),
    )


def record_merge(
    db: sqlite3.Connection, pull: PullRequest, commit: str, actor: Actor | None, at: str
) -> None:
    """The pull request is merged by `actor`, and what it closes is completed with it."""
    done = db.execute(
        "UPDATE items SET state = 'merged', closed_by = ?1, updated_at = ?2, closed_at = ?2 "
        "WHERE number = ?3 AND state = 'open'",
        (None if actor is None else register(db, actor), at, pull.number),
    )
    if not done.rowcount:
        return
    db.execute("UPDATE pulls SET merged_commit = ? WHERE number = ?", (commit, pull.number))
    for number in pull.closes:
        row = db.execute("SELECT kind FROM items WHERE number = ?", (number,)).fetchone()
        if row is not None and row["kind"] == ISSUE:
            close_item(db, number, CloseReason.COMPLETED, actor or pull.author, at)


def read_feedback(db: sqlite3.Connection, number: int) -> list[Feedback]:
    actors = actors_by_id(db)
    rows = db.execute("SELECT * FROM feedback WHERE number = ? ORDER BY id", (number,))
    return [
        Feedback(
            id=f"local-{row['id']}",
            author=actors[row["author"]],
            body=row["body"],
            at=datetime.fromisoformat(row["at"]),
            requests_changes=bool(row["requests_changes"]),
            file=row["file"],
            line=row["line"],
            head=row["head"],
        )
        for row in rows
    ]


def _pull(row: sqlite3.Row, actors: dict[int, Actor], labels: frozenset[str]) -> PullRequest:
    return PullRequest(
        number=row["number"],
        title=row["title"],
        body=row["body"],
        branch=row["branch"],
        head=row["head"],
        base=row["base"],
        author=actors[row["author"]],
        created_at=datetime.fromisoformat(row["created_at"]),
        updated_at=datetime.fromisoformat(row["updated_at"]),
        state=PullState(row["state"]),
        draft=bool(row["draft"]),
        labels=labels,
        merged_commit=row["merged_commit"],
        closed_by=actors.get(row["closed_by"]),
        closes=parse_closes(row["body"]),
        ended_at=datetime.fromisoformat(row["closed_at"]) if row["closed_at"] else None,
    )
