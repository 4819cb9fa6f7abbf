"""Answers that are kept with their ETag, so that asking again costs nothing while nothing changed.

GitHub's ETags depend on the token, so answers are kept per token: under its hash, never itself.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from loopcoder.adapters.github.answer import Answer
from loopcoder.adapters.github.state import State

_MOST_KEPT = 3000
_STALE_S = 2 * 86_400.0


def token_key(token: str) -> str:
    """What a token is known by in the store."""
    return hashlib.sha256(b"loopcoder\0" + token.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class KeptAnswers:
    state: State

    def get(self, url: str, token: str) -> Answer | None:
        """The answer kept for an address; `token` is a key."""
        query = "SELECT headers, body FROM answers WHERE url = ? AND token = ?"
        with self.state.reading() as db:
            row = db.execute(query, (url, token)).fetchone()
        return None if row is None else Answer(200, json.loads(row[0]), json.loads(row[1]))

    def put(self, url: str, token: str, answer: Answer, at: float) -> None:
        """Keep an answer that has an ETag. `at` is in seconds since 1970."""
        if not answer.etag:
            return
        headers = {k: v for k, v in answer.headers.items() if k in ("etag", "link")}
        with self.state.writing() as db:
            # Tokens of apps live an hour: what was kept under earlier ones is of no more use.
            db.execute("DELETE FROM answers WHERE url = ? AND at < ?", (url, at - _STALE_S))
            db.execute(
                "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?)",
                (url, token, answer.etag, json.dumps(headers), json.dumps(answer.data), at),
            )
            db.execute(
                "DELETE FROM answers WHERE (url, token) IN (SELECT url, token FROM answers "
                "ORDER BY at DESC LIMIT -1 OFFSET ?)",
                (_MOST_KEPT,),
            )
