"""Issues, labels and comments on this machine, behind the same port as GitHub's."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from loopcoder.adapters.local import labels as label_table
from loopcoder.adapters.local.actors import actors_by_id, register
from loopcoder.adapters.local.items import (
    ISSUE,
    PULL,
    REOPENED,
    close_item,
    create_item,
    demand,
    reopen_item,
    rewrite_item,
    stamp,
    touch,
)
from loopcoder.adapters.local.labels import labels_by_item
from loopcoder.adapters.local.store import Store
from loopcoder.domain.diagnostic import NotFound
from loopcoder.domain.issues.host_rules import checked_body, checked_label
from loopcoder.domain.issues.issue import (
    BOT,
    Actor,
    CloseReason,
    Comment,
    Issue,
    IssueDraft,
    IssueState,
    IssueText,
    LabelDefinition,
    LabelEvent,
    Permission,
    PullState,
    TextEdit,
    spelled,
)
from loopcoder.ports.clock import Clock

# Database ids differ from numbers on purpose, so that nothing can mistake one for the other.
_ID_OFFSET = 1_000_000


class LocalTracker:
    """The port `Tracker` on `local.db`; every write is made in the name of `actor`.

    Whoever wrote here has a shell on this machine, so everybody known may write; the bot, though
    it writes too, is nobody whose word counts.
    """

    def __init__(self, path: Path, actor: Actor, clock: Clock) -> None:
        self._store = Store(path)
        self._actor = actor
        self._clock = clock

    def whoami(self) -> Actor:
        return self._actor

    def permission(self, actor: Actor) -> Permission:
        if actor.id == BOT.id:
            return Permission.NONE
        if actor.id == self._actor.id:
            return Permission.WRITE
        with self._store.reading() as db:
            known = db.execute("SELECT 1 FROM actors WHERE id = ?", (actor.id,)).fetchone()
        return Permission.WRITE if known else Permission.NONE

    def list_issues(self) -> Sequence[Issue]:
        with self._store.reading() as db:
            return _read_issues(db)

    def list_pull_states(self) -> Mapping[int, PullState]:
        with self._store.reading() as db:
            rows = db.execute("SELECT number, state FROM items WHERE kind = ?", (PULL,))
            return {row["number"]: PullState(row["state"]) for row in rows}

    def get_issue(self, number: int) -> Issue:
        with self._store.reading() as db:
            return _read_issue(db, number)

    def create_issue(self, draft: IssueDraft) -> Issue:
        with self._store.writing() as db:
            number = create_item(db, ISSUE, draft, self._actor, self._now())
            return _read_issue(db, number)

    def update_issue(
        self, number: int, *, title: str | None = None, body: str | None = None
    ) -> Issue:
        with self._writing(number, ISSUE) as db:
            rewrite_item(db, number, title, body, self._actor, self._now())
            return _read_issue(db, number)

    def close_issue(self, number: int, reason: CloseReason) -> Issue:
        with self._writing(number, ISSUE) as db:
            close_item(db, number, reason, self._actor, self._now())
            return _read_issue(db, number)

    def reopen_issue(self, number: int) -> Issue:
        with self._writing(number, ISSUE) as db:
            reopen_item(db, number, self._now())
            return _read_issue(db, number)

    def assign(self, number: int, actor: Actor) -> None:
        """Say who works on it; twice is once. People alone do this, so no port has it."""
        with self._writing(number, ISSUE) as db:
            register(db, actor)
            db.execute("INSERT OR IGNORE INTO assignees VALUES (?, ?)", (number, actor.id))
            touch(db, number, self._now())

    def unassign(self, number: int, actor: Actor) -> None:
        """Take somebody off again; who is not assigned stays so."""
        with self._writing(number, ISSUE) as db:
            db.execute("DELETE FROM assignees WHERE number = ? AND actor = ?", (number, actor.id))
            touch(db, number, self._now())

    def add_label(self, number: int, label: str) -> None:
        now = self._now()
        with self._writing(number) as db:
            if label_table.put_on(db, number, [label], self._actor, now):
                touch(db, number, now)

    def remove_label(self, number: int, label: str) -> None:
        now = self._now()
        with self._writing(number) as db:
            if label_table.take_off(db, number, label, self._actor, now):
                touch(db, number, now)

    def list_labels(self) -> Sequence[str]:
        with self._store.reading() as db:
            return [
                spelled(row["name"]) for row in db.execute("SELECT name FROM labels ORDER BY key")
            ]

    def define_label(self, label: LabelDefinition) -> None:
        name = checked_label(label.name)
        row = (name.casefold(), name)
        with self._store.writing() as db:
            db.execute("INSERT OR IGNORE INTO labels (key, name) VALUES (?, ?)", row)

    def delete_label(self, label: str) -> None:
        key, now = label.strip().casefold(), self._now()
        with self._store.writing() as db:
            register(db, self._actor)
            having = db.execute("SELECT number FROM item_labels WHERE label = ?", (key,))
            for row in having.fetchall():
                label_table.take_off(db, row["number"], key, self._actor, now)
            db.execute("DELETE FROM labels WHERE key = ?", (key,))

    def read_text(self, number: int) -> IssueText:
        with self._store.reading() as db:
            issue, actors = _read_issue(db, number), actors_by_id(db)
            rows = db.execute("SELECT actor, at FROM edits WHERE number = ? ORDER BY id", (number,))
            edits = [TextEdit(actors[r["actor"]], datetime.fromisoformat(r["at"])) for r in rows]
            return IssueText(issue.title, issue.body, tuple(edits))

    def list_label_events(self, number: int) -> Sequence[LabelEvent]:
        with self._store.reading() as db:
            demand(db, number)
            return label_table.list_events(db, number, actors_by_id(db))

    def list_comments(self, number: int) -> Sequence[Comment]:
        with self._store.reading() as db:
            demand(db, number)
            actors = actors_by_id(db)
            rows = db.execute("SELECT * FROM comments WHERE number = ? ORDER BY id", (number,))
            return [_comment(row, actors) for row in rows]

    def create_comment(self, number: int, body: str) -> Comment:
        now = self._now()
        with self._writing(number) as db:
            done = db.execute(
                "INSERT INTO comments (number, author, body, created_at, updated_at) "
                "VALUES (?1, ?2, ?3, ?4, ?4)",
                (number, self._actor.id, checked_body(body), now),
            )
            touch(db, number, now)
            return _read_comment(db, int(done.lastrowid or 0))

    def update_comment(self, comment: int, body: str) -> Comment:
        with self._store.writing() as db:
            number, now = _read_comment(db, comment).issue, self._now()
            row = (checked_body(body), now, comment)
            db.execute("UPDATE comments SET body = ?, updated_at = ? WHERE id = ?", row)
            touch(db, number, now)
            return _read_comment(db, comment)

    def close(self) -> None:
        """Let go of the file."""
        self._store.close()

    @contextmanager
    def _writing(self, number: int, kind: str | None = None) -> Iterator[sqlite3.Connection]:
        with self._store.writing() as db:
            demand(db, number, kind)
            register(db, self._actor)
            yield db

    def _now(self) -> str:
        return stamp(self._clock.now())


def _read_issue(db: sqlite3.Connection, number: int) -> Issue:
    demand(db, number, ISSUE)
    return _read_issues(db, number)[0]


def _read_issues(db: sqlite3.Connection, number: int | None = None) -> list[Issue]:
    actors, labels = actors_by_id(db), labels_by_item(db, number)
    assigned: dict[int, tuple[Actor, ...]] = {}
    for row in db.execute("SELECT number, actor FROM assignees ORDER BY number, actor"):
        assigned[row["number"]] = (*assigned.get(row["number"], ()), actors[row["actor"]])
    rows = db.execute(
        "SELECT * FROM items WHERE kind = 'issue' AND (?1 IS NULL OR number = ?1) ORDER BY number",
        (number,),
    )
    return [
        Issue(
            number=row["number"],
            id=_ID_OFFSET + row["number"],
            title=row["title"],
            body=row["body"],
            author=actors[row["author"]],
            created_at=datetime.fromisoformat(row["created_at"]),
            updated_at=datetime.fromisoformat(row["updated_at"]),
            state=IssueState(row["state"]),
            close_reason=_close_reason(row["close_reason"]),
            labels=labels[row["number"]],
            assignees=assigned.get(row["number"], ()),
            closed_by=actors.get(row["closed_by"]),
            reopened=row["close_reason"] == REOPENED,
        )
        for row in rows
    ]


def _close_reason(kept: str | None) -> CloseReason | None:
    return CloseReason(kept) if kept and kept != REOPENED else None


def _read_comment(db: sqlite3.Connection, comment: int) -> Comment:
    row = db.execute("SELECT * FROM comments WHERE id = ?", (comment,)).fetchone()
    if row is None:
        raise NotFound(f"There is no comment {comment}.")
    return _comment(row, actors_by_id(db))


def _comment(row: sqlite3.Row, actors: dict[int, Actor]) -> Comment:
    created = datetime.fromisoformat(row["created_at"])
    changed = datetime.fromisoformat(row["updated_at"]) if row["updated_at"] else None
    return Comment(row["id"], row["number"], actors[row["author"]], row["body"], created, changed)
