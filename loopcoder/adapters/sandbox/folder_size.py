"""How much a run has written, looked at often enough and no oftener."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Sequence
from pathlib import Path

_BLOCK = 512
_PAUSE_S = 1.0
_SHARE = 20  # at most so small a part of the time goes into looking


class Room:
    """The folders that a run may write to, and the bytes that they may hold together."""

    def __init__(self, folders: Sequence[Path], most: int) -> None:
        self._folders = tuple(folders)
        self._most = most
        self._next = time.monotonic() + _PAUSE_S

    def is_used_up(self) -> bool:
        """Whether they hold more, as far as was seen: most calls do not look."""
        began = time.monotonic()
        if began < self._next or not self._folders:
            return False
        held = self.held()
        now = time.monotonic()
        self._next = now + max(_PAUSE_S, (now - began) * _SHARE)
        return held > self._most

    def held(self) -> int:
        """The bytes that they hold now; counting each ends above the most."""
        return sum(folder_size(str(folder), self._most) for folder in self._folders)


def folder_size(folder: str, most: int) -> int:
    """The bytes that a folder takes on the disk; counting ends when there are more than `most`.

    Links are not followed, and a file with several names counts for each of them.
    """
    total, waiting = 0, [folder]
    while waiting and total <= most:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    total += entry.stat(follow_symlinks=False).st_blocks * _BLOCK
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
    return total
