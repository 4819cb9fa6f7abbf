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
    remedy = "Try again when it is through; `loopcoder status` shows what it does."
    with only_one(state_dir / "tick.lock", "another tick is at work in this repository.", remedy):
        yield


@contextmanager
def only_one(path: Path, summary: str, remedy: str) -> Iterator[None]:
    """Hold a lock file; when another process has it, raise `TryLater` with these words."""
    lock = FileLock(path, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise TryLater(summary, remedy) from None
    try:
        yield
    finally:
        lock.release()
