"""Git directories of ours, written file by file: no template, no hook, no remote."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from loopcoder.adapters.git.repository import Repository

IDENTITY = ("loopcoder", "loopcoder@localhost")


@dataclass(frozen=True, slots=True)
class GitDir:
    """What to write: `head` is a commit; `branch` a branch to stand on, else detached.

    Objects come from the user's repository: read in place (`borrow`) or copied file by file,
    never by a hard link, through which a write would reach the original.
    """

    repository: Repository
    head: str
    branch: str = ""
    bare: bool = False
    borrow: bool = True
    tags: bytes = b""

    def create(self, path: Path) -> None:
        objects = path / "objects"
        (objects / "info").mkdir(parents=True)
        (path / "refs" / "heads").mkdir(parents=True)
        (path / "config").write_text(self._config())
        if self.branch:
            ref = path / "refs" / "heads" / self.branch
            ref.parent.mkdir(parents=True, exist_ok=True)
            ref.write_text(f"{self.head}\n")
        (path / "HEAD").write_text(
            f"ref: refs/heads/{self.branch}\n" if self.branch else f"{self.head}\n"
        )
        if self.tags:
            (path / "packed-refs").write_bytes(self.tags)
        copy_if_there(self.repository.common_dir / "shallow", path / "shallow")
        stores = self.repository.object_stores
        if self.borrow:
            lines = b"".join(os.fsencode(store) + b"\n" for store in stores)
            (objects / "info" / "alternates").write_bytes(lines)
        else:
            _copy_objects(stores, objects)

    def _config(self) -> str:
        name, mail = IDENTITY
        wide = self.repository.object_format != "sha1"
        mac = sys.platform == "darwin"
        lines = [
            "[core]",
            f"repositoryformatversion = {int(wide)}",
            f"bare = {_word(self.bare)}",
            "filemode = true",
            "symlinks = true",
            f"ignorecase = {_word(mac)}",
            f"precomposeunicode = {_word(mac)}",
            "protectNTFS = true",
            "protectHFS = true",
            "[gc]",
            "auto = 0",
            "[user]",
            f"name = {name}",
            f"email = {mail}",
        ]
        if wide:
            lines += ["[extensions]", f"objectformat = {self.repository.object_format}"]
        return "\n".join(lines) + "\n"


def create_plumbing_dir(path: Path, repository: Repository) -> None:
    """A bare git directory over the user's own objects, in which no attribute of any tree and
    no configuration of any person changes what a command prints or writes.

    Made beside its place and then renamed, so that one of several makers wins whole.
    """
    if (path / "HEAD").exists() and (path / "objects").resolve() == repository.objects_dir:
        return
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    remove_tree(draft)
    remove_tree(path)
    GitDir(repository, head="0" * 40, branch="none", bare=True).create(draft)
    remove_tree(draft / "refs" / "heads")
    (draft / "refs" / "heads").mkdir()
    remove_tree(draft / "objects")
    (draft / "objects").symlink_to(repository.objects_dir)
    (draft / "shallow").unlink(missing_ok=True)
    (draft / "shallow").symlink_to(repository.common_dir / "shallow")
    try:
        draft.rename(path)
    except OSError:
        remove_tree(draft)
        if not (path / "HEAD").exists():
            raise


def copy_if_there(source: Path, target: Path) -> None:
    if source.is_file():
        shutil.copyfile(source, target)


def remove_tree(path: Path) -> None:
    """Remove a file or a folder with everything in it, however its permissions were left.

    Links are removed, never followed.
    """
    if path.is_symlink() or path.is_file():
        path.unlink()
        return
    if not path.exists():
        return
    try:
        shutil.rmtree(path)
    except PermissionError:
        path.chmod(0o700)
        for folder, names, _ in os.walk(path):
            for name in names:
                inner = Path(folder, name)
                if not inner.is_symlink():
                    inner.chmod(0o700)
        shutil.rmtree(path)


def _copy_objects(stores: Sequence[Path], objects: Path) -> None:
    for store in stores:
        shutil.copytree(
            store, objects, dirs_exist_ok=True, ignore=shutil.ignore_patterns("alternates", "tmp_*")
        )


def _word(value: bool) -> str:
    return "true" if value else "false"
