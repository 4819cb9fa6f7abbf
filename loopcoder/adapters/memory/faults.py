"""Failures on order: the next calls of a verb fail, before or after they took effect."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from loopcoder.domain.diagnostic import Unavailable


@dataclass(slots=True)
class _Fault:
    times: int
    error: BaseException
    after_commit: bool


class Faults:
    """`add` orders failures; `around` is what every verb of a fake is wrapped in."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ordered: dict[str, list[_Fault]] = {}

    def add(
        self,
        verb: str,
        *,
        times: int = 1,
        error: BaseException | None = None,
        after_commit: bool = False,
    ) -> None:
        """The next `times` calls of `verb` raise `error` (Unavailable when none is given).

        With `after_commit` the effect happens and only its answer is lost.
        """
        scripted = error or Unavailable(f"{verb} failed, as the script has it.")
        with self._lock:
            self._ordered.setdefault(verb, []).append(_Fault(times, scripted, after_commit))

    @contextmanager
    def around(self, verb: str) -> Iterator[None]:
        fault = self._take(verb)
        if fault is not None and not fault.after_commit:
            raise fault.error
        yield
        if fault is not None:
            raise fault.error

    def _take(self, verb: str) -> _Fault | None:
        with self._lock:
            for fault in self._ordered.get(verb, ()):
                if fault.times > 0:
                    fault.times -= 1
                    return fault
        return None
