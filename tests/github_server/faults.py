"""Failures on order: which requests fail, how, and whether their effect happens first."""

from __future__ import annotations

import fnmatch
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from tests.github_server.exchange import Reply


class How(StrEnum):
    """What the client sees."""

    STATUS = "status"
    CUT = "cut"
    TRUNCATE = "truncate"
    HANG = "hang"
    NOTHING = "nothing"


@dataclass(slots=True)
class Fault:
    """The next `times` requests that match `match`, after the first `skip` ones, go wrong.

    `match` is a pattern over the operation (`issues/create`, `git/receive-pack`, `graphql`), over
    `METHOD /path`, or one of `*`, `read`, `write`. `after`: the effect happens, its answer is
    lost. `do` is called at that point, whatever else happens.
    """

    match: str = "*"
    times: int = 1
    skip: int = 0
    how: How = How.STATUS
    after: bool = False
    status: int = 502
    headers: dict[str, str] = field(default_factory=dict)
    data: object = None
    seconds: float = 30.0
    do: Callable[[], object] | None = None

    def hits(self, operation: str, method: str, path: str) -> bool:
        if self.match in ("read", "write"):
            return (self.match == "write") == is_write(operation, method)
        return any(
            fnmatch.fnmatchcase(text, self.match) for text in (operation, f"{method} {path}")
        )

    def reply(self) -> Reply:
        data = self.data
        if data is None:
            data = {"message": "Server Error", "documentation_url": "", "status": str(self.status)}
        return Reply(self.status, data, dict(self.headers))


class Faults:
    """The orders that are not used up. The first that matches a request takes it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.ordered: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        with self._lock:
            self.ordered.append(fault)
        return fault

    def clear(self) -> None:
        with self._lock:
            self.ordered.clear()

    def take(self, operation: str, method: str, path: str) -> Fault | None:
        with self._lock:
            for fault in self._matching(operation, method, path):
                if fault.skip > 0:
                    fault.skip -= 1
                elif fault.times > 0:
                    fault.times -= 1
                    return fault
        return None

    def _matching(self, operation: str, method: str, path: str) -> Iterator[Fault]:
        return (fault for fault in self.ordered if fault.hits(operation, method, path))


def is_write(operation: str, method: str) -> bool:
    """Whether a request may change something; a GraphQL query and a fetch are reads."""
    if operation.startswith("git/") and operation in ("git/upload-pack", "git/info-refs"):
        return False
    return operation != "graphql" and method not in ("GET", "HEAD")
