"""Folders that a hostile program may fill as it likes, and how they are removed."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

_PREFIX = ".loopcoder-run-"  # a name nobody else gives a folder: what has it may be removed
_YOUNG_S = 60.0  # made, and perhaps not locked yet


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """An empty private folder with `home` and `tmp` in it, removed at the end.

    It is locked while it is in use, so that what a killed process left can be told from it.
    """
    _sweep(tempfile.gettempdir())
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    lock = _lock(folder)
    try:
        (folder / "home").mkdir()
        (folder / "tmp").mkdir()
        (folder / "tmp").chmod(0o1777)
        yield folder
    finally:
        remove_tree(folder)
        if lock is not None:
            os.close(lock)


@functools.cache
def _sweep(place: str) -> None:
    """Once per process, remove what earlier ones left when they were killed."""
    for folder in Path(place).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            found = folder.lstat()
            ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
            if ours and time.time() - found.st_mtime > _YOUNG_S:
                lock = _lock(folder)
                if lock is not None:
                    remove_tree(folder)
                    os.close(lock)


def _lock(folder: Path) -> int | None:
    """Hold the folder until the descriptor is closed; None when somebody else does."""
    import fcntl

    handle = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle


def remove_tree(folder: Path) -> None:
    """Remove what a hostile program filled: links are not followed, modes are no obstacle."""

    def unlock(act: Callable[..., object], path: str, _: object) -> None:
        for target in (Path(path).parent, Path(path)):
            with contextlib.suppress(OSError):
                if target.is_relative_to(folder) and not target.is_symlink():
                    target.chmod(0o700)
        with contextlib.suppress(OSError):
            if act is os.unlink or act is os.rmdir:
                act(path)
            else:
                shutil.rmtree(path, ignore_errors=True)

    if folder.is_symlink():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder, onerror=unlock)
