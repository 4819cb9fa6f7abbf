"""Which process holds a claim, and whether that very process still runs."""

from __future__ import annotations

import json
import os
import socket
from functools import cache
from pathlib import Path

from loopcoder.domain.event import Holder

PROCESS_FILE = "process.json"
"""Written beside a run's transcript: the process tree to end should we die before it does."""

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@cache
def current_holder() -> Holder:
    """This process, as it can be recognised from outside."""
    import psutil

    return Holder(
        host=socket.gethostname(),
        boot=_boot(),
        pid=os.getpid(),
        started=psutil.Process().create_time(),
    )


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
