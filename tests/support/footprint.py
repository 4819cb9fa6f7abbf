"""What of a repository is the user's alone, byte for byte: a tick must leave it as it was."""

from __future__ import annotations

import os
from pathlib import Path

OURS = (".git/loopcoder", ".git/refs/loopcoder", ".git/refs/heads/loopcoder", ".git/objects")
"""Where loopcoder keeps its state, its commits and the branches that it proposes."""

NAMES_OF_OURS = (".git/packed-refs", ".git/logs/refs/heads/loopcoder")


def footprint(root: Path) -> dict[str, tuple[str, bytes]]:
    """Tree, index, HEAD, own branches, configuration and hooks: a mode and bytes for each path."""
    found: dict[str, tuple[str, bytes]] = {}
    for folder, folders, files in os.walk(root):
        here = Path(folder)
        folders[:] = [name for name in folders if not _is_ours((here / name).relative_to(root))]
        for name in files:
            path = here / name
            place = path.relative_to(root)
            if not _is_ours(place):
                content = os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
                found[str(place)] = (oct(path.lstat().st_mode), content)
    return found


def _is_ours(place: Path) -> bool:
    return str(place).startswith((*OURS, *NAMES_OF_OURS))
