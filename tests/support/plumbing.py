"""Git by hand in a folder, and commits that no branch points to."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path


def git_in(
    folder: Path, *args: str, env: Mapping[str, str] | None = None, text: str | None = None
) -> str:
    """What git printed, stripped; `text` goes to its standard input."""
    done = subprocess.run(
        ["git", *args],
        cwd=folder,
        env={**os.environ, **(env or {})},
        input=text,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def commit_in(folder: Path, parent: str, files: Mapping[str, str]) -> str:
    """A commit with these files on top of `parent`; index and working tree stay as they are."""
    env = {"GIT_INDEX_FILE": str(folder / ".git" / "scratch-index")}
    git_in(folder, "read-tree", parent, env=env)
    for path, text in files.items():
        blob = git_in(folder, "hash-object", "-w", "--stdin", text=text)
        git_in(folder, "update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", env=env)
    tree = git_in(folder, "write-tree", env=env)
    return git_in(folder, "commit-tree", "-p", parent, "-m", f"Change {', '.join(files)}", tree)
