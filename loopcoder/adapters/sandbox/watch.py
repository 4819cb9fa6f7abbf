"""What a run may take, and how it ended."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from loopcoder.adapters.sandbox.output import Keep

_GRACE_S = 2.0


class Cause(StrEnum):
    """Why a run ended. Everything but `exited` was our doing, or it never began."""

    EXITED = "exited"
    NOT_STARTED = "not-started"
    TIMEOUT = "timeout"
    STALL = "stall"
    STOPPED = "stopped"
    OUTPUT = "output"
    TASKS = "tasks"
    MEMORY = "memory"
    DISK = "disk"
    SPACE = "space"


class Dialogue(Protocol):
    """A conversation over standard input and output, in place of input that is given at once."""

    @property
    def is_over(self) -> bool:
        """Whether everything was said; then the program's standard input is closed."""

    def begin(self) -> bytes:
        """What to say first."""

    def hear(self, chunk: bytes) -> bytes:
        """What to answer to a piece of standard output; nothing, often."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What a run may take, and what counts as a sign of life. Times in seconds.

    `changed_since(epoch)` says whether the run changed its files since then; it is asked only
    when there was no new output for `stall_s`. Setting `stop` ends the run. A `dialogue` needs
    standard output apart (`keep.stdout_bytes`); when it is over, the program has `farewell_s` left
    to end by itself.
    """

    timeout_s: float
    stall_s: float | None = None
    changed_since: Callable[[float], bool] | None = None
    stop: threading.Event | None = None
    on_line: Callable[[str], None] | None = None
    keep: Keep = field(default_factory=Keep)
    grace_s: float = _GRACE_S
    dialogue: Dialogue | None = None
    farewell_s: float = 5.0


@dataclass(frozen=True, slots=True)
class Finished:
    """How a run ended. `exit_code` is None unless the program came to its own end.

    `tail` is the end of its output as plain text, `stdout` the raw end of its standard output
    when that was asked for, `reason` one sentence for a person (empty when it exited), `refused`
    the hosts that it asked for and may not reach.
    """

    cause: Cause
    exit_code: int | None
    seconds: float
    tail: str
    reason: str = ""
    stdout: bytes = b""
    refused: tuple[str, ...] = ()
