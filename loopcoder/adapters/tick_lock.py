"""One tick at a time in a repository: a lock that the system drops when its process dies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from loopcoder.domain.diagnostic import TryLater


@contextmanager
def tick_lock(state_dir: Path) -> Iterator[None]:
    """Hold the repository's tick lock. Raises `TryLater` at once when another process has it."""
    lock = FileLock(state_dir / "tick.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise TryLater(
            "another tick is at work in this repository.",
            "Try again when it is through; `loopcoder status` shows what it does.",
        ) from None
    try:
        yield
    finally:
        lock.release()
