"""Results of setup commands in a folder of ours, which no sandbox shows.

What goes into a checkout is a copy, so nothing done there reaches what is kept. A checkout is
hostile ground: a path that passes over a link there is never written to or read from.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import shutil
import stat
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from loopcoder.adapters.scratch import remove_tree
from loopcoder.domain.settings import Command

LOCK_FILES = (
    *("package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock"),
    *("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml", "requirements.txt"),
    *("Cargo.lock", "go.sum", "Gemfile.lock", "composer.lock", "mix.lock", "gradle.lockfile"),
)
_TOOLS = ("python3", "node", "npm", "pip", "uv", "cargo", "go", "ruby", "java", "php", "cc")
_KEPT = 5
_OLDEST_S = 14 * 86_400.0
_LOCK_BYTES = 50_000_000


@dataclass(frozen=True, slots=True)
class FolderSetupCache:
    """`folder` is ours alone; `path` is the PATH on which tools are found; `sandbox` describes
    where commands run, for what they make may depend on it."""

    folder: Path
    path: str
    sandbox: str

    def key(
        self, command: Command, before: Sequence[str], tree: Path, env: Mapping[str, str]
    ) -> str:
        locks = {name: _digest(tree, name) for name in command.key or LOCK_FILES}
        if not any(locks.values()):
            return ""
        parts = [
            [*before, command.run],
            [command.network, command.cache, locks, dict(env)],
            [platform.machine(), platform.system(), self.sandbox, _tools(self.path)],
        ]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def restore(self, key: str, command: Command, tree: Path) -> bool:
        entry = self.folder / key
        if not entry.is_dir() or not all(_is_free(tree, path) for path in command.cache):
            return False
        try:
            for number, path in enumerate(command.cache):
                _copy(entry / str(number), tree / path)
        except OSError:
            for path in command.cache:
                remove_tree(tree / path)
            return False
        with contextlib.suppress(OSError):
            os.utime(entry)
        return True

    def keep(self, key: str, command: Command, tree: Path) -> None:
        if (self.folder / key).exists() or not all(_is_solid(tree, p) for p in command.cache):
            return
        draft = self.folder / f".{key}.{os.getpid()}.{time.monotonic_ns()}"
        try:
            draft.mkdir(mode=0o700, parents=True)
            for number, path in enumerate(command.cache):
                _copy(tree / path, draft / str(number))
            draft.rename(self.folder / key)
        except OSError:  # a full disk, or somebody was faster
            remove_tree(draft)
        self._tidy()

    def _tidy(self) -> None:
        """The newest few stay; drafts that a killed process left go, too."""
        with contextlib.suppress(OSError):
            entries = sorted(self.folder.iterdir(), key=lambda path: -path.lstat().st_mtime)
            whole = [path for path in entries if not path.name.startswith(".")]
            oldest = time.time() - _OLDEST_S
            for path in entries:
                is_old = path.lstat().st_mtime < oldest
                is_left = path.name.startswith(".") and path.lstat().st_mtime < time.time() - 3600
                if is_old or is_left or path in whole[_KEPT:]:
                    remove_tree(path)


def _digest(tree: Path, name: str) -> str:
    """The hash of a lock file; empty when it is none, or too large to be one."""
    if not _is_solid(tree, name):
        return ""
    path = tree / name
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode) or found.st_size > _LOCK_BYTES:
        return ""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _parts(tree: Path, path: str) -> list[Path]:
    steps = Path(path).parts
    return [tree.joinpath(*steps[: count + 1]) for count in range(len(steps))]


def _is_solid(tree: Path, path: str) -> bool:
    """Whether a path is there, with no link on the way to it or at its end."""
    return all(part.exists() and not part.is_symlink() for part in _parts(tree, path))


def _is_free(tree: Path, path: str) -> bool:
    """Whether a path can be made: it is not there, and the way to it is of real folders."""
    *above, last = _parts(tree, path)
    if last.exists() or last.is_symlink():
        return False
    return all(not part.is_symlink() and (part.is_dir() or not part.exists()) for part in above)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    else:
        shutil.copy2(source, target, follow_symlinks=False)


def _tools(path: str) -> list[list[object]]:
    """The programs that setup commands most likely use, so that another version counts anew."""
    found: list[list[object]] = []
    for name in _TOOLS:
        if place := shutil.which(name, path=path):
            with contextlib.suppress(OSError):
                real = Path(place).resolve()
                found.append([str(real), real.stat().st_mtime_ns])
    return found
