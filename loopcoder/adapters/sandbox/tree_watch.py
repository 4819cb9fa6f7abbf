"""Whether a run still changes files: the other sign of life, beside its output."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

_ENTRIES = 500_000


def watch_tree(tree: Path) -> Callable[[float], bool]:
    """A question to ask later: did anything below `tree` change since that time (epoch seconds)?

    The answer comes from inode change times, which a program cannot set back, and costs one walk
    that ends at the first change found. Links are not followed.
    """

    def changed_since(moment: float) -> bool:
        return _changed_since(tree, moment)

    return changed_since


def _changed_since(tree: Path, moment: float) -> bool:
    waiting, looked_at = [str(tree)], 0
    while waiting and looked_at < _ENTRIES:
        folder = waiting.pop()
        try:
            if os.lstat(folder).st_ctime >= moment:
                return True
            with os.scandir(folder) as entries:
                for entry in entries:
                    looked_at += 1
                    found = entry.stat(follow_symlinks=False)
                    if found.st_ctime >= moment:
                        return True
                    if stat.S_ISDIR(found.st_mode):
                        waiting.append(entry.path)
        except OSError:  # removed while we looked
            continue
    return False
