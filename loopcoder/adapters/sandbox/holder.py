"""Which process holds a claim, and whether that very process still runs."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import socket
from contextlib import suppress
from functools import cache
from pathlib import Path

from loopcoder.domain.journal.event import Holder

PROCESS_FILE = "process.json"
"""Written beside a run's transcript: the process tree to end should we die before it does."""

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


_MACHINE_IDS = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
_SPACE = Path("/proc/self/ns/pid")
_MARK_FILE = "machine"


@cache
def current_holder(state: Path) -> Holder:
    """This process, as it can be recognised from outside. `state` is this clone's state folder."""
    import psutil

    return Holder(
        host=socket.gethostname(),
        boot=_boot(),
        pid=os.getpid(),
        started=psutil.Process().create_time(),
        machine=_machine(state),
        space=_space(),
    )


def _machine(state: Path) -> str:
    """This clone on this machine. Names of hosts, and machine ids of images, are not unique; the
    clone's own mark is, until somebody copies the whole disk."""
    known = next((path.read_text().strip() for path in _MACHINE_IDS if path.is_file()), "")
    parts = "\0".join((known, socket.gethostname(), _mark(state / _MARK_FILE)))
    return hashlib.sha256(parts.encode()).hexdigest()[:16]


def _mark(path: Path) -> str:
    """A random text that was written once; of two processes that write it one wins."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        own = path.with_name(f"{path.name}.{os.getpid()}")
        own.write_text(secrets.token_hex(16))
        with suppress(FileExistsError):
            os.link(own, path)
        own.unlink()
    return path.read_text().strip()


def _space() -> str:
    try:
        return str(_SPACE.stat().st_ino)
    except OSError:
        return ""


def _boot() -> str:
    if _BOOT_ID.exists():
        return _BOOT_ID.read_text().strip()
    import psutil

    return str(int(psutil.boot_time()))


def is_alive(holder: Holder) -> bool:
    """Whether the holder's process runs; a reused pid has another start time."""
    import psutil

    try:
        process = psutil.Process(holder.pid)
        same = abs(process.create_time() - holder.started) < 1.0
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def end_leftovers(papers: Path) -> None:
    """End process trees that a dead run recorded below its papers."""
    import psutil

    for file in papers.rglob(PROCESS_FILE):
        try:
            row = json.loads(file.read_text())
            process = psutil.Process(int(row["pid"]))
            if abs(process.create_time() - float(row["started"])) >= 1.0:
                continue
            for each in (*process.children(recursive=True), process):
                each.kill()
        except (psutil.NoSuchProcess, ValueError, KeyError, TypeError):
            continue
