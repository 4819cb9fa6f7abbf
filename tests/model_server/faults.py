"""Failures on order: which requests fail, and how it looks from outside."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    529: "overloaded_error",
}


class How(StrEnum):
    """What the client sees: an answer of that status, a connection cut in the middle of the
    stream, a stream that ends early but in order, an error event in it, or nothing for long."""

    STATUS = "status"
    CUT = "cut"
    TRUNCATE = "truncate"
    EVENT = "event"
    HANG = "hang"


@dataclass(slots=True)
class Fault:
    """The next `times` requests (of `unit`, if named) after the first `skip` ones go wrong.

    `events` is how much of a stream is sent before the trouble.
    """

    how: How = How.STATUS
    times: int = 1
    skip: int = 0
    unit: str = ""
    status: int = 500
    kind: str = ""
    text: str = "scripted"
    retry_after: float | None = None
    seconds: float = 30.0
    events: int = 4

    def body(self) -> dict[str, Any]:
        kind = self.kind or KINDS.get(self.status, "api_error")
        error = {"type": kind, "message": self.text}
        return {"type": "error", "error": error, "request_id": "req_scripted"}

    def headers(self) -> dict[str, str]:
        return {} if self.retry_after is None else {"retry-after": f"{self.retry_after:g}"}


@dataclass
class Faults:
    """The orders that are not used up. The first that concerns a request takes it."""

    ordered: list[Fault] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, unit: str) -> Fault | None:
        with self.lock:
            for fault in self.ordered:
                if fault.unit and fault.unit != unit:
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                elif fault.times > 0:
                    fault.times -= 1
                    return fault
        return None
