"""One answer of GitHub's, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

NOT_MODIFIED = 304


@dataclass(frozen=True, slots=True)
class Answer:
    """`headers` have lower-case names; `data` is the decoded JSON, None where there is no body."""

    status: int
    headers: Mapping[str, str]
    data: Any = None

    @property
    def is_unchanged(self) -> bool:
        return self.status == NOT_MODIFIED

    @property
    def etag(self) -> str:
        return self.headers.get("etag", "")

    @property
    def message(self) -> str:
        """GitHub's own sentence about a failure, else empty."""
        found = self.data.get("message") if isinstance(self.data, dict) else None
        return found if isinstance(found, str) else ""

    def date(self, otherwise: datetime) -> datetime:
        """When the server answered, by its own clock."""
        try:
            return parsedate_to_datetime(self.headers["date"]).astimezone(UTC)
        except (KeyError, ValueError):
            return otherwise
