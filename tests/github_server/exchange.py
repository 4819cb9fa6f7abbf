"""A request and its answer, apart from any socket."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Request:
    """`segments` are decoded one by one, so that a name may hold a slash."""

    method: str
    target: str
    headers: Mapping[str, str]
    raw: bytes = b""
    query: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        found = dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))
        object.__setattr__(self, "query", found)

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def segments(self) -> list[str]:
        return [unquote(part) for part in self.path.strip("/").split("/")]

    def json(self) -> Any:
        """The body as a value, None where there is none; ValueError when it is not JSON."""
        return json.loads(self.raw) if self.raw.strip() else None


@dataclass(slots=True)
class Reply:
    """`data` becomes JSON; `raw`, where set, is sent as it is."""

    status: int = 200
    data: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None

    def payload(self) -> bytes:
        if self.raw is not None:
            return self.raw
        if self.status in (204, 205, 304):
            return b""
        return json.dumps(self.data, ensure_ascii=False, separators=(",", ":")).encode()
