"""Who is who on this machine: the bot is number 1, a person is known by their mail address."""

from __future__ import annotations

import hashlib
import re
import sqlite3

from loopcoder.domain.issues.issue import Actor


def identify(name: str, email: str) -> Actor:
    """The person with this git identity: the same address is the same number everywhere."""
    login = _word(name) or _word(email.partition("@")[0]) or "somebody"
    key = (email.strip() or login).casefold()
    return Actor(int.from_bytes(hashlib.sha256(key.encode()).digest()[:6]) + 2, login)


def register(db: sqlite3.Connection, actor: Actor) -> int:
    """Make sure that the actor is in the table, under the name they have now."""
    db.execute(
        "INSERT INTO actors (id, login) VALUES (?, ?) "
        "ON CONFLICT (id) DO UPDATE SET login = excluded.login WHERE login <> excluded.login",
        (actor.id, actor.login),
    )
    return actor.id


def actors_by_id(db: sqlite3.Connection) -> dict[int, Actor]:
    rows = db.execute("SELECT id, login FROM actors")
    return {row["id"]: Actor(row["id"], row["login"]) for row in rows}


def _word(text: str) -> str:
    """A name that fits in one word of output."""
    return re.sub(r"[^\w.-]+", "-", text.strip()).strip("-.")[:39].lower()
