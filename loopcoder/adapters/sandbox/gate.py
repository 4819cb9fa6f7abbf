"""How a program is kept waiting until its limits are set, and for ever should we die before.

A jailer makes its namespaces, waits, and starts the program when it gets the word.
"""

from __future__ import annotations

import contextlib
import os
import select
import time
from dataclasses import dataclass

_SLEEP_S = 0.0003


@dataclass(slots=True)
class Gate:
    """A pipe that the jailer reads at `theirs`, named to it by `option`. The `word` is what has to
    be written for the program to begin."""

    option: str
    theirs: int
    ours: int
    word: bytes
    taken_last: bool = False
    """Whether the jailer reads the first part of the word when all else is done."""

    def let_through(self, deadline: float) -> bool:
        """Give the word, if the jailer wants it before the deadline (in monotonic seconds) or has
        ended. A jailer that is still at its set-up would go on with it even if we died now."""
        if self.taken_last and not self._is_awaited(deadline):
            return False
        with contextlib.suppress(OSError):
            os.write(self.ours, self.word)
        self.close_ours()
        return True

    def _is_awaited(self, deadline: float) -> bool:
        poller = select.poll()
        poller.register(self.ours, 0)  # tells when nobody is left to read
        while _unread(self.ours) and not poller.poll(0):
            if time.monotonic() > deadline:
                return False
            time.sleep(_SLEEP_S)
        return True

    def close_theirs(self) -> None:
        if self.theirs >= 0:
            os.close(self.theirs)
            self.theirs = -1

    def close_ours(self) -> None:
        if self.ours >= 0:
            os.close(self.ours)
            self.ours = -1

    def close(self) -> None:
        self.close_theirs()
        self.close_ours()


def gate_of(calls: bytes) -> Gate:
    """bubblewrap takes the end of what it blocks on for the word to go on. The filter on system
    calls is the last thing that it reads, and to the end: one that lacks a byte it refuses."""
    if not calls:
        return Gate("--block-fd", *os.pipe(), b"1")
    gate = Gate("--seccomp", *os.pipe(), calls[-1:], taken_last=True)
    os.write(gate.ours, calls[:-1])
    return gate


def _unread(fd: int) -> int:
    import fcntl
    import termios

    return int.from_bytes(fcntl.ioctl(fd, termios.FIONREAD, bytes(4)), "little")
