"""Files inside one folder, read and written for a program that must not lead us out of it.

Every part of a path is opened below the one before it and no link is followed, so nothing that the
program renames or links in the meantime can lead elsewhere.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

_MOST = 10_000_000
_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_WAIT_FOR_NOBODY = getattr(os, "O_NONBLOCK", 0)


@dataclass(frozen=True, slots=True)
class Confined:
    """`folder` is ours to open. `.git` in it is no file of the work."""

    folder: Path

    def read(self, path: str) -> str:
        """Raises OSError or ValueError with what is wrong with the path."""
        with self._parent(path, make=False) as (parent, name):
            handle = os.open(name, os.O_RDONLY | _NO_LINK | _WAIT_FOR_NOBODY, dir_fd=parent)
            with os.fdopen(handle, "rb") as file:
                _check(handle, path)
                return file.read(_MOST).decode("utf-8", "replace")

    def write(self, path: str, text: str) -> None:
        """Make or replace a file, and the folders above it. Raises OSError or ValueError."""
        data = text.encode("utf-8", "replace")
        if len(data) > _MOST:
            raise ValueError(f"{path} is larger than {_MOST // 1_000_000} MB")
        with self._parent(path, make=True) as (parent, name):
            flags = os.O_WRONLY | os.O_CREAT | _NO_LINK | _WAIT_FOR_NOBODY
            handle = os.open(name, flags, 0o644, dir_fd=parent)
            with os.fdopen(handle, "wb") as file:
                _check(handle, path)
                if os.fstat(handle).st_nlink > 1:
                    raise ValueError(f"{path} has another name elsewhere")
                os.ftruncate(handle, 0)
                file.write(data)

    @contextlib.contextmanager
    def _parent(self, path: str, *, make: bool) -> Iterator[tuple[int, str]]:
        """The folder of a file, open, and the file's name in it."""
        *folders, name = self._parts(path)
        handle = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            for part in folders:
                if make:
                    with contextlib.suppress(FileExistsError):
                        os.mkdir(part, dir_fd=handle)
                inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | _NO_LINK, dir_fd=handle)
                os.close(handle)
                handle = inner
            yield handle, name
        finally:
            os.close(handle)

    def _parts(self, path: str) -> tuple[str, ...]:
        given = PurePosixPath(path)
        if given.is_absolute():
            if not given.is_relative_to(self.folder):
                raise ValueError(f"{path} is not inside {self.folder}")
            given = given.relative_to(self.folder)
        parts = given.parts
        if not parts or ".." in parts or "\0" in path or parts[0].lower() == ".git":
            raise ValueError(f"{path} is not a file of the tree")
        return parts


def _check(handle: int, path: str) -> None:
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        raise ValueError(f"{path} is not a regular file")
