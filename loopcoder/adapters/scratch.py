"""Folders that a hostile program may fill as it likes, and how they are removed."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """An empty private folder with `home` and `tmp` in it, removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="loopcoder-"))
    try:
        (folder / "home").mkdir()
        (folder / "tmp").mkdir()
        (folder / "tmp").chmod(0o1777)
        yield folder
    finally:
        remove_tree(folder)


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
