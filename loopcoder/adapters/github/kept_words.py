"""What was read about an issue, kept until the issue changes: asking again would cost a request."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from loopcoder.adapters.github.mapping import read_time
from loopcoder.adapters.github.session import Session

_SETTLES = timedelta(seconds=90)
"""GitHub's times have no fractions and its servers lag: a change this young may not be the last
of its moment."""


@dataclass(frozen=True, slots=True)
class KeptWords:
    """JSON values by kind and issue; each is good as long as the issue's time stands still."""

    session: Session

    def get(self, kind: str, item: Mapping[str, Any] | None) -> Any:
        """What is kept for the issue as it is now, else None."""
        if item is None:
            return None
        query = "SELECT as_of, said FROM words WHERE kind = ? AND number = ?"
        with self.session.state.reading() as db:
            row = db.execute(query, (kind, item["number"])).fetchone()
        return None if row is None or row[0] != item["updated_at"] else json.loads(row[1])

    def put(self, kind: str, item: Mapping[str, Any] | None, said: Any) -> None:
        """Keep what was just read, unless the issue changed a moment ago."""
        if item is None:
            return
        changed = item["updated_at"]
        if read_time(changed) + _SETTLES > self.session.clock.now():
            return
        row = (kind, item["number"], changed, json.dumps(said))
        with self.session.state.writing() as db:
            db.execute("INSERT OR REPLACE INTO words VALUES (?, ?, ?, ?)", row)
