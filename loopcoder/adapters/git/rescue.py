"""Saving what an attempt's folder alone holds before the folder goes away."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from loopcoder.adapters.git.command import Git
from loopcoder.adapters.git.diff_text import DIFF, PATCH
from loopcoder.adapters.git.folder import Folder
from loopcoder.domain.diagnostic import LoopcoderError
from loopcoder.domain.guard.change_set import ChangeSet
from loopcoder.ports.workspace import Workspace


def rescue(folder: Folder, patches: Path) -> Path | None:
    """Save a folder's work among `patches`; returns where, or None when there was nothing.

    A folder that git cannot read any more, or that was never ours, is moved aside whole.
    """
    patch = _patch_of(folder)
    if patch is None:
        return set_aside(folder)
    if not patch:
        return None
    return _write_once(patches, f"{folder.key.unit}-{folder.key.attempt}", patch)


def save_patch(folder: Folder, target: Path) -> Path | None:
    """As `rescue`, to a file of the caller's choice."""
    patch = _patch_of(folder)
    if patch is None:
        return set_aside(folder)
    if not patch:
        return None
    _write(target, patch)
    return target


def set_aside(folder: Folder) -> Path | None:
    """Move a folder out of the way, whole and unread."""
    if not (folder.path.exists() or folder.path.is_symlink()):
        return None
    aside = folder.cache / "rescued"
    aside.mkdir(mode=0o700, parents=True, exist_ok=True)
    prefix = f"{folder.key.unit}-{folder.key.attempt}-"
    place = Path(tempfile.mkdtemp(prefix=prefix, dir=aside)) / "workspace"
    folder.path.rename(place)
    return place


def _patch_of(folder: Folder) -> bytes | None:
    """The patch, empty when everything is in the start or kept already; None when unreadable."""
    workspace = folder.load()
    if workspace is None:
        return None
    base = workspace.merge or workspace.start
    try:
        change = folder.work_tree.collect(base)
        if change.is_empty or change.tree == _kept_tree(folder):
            return b""
        ours = Git(folder.clean, git_dir=folder.clean)
        patch = ours.run(*DIFF, *PATCH, base, change.tree).stdout
    except LoopcoderError:
        return None
    return _preface(workspace, base, change) + patch


def _kept_tree(folder: Folder) -> str:
    asked = ("rev-parse", "--verify", "--quiet", folder.ref + "^{tree}")
    return folder.repository.git.run(*asked, check=False).stdout.decode().strip()


def _preface(workspace: Workspace, base: str, change: ChangeSet) -> bytes:
    key = workspace.key
    lines = [
        f"Work left in the workspace of {key.unit}, attempt {key.attempt}, made from {base}.",
        f"To have it: git checkout -b rescued {base} && git apply --binary THIS-FILE",
    ]
    left = [file.path for file in change.files if file.cut and file.binary]
    if left:
        lines.append(f"Not in here (too large, or a repository of its own): {', '.join(left)}")
    return ("\n".join(" ".join(line.split()) for line in lines) + "\n\n").encode()


def _write_once(folder: Path, name: str, content: bytes) -> Path:
    number = 1
    while True:
        target = folder / (f"{name}.patch" if number == 1 else f"{name}-{number}.patch")
        if not target.exists():
            _write(target, content)
            return target
        if target.read_bytes() == content:
            return target
        number += 1


def _write(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    Path(draft).replace(target)
