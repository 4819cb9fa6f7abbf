"""Parts of the system's folders that are nobody's business inside a sandbox."""

from __future__ import annotations

import contextlib
import functools
import os
from pathlib import Path

# Readable by everybody on some machines.
SECRET_PLACES = ("/etc/gitconfig", "/etc/docker", "/etc/kubernetes", "/etc/rancher", "/etc/npmrc")


@functools.cache
def closed_to_others() -> tuple[Path, ...]:
    """What only root may read in /etc, which a program of root's could read too."""
    found = []
    for folder, folders, files in os.walk("/etc"):
        for name in [*folders, *files]:
            path = Path(folder, name)
            with contextlib.suppress(OSError):
                if not path.is_symlink() and not path.stat().st_mode & 0o004:
                    found.append(path)
                    if name in folders:
                        folders.remove(name)
    return tuple(found)
