"""The tables of `local.db`, and how an older file becomes a newer one."""

from __future__ import annotations

import sqlite3

from loopcoder.domain.diagnostic import LoopcoderError

# Issues and pull requests share one sequence of numbers, as on GitHub. AUTOINCREMENT never gives
# a number twice, and a rolled-back insert gives it back, so numbers are consecutive.
_TABLES = """
CREATE TABLE actors (id INTEGER PRIMARY KEY, login TEXT NOT NULL);
CREATE TABLE items (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL CHECK (kind IN ('issue', 'pull')),
  title TEXT NOT NULL,
  body TEXT NOT NULL,
  author INTEGER NOT NULL REFERENCES actors (id),
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed', 'merged')),
  close_reason TEXT,
  closed_by INTEGER REFERENCES actors (id)
);
CREATE TABLE pulls (
  number INTEGER PRIMARY KEY REFERENCES items (number),
  branch TEXT NOT NULL,
  base TEXT NOT NULL,
  head TEXT NOT NULL,
  draft INTEGER NOT NULL,
  reviewers TEXT NOT NULL DEFAULT '',
  landing_commit TEXT NOT NULL DEFAULT '',
  landing_by INTEGER REFERENCES actors (id),
  merged_commit TEXT NOT NULL DEFAULT ''
);
CREATE INDEX pulls_branch ON pulls (branch);
CREATE TABLE merges (
  base TEXT NOT NULL,
  head TEXT NOT NULL,
  reachable INTEGER NOT NULL,
  mergeable INTEGER,
  PRIMARY KEY (base, head)
) WITHOUT ROWID;
CREATE TABLE labels (key TEXT PRIMARY KEY, name TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE item_labels (
  number INTEGER NOT NULL REFERENCES items (number),
  label TEXT NOT NULL REFERENCES labels (key),
  PRIMARY KEY (number, label)
) WITHOUT ROWID;
CREATE TABLE label_events (
  id INTEGER PRIMARY KEY,
  number INTEGER NOT NULL REFERENCES items (number),
  label TEXT NOT NULL,
  added INTEGER NOT NULL,
  actor INTEGER NOT NULL REFERENCES actors (id),
  at TEXT NOT NULL
);
CREATE INDEX label_events_item ON label_events (number);
CREATE TABLE assignees (
  number INTEGER NOT NULL REFERENCES items (number),
  actor INTEGER NOT NULL REFERENCES actors (id),
  PRIMARY KEY (number, actor)
) WITHOUT ROWID;
CREATE TABLE comments (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  number INTEGER NOT NULL REFERENCES items (number),
  author INTEGER NOT NULL REFERENCES actors (id),
  body TEXT NOT NULL,
  created_at TEXT NOT NULL
);
CREATE INDEX comments_item ON comments (number);
CREATE TABLE feedback (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  number INTEGER NOT NULL REFERENCES pulls (number),
  author INTEGER NOT NULL REFERENCES actors (id),
  body TEXT NOT NULL,
  at TEXT NOT NULL,
  requests_changes INTEGER NOT NULL,
  file TEXT NOT NULL,
  line INTEGER NOT NULL,
  head TEXT NOT NULL
);
CREATE INDEX feedback_pull ON feedback (number);
INSERT INTO actors (id, login) VALUES (1, 'loopcoder');
"""

_EDITS = """
CREATE TABLE edits (
  id INTEGER PRIMARY KEY,
  number INTEGER NOT NULL REFERENCES items (number),
  actor INTEGER NOT NULL REFERENCES actors (id),
  at TEXT NOT NULL
);
CREATE INDEX edits_item ON edits (number);
ALTER TABLE comments ADD COLUMN updated_at TEXT;
"""

_ENDS = "ALTER TABLE items ADD COLUMN closed_at TEXT;"

# Migration N makes version N + 1 out of version N. Released ones are never edited.
MIGRATIONS: tuple[str, ...] = (_TABLES, _EDITS, _ENDS)


def migrate(connection: sqlite3.Connection, path: str) -> None:
    """Bring the file up to date, in one transaction; a newer one than known is refused."""
    version = _version(connection)
    if version == len(MIGRATIONS):
        return
    if version > len(MIGRATIONS):
        raise LoopcoderError(
            f"{path} was written by a newer loopcoder "
            f"(format {version}; this one knows up to {len(MIGRATIONS)}).",
            "Update loopcoder, or move the file away to start with no issues.",
        )
    connection.execute("BEGIN EXCLUSIVE")
    try:
        for script in MIGRATIONS[_version(connection) :]:  # another process may have been faster
            for statement in _statements(script):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _statements(script: str) -> list[str]:
    """`executescript` would commit the transaction it is called in, so it is not used."""
    statements, pending = [], ""
    for line in script.splitlines():
        pending += line + "\n"
        if sqlite3.complete_statement(pending):
            statements.append(pending.strip())
            pending = ""
    return statements
