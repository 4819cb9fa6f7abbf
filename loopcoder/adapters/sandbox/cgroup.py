"""A control group that bounds the tasks of a run started by root.

RLIMIT_NPROC does not bind root, not even without a single capability, so a fork bomb would be
stopped only by looking at the process table, which is too late on a small machine.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")


def confine(pid: int, tasks: int) -> Path | None:
    """Put a process that has no children yet under a limit; None where that is not possible."""
    parent = _parent()
    if parent is None:
        return None
    _sweep(parent)
    group = parent / f"loopcoder-{os.getpid()}-{secrets.token_hex(4)}"
    try:
        group.mkdir()
        (group / "pids.max").write_text(str(tasks), "ascii")
        (group / "cgroup.procs").write_text(str(pid), "ascii")
    except OSError:
        release(group)
        return None
    return group


def can_confine() -> bool:
    """Whether groups with a limit on tasks can be made here."""
    return _parent() is not None


def release(group: Path) -> None:
    """Remove the group of a run of which nothing is left."""
    with contextlib.suppress(OSError):
        group.rmdir()


def _sweep(parent: Path) -> None:
    """Remove what killed processes left; a group with anything in it stays by itself."""
    for group in parent.glob("loopcoder-*-*"):
        owner = group.name.split("-")[1]
        if owner.isdigit() and not Path("/proc", owner).exists():
            release(group)


def _parent() -> Path | None:
    """Where groups with a limit on tasks can be made: version 1 or 2 of the interface."""
    if os.geteuid() != 0:
        return None
    if (_ROOT / "pids" / "cgroup.procs").exists():
        return _ROOT / "pids"
    control = _ROOT / "cgroup.subtree_control"
    try:
        if "pids" not in control.read_text("ascii").split():
            control.write_text("+pids", "ascii")
    except OSError:
        return None
    return _ROOT
