"""Starting one program, sandboxed or not, with its limits in place before it runs."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from loopcoder.adapters.sandbox.cgroup import can_confine, confine, release
from loopcoder.adapters.sandbox.gate import gate_of

GIGABYTE = 1 << 30
_SETUP_S = 20.0  # making namespaces takes milliseconds; a loaded machine may need longer


@dataclass(frozen=True, slots=True)
class Limits:
    """The most a run may use. `tasks` counts processes and their threads.

    `memory` is the sum over the tree, `file` the size of a single file, `free_disk` what must
    remain free where it writes, `space` what all the folders it may write to hold together; all
    in bytes. `memory` None means three quarters of the machine's.
    """

    tasks: int = 2048
    memory: int | None = None
    file: int = 16 * GIGABYTE
    free_disk: int = GIGABYTE // 4
    space: int = 20 * GIGABYTE

    @property
    def memory_bytes(self) -> int:
        if self.memory is not None:
            return self.memory
        import psutil

        return max(GIGABYTE, int(psutil.virtual_memory().total * 3 / 4))


class Way(Protocol):
    """The way out of the run's own network, see `gateway.py`."""

    @property
    def refused(self) -> tuple[str, ...]:
        """Hosts that the program asked for and may not reach."""

    def open(self, pid: int) -> None:
        """Make it, in the network namespace of a process. Raises NotStarted."""


@dataclass(frozen=True, slots=True)
class Launch:
    """A program ready to be started.

    `jailer` is the program around it, if any, and `jail` its arguments, handed over by descriptor
    so that no path and no value shows in a process list. Instead of making namespaces it `adopts`
    the orphans of the run. `calls` is a filter on system calls for the jailer to install;
    `writable` are the folders whose size counts.
    `marker` is the value of LOOPCODER_RUN in `env` where strays have to be looked for before the
    next run; `way` leads to the hosts that may be reached, if only some may.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path
    limits: Limits = field(default_factory=Limits)
    jailer: tuple[str, ...] = ()
    jail: tuple[str, ...] = ()
    marker: str = ""
    way: Way | None = None
    adopts: bool = False
    calls: bytes = b""
    writable: tuple[Path, ...] = ()


class NotStarted(Exception):
    """The program could not be started; the text says why, in one sentence."""


@dataclass(slots=True)
class Started:
    """A running program. `inner` is the first process of its namespace, when it has one.

    `status` delivers the sandbox's report about the program's end; `group` is its control group.
    """

    process: subprocess.Popen[bytes]
    inner: int | None = None
    status: int | None = None
    group: Path | None = None

    def ran(self) -> bool:
        """Whether the program itself was reached; call once, after the end."""
        if self.status is None:
            return True
        with contextlib.suppress(OSError):
            return b'"exit-code"' in os.read(self.status, 4096)
        return False

    def close(self) -> None:
        if self.status is not None:
            os.close(self.status)
            self.status = None
        if self.group is not None:
            release(self.group)
            self.group = None


def start(launch: Launch, stdin: int, stdout: int, stderr: int) -> Started:
    """Start the program on the given descriptors. Raises NotStarted."""
    if not launch.argv:
        raise NotStarted("No program is named.")
    if not launch.cwd.is_dir():
        raise NotStarted(_no_folder(launch))
    if launch.jailer:
        return _start_jailed(launch, stdin, stdout, stderr)
    try:
        process = subprocess.Popen(
            launch.argv,
            cwd=launch.cwd,
            env=dict(launch.env),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
            close_fds=True,
        )
    except (OSError, ValueError) as error:
        raise NotStarted(_why(launch, error)) from error
    _limit(process.pid, launch.limits, tasks=False)
    return Started(process)


def _start_jailed(launch: Launch, stdin: int, stdout: int, stderr: int) -> Started:
    """The jailer makes the namespaces and waits; the limits are set; then the program may run.

    The number of tasks is limited inside the new user namespace, where only the run's own tasks
    are counted: set earlier, it would count all that the person runs on the machine.
    """
    with contextlib.ExitStack() as ours:
        words = _memory_file(b"".join(os.fsencode(word) + b"\0" for word in launch.jail))
        report, report_end = os.pipe()
        gate = gate_of(launch.calls)
        ours.callback(os.close, words)
        ours.callback(gate.close)
        argv = (*launch.jailer, "--args", str(words), "--json-status-fd", str(report_end))
        try:
            process = subprocess.Popen(
                (*argv, gate.option, str(gate.theirs), "--", *launch.argv),
                env=dict(launch.env),
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
                close_fds=True,
                pass_fds=(words, report_end, gate.theirs),
            )
        except (OSError, ValueError) as error:
            os.close(report)
            raise NotStarted(_why(launch, error)) from error
        finally:
            os.close(report_end)
        gate.close_theirs()
        started = Started(process, None, report)
        with _ended_unless_ready(started):
            deadline = time.monotonic() + _SETUP_S
            started.inner = _inner_pid(report, deadline)
            if started.inner is not None:
                _limit(started.inner, launch.limits, tasks=not launch.adopts)
                started.group = confine(started.inner, launch.limits.tasks)
                if launch.way is not None:
                    launch.way.open(started.inner)
                if not gate.let_through(deadline):
                    raise _too_slow()
    os.set_blocking(report, False)
    return started


@contextlib.contextmanager
def _ended_unless_ready(started: Started) -> Iterator[None]:
    try:
        yield
    except BaseException:
        started.process.kill()
        started.process.wait()
        started.close()
        raise


def _memory_file(content: bytes) -> int:
    fd = os.memfd_create("arguments", os.MFD_CLOEXEC)
    os.write(fd, content)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def _too_slow() -> NotStarted:
    return NotStarted(f"The sandbox was not ready within {_SETUP_S:g} seconds.")


def _inner_pid(report: int, deadline: float) -> int | None:
    """The host's number of the namespace's first process; None when the set-up failed.

    Raises NotStarted when it takes too long: without limits nothing may run."""
    text = b""
    while b"}" not in text:
        if not readable(report, max(0.0, deadline - time.monotonic())):
            raise _too_slow()
        piece = os.read(report, 4096)
        if not piece:
            return None
        text += piece
    first = json.loads(text[: text.index(b"}") + 1])
    return int(first["child-pid"])


def readable(fd: int, seconds: float) -> bool:
    """Whether there is something to read within so many seconds."""
    poller = select.poll()  # not select(), which refuses descriptors above 1023
    poller.register(fd, select.POLLIN)
    return bool(poller.poll(seconds * 1000))


def _limit(pid: int, limits: Limits, *, tasks: bool) -> None:
    """Set resource limits on a process that is about to start others. Linux only."""
    import resource

    if not hasattr(resource, "prlimit"):
        return
    # Data, not address space: runtimes reserve far more of the latter than they ever use.
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: limits.file,
        resource.RLIMIT_DATA: limits.memory_bytes,
    }
    if tasks and _counts_by_namespace():
        wanted[resource.RLIMIT_NPROC] = limits.tasks
    for which, most in wanted.items():
        with contextlib.suppress(OSError, ValueError):
            _, hard = resource.prlimit(pid, which)
            capped = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.prlimit(pid, which, (capped, capped))


def tasks_are_bounded_by(*, namespaces: bool) -> str:
    """What keeps the number of tasks of a run on this machine, in a few words."""
    if os.geteuid() == 0:
        return "control group" if can_confine() else "watched"
    return "kernel" if namespaces and _counts_by_namespace() else "watched"


def _counts_by_namespace() -> bool:
    """Whether RLIMIT_NPROC counts per user namespace, and not all that the person runs."""
    release_number = os.uname().release.split(".")
    return tuple(int("".join(filter(str.isdigit, n)) or 0) for n in release_number[:2]) >= (5, 14)


def _why(launch: Launch, error: Exception) -> str:
    if not launch.cwd.is_dir():
        return _no_folder(launch)
    if isinstance(error, FileNotFoundError):
        return f"`{launch.argv[0]}` was not found."
    if isinstance(error, PermissionError):
        return f"`{launch.argv[0]}` is not executable."
    return f"`{launch.argv[0]}` could not be started: {error}."


def _no_folder(launch: Launch) -> str:
    return f"The folder {launch.cwd} does not exist."
