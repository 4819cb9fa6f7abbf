"""A run's processes: how many there are, what they use, and how all of them are ended."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from loopcoder.adapters.sandbox.launch import Launch, Started, readable
from loopcoder.adapters.sandbox.run_mark import VARIABLE, parse_mark

_FRESH_S = 0.25  # one look at the process table serves every run that asks meanwhile
_GONE_S = 10.0


@dataclass(frozen=True, slots=True)
class Entry:
    parent: int
    session: int
    threads: int


@dataclass(frozen=True, slots=True)
class Weight:
    """What a tree uses: tasks (processes and threads) and private memory in bytes."""

    tasks: int
    memory: int


class ProcessTree(Protocol):
    def weight(self) -> Weight: ...

    def terminate(self) -> None:
        """Ask every process to end."""

    def kill(self) -> None:
        """End every process, and return when none is left."""


class NamespaceTree:
    """A tree in its own PID namespace: when the first process dies, the kernel kills the rest."""

    def __init__(self, inner: int) -> None:
        self._inner = inner
        try:
            self._handle: int | None = os.pidfd_open(inner)
        except OSError:  # it is gone already
            self._handle = None

    def weight(self) -> Weight:
        return weigh(descendants(process_table(), {self._inner}))

    def terminate(self) -> None:
        for pid in descendants(process_table(0), {self._inner}) - {self._inner}:
            _send(pid, signal.SIGTERM)

    def kill(self) -> None:
        if self._handle is None:
            return
        with contextlib.suppress(OSError):
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)
        readable(self._handle, _GONE_S)
        os.close(self._handle)
        self._handle = None


class AdoptedTree:
    """A tree whose first process adopts every orphan: all of it is always below that one."""

    def __init__(self, warden: int) -> None:
        self._warden = warden

    def weight(self) -> Weight:
        return weigh(descendants(process_table(), {self._warden}) - {self._warden})

    def terminate(self) -> None:
        for pid in descendants(process_table(0), {self._warden}) - {self._warden}:
            _send(pid, signal.SIGTERM)

    def kill(self) -> None:
        """The warden is the last to go: without it, what is left would be nobody's."""
        deadline = time.monotonic() + _GONE_S
        while below := descendants(process_table(0), {self._warden}) - {self._warden}:
            for number in (signal.SIGSTOP, signal.SIGKILL):
                for pid in below:
                    _send(pid, number)
            if time.monotonic() > deadline:
                break
            time.sleep(0.01)
        _send(self._warden, signal.SIGTERM)


class SessionTree:
    """A tree without a namespace: found by descent, by session, and by a mark in the environment.

    The mark finds a child that left the session and whose parent is gone. A program that also
    empties its environment escapes; that is what the sandbox is for.
    """

    def __init__(self, root: int, marker: str) -> None:
        self._root = root
        self._marker = marker

    def weight(self) -> Weight:
        table = process_table()
        return weigh(self._near(table))

    def terminate(self) -> None:
        for pid in self._members():
            _send(pid, signal.SIGTERM)

    def kill(self) -> None:
        deadline = time.monotonic() + _GONE_S
        while members := self._members():
            for pid in members:
                _send(pid, signal.SIGKILL)
            if time.monotonic() > deadline:
                return
            time.sleep(0.01)

    def _near(self, table: Mapping[int, Entry]) -> set[int]:
        session = {pid for pid, entry in table.items() if entry.session == self._root}
        return descendants(table, session | {self._root})

    def _members(self) -> set[int]:
        table = process_table(0)
        marked = {pid for pid, mark in _marks(table).items() if mark == self._marker}
        roots = self._near(table) | marked
        return descendants(table, roots) - _ourselves(table)


def tree_of(launch: Launch, started: Started) -> ProcessTree:
    if launch.adopts:
        return AdoptedTree(started.process.pid)
    if started.inner is not None:
        return NamespaceTree(started.inner)
    return SessionTree(started.process.pid, launch.marker)


def end_strays(marks: Collection[str]) -> int:
    """End what runs in these folders left behind when loopcoder was killed; how many there were.

    `marks` are those of folders (see `folder_mark`); only runs whose owner is gone are strays.
    """
    table = process_table(0)
    found = set()
    for pid, mark in _marks(table).items():
        folder, owner = parse_mark(mark) or ("", "")
        if folder in marks and not _is_alive(owner, table):
            found.add(pid)
    strays = descendants(table, found) - _ourselves(table)
    for pid in strays:
        _send(pid, signal.SIGKILL)
    return len(strays)


def _is_alive(owner: str, table: Mapping[int, Entry]) -> bool:
    return owner.isdigit() and int(owner) in table


def _marks(table: Iterable[int]) -> dict[int, str]:
    """The value of LOOPCODER_RUN in the environment of every process that has one."""
    if sys.platform != "linux":
        found = {pid: _psutil_environ(pid).get(VARIABLE, "") for pid in table}
        return {pid: mark for pid, mark in found.items() if mark}
    name = f"{VARIABLE}=".encode()
    marks = {}
    for pid in table:
        with contextlib.suppress(OSError):
            for variable in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                if variable.startswith(name):
                    marks[pid] = os.fsdecode(variable[len(name) :])
    return marks


def descendants(table: Mapping[int, Entry], roots: set[int]) -> set[int]:
    """The roots that exist, and everything below them."""
    children: dict[int, list[int]] = {}
    for pid, entry in table.items():
        children.setdefault(entry.parent, []).append(pid)
    found: set[int] = set()
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting += children.get(pid, ())
    return found & table.keys()


def weigh(pids: Iterable[int]) -> Weight:
    table = process_table()
    pids = [pid for pid in pids if pid in table]
    return Weight(sum(table[pid].threads for pid in pids), sum(map(_private_bytes, pids)))


_lock = threading.Lock()
_last: tuple[float, Mapping[int, Entry]] = (0.0, {})


def process_table(age_s: float = _FRESH_S) -> Mapping[int, Entry]:
    """Every living process on the machine, at most `age_s` seconds old. Zombies are left out."""
    global _last  # noqa: PLW0603 one table for all the threads that watch a run
    with _lock:
        if time.monotonic() - _last[0] > age_s or age_s == 0:
            _last = (time.monotonic(), _read_table())
        return _last[1]


def _read_table() -> Mapping[int, Entry]:
    if sys.platform != "linux":
        return _psutil_table()
    table = {}
    for name in os.listdir("/proc"):  # noqa: PTH208 names, not paths, and often
        if name.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                # The name in parentheses may hold anything; what follows the last one is regular.
                text = Path(f"/proc/{name}/stat").read_bytes()
                rest = text[text.rindex(b")") + 2 :].split()
                if rest[0] not in (b"Z", b"X"):
                    table[int(name)] = Entry(int(rest[1]), int(rest[3]), int(rest[17]))
    return table


def _psutil_table() -> Mapping[int, Entry]:
    import psutil

    table = {}
    for process in psutil.process_iter(["ppid", "num_threads", "status"]):
        with contextlib.suppress(psutil.Error, OSError):
            if process.info["status"] != psutil.STATUS_ZOMBIE:
                session = os.getsid(process.pid)
                parent = process.info["ppid"] or 0
                table[process.pid] = Entry(parent, session, process.info["num_threads"] or 1)
    return table


def _psutil_environ(pid: int) -> Mapping[str, str]:
    import psutil

    try:
        return psutil.Process(pid).environ()
    except (psutil.Error, OSError):
        return {}


def _private_bytes(pid: int) -> int:
    if sys.platform != "linux":
        import psutil

        try:
            return int(psutil.Process(pid).memory_info().rss)
        except (psutil.Error, OSError):
            return 0
    try:
        fields = Path(f"/proc/{pid}/statm").read_bytes().split()
    except OSError:
        return 0
    return (int(fields[1]) - int(fields[2])) * os.sysconf("SC_PAGE_SIZE") if fields else 0


def _ourselves(table: Mapping[int, Entry]) -> set[int]:
    """This process and everything above it: never ours to end."""
    chain, pid = {0, 1}, os.getpid()
    while pid not in chain:
        chain.add(pid)
        pid = table[pid].parent if pid in table else 0
    return chain


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(OSError):
        os.kill(pid, number)
