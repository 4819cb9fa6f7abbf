"""What a program may touch under Landlock, written down for the warden that starts it.

Landlock hides nothing by mounting: paths outside are there and cannot be opened. Where user
namespaces can be had, the run has its own processes, network and shared memory besides, and all
that it may not write is mounted read-only; without them (`apart` false), the rest is left to the
filter on system calls, which has to be stricter.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from loopcoder.adapters.landlock import kernel, warden
from loopcoder.adapters.sandbox.call_filter import MACHINES, Wishes, filter_program
from loopcoder.adapters.sandbox.choice import (
    Around,
    Job,
    Mount,
    jailed_environment,
    way_out,
)
from loopcoder.adapters.sandbox.launch import Launch, Limits
from loopcoder.adapters.sandbox.run_mark import VARIABLE
from loopcoder.adapters.sandbox.toolchains import SYSTEM, Toolchains, has_secret_name
from loopcoder.adapters.scratch import scratch_folder
from loopcoder.adapters.secrecy.system_secrets import SECRET_PLACES, closed_to_others
from loopcoder.domain.diagnostic import Unavailable

_OLDEST_APART, _OLDEST_ALONE = 3, 6  # versions of the kernel's interface: Linux 6.2, Linux 6.12
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_PROBE_S = 20.0
_GAPS_ALONE = (
    "the command lines of other processes can be read, though not their environments",
    "modes, owners and times of your own files can be changed everywhere, though not what is in "
    "them",
    "hosts under `network:` are told apart by the proxy, but its port can be reached on other "
    "machines, too",
)
_REMEDY = (
    "Landlock alone needs Linux 6.12; with user namespaces Linux 6.2 will do. "
    "Install bubblewrap (Debian, Ubuntu: `apt install bubblewrap`), "
    "or write `sandbox: off` in loopcoder.yml to run agents and tests unprotected."
)


@dataclass(frozen=True, slots=True)
class Landlock:
    """`apart`: in namespaces of its own. What is hidden is never shown, not even below something
    that is."""

    version: int
    apart: bool
    around: Around
    tools: Toolchains

    @property
    def limits(self) -> Limits:
        return self.around.limits

    def describe(self) -> str:
        how = "with namespaces" if self.apart else "without namespaces"
        return f"Landlock {self.version} {how}"

    def gaps(self) -> tuple[str, ...]:
        return () if self.apart else _GAPS_ALONE

    def inside(self, mount: Mount) -> str:
        return str(mount.source.resolve())

    @contextlib.contextmanager
    def wrap(self, job: Job) -> Iterator[Launch]:
        with scratch_folder() as scratch, way_out(job, apart=self.apart) as gateway:
            home, temp = str(scratch / "home"), str(scratch / "tmp")
            env = jailed_environment(self.around, self.tools, job, gateway, home=home, temp=temp)
            ports = (gateway.port, *job.network.local_ports) if gateway else ()
            yield Launch(
                job.argv,
                env,
                job.cwd,
                job.limits or self.limits,
                jailer=(sys.executable, "-I", "-S", str(Path(warden.__file__))),
                jail=(json.dumps(self._plan(job, env, scratch, ports)),),
                marker="" if self.apart else env[VARIABLE],
                way=gateway,
                adopts=not self.apart,
                writable=(*job.writable, scratch),
            )

    def _plan(
        self, job: Job, env: Mapping[str, str], scratch: Path, ports: tuple[int, ...]
    ) -> Mapping[str, object]:
        everything = job.network.everything
        own_network = self.apart and not everything
        wishes = Wishes(own_network=own_network, any_host=everything, own_ipc=self.apart)
        writable = [path.resolve() for path in job.writable]
        writable += [mount.source.resolve() for mount in job.mounts if mount.writable]
        writable += [scratch / "home", scratch / "tmp"]
        return {
            "namespaces": self.apart,
            "own_network": own_network,
            "env": dict(env),
            "cwd": str(job.cwd),
            "writable": [str(path) for path in writable],
            "rules": [[str(path), rights] for path, rights in self._rules(job, writable)],
            "connect": None if own_network or everything else ports,
            "filter": base64.b64encode(filter_program(platform.machine(), wishes)).decode(),
        }

    def _rules(self, job: Job, writable: list[Path]) -> Iterator[tuple[Path, int]]:
        for path in _without(self._readable(job), self._unseen()):
            yield path, kernel.READ
        for place in (*job.read_only, job.cwd, *(mount.source for mount in job.mounts)):
            yield place.resolve(), kernel.READ
        for path in writable:
            yield path, kernel.WRITE
        for name in _DEVICES:
            yield Path("/dev", name), kernel.DEVICE
        yield Path("/proc"), kernel.READ
        yield Path("/sys/devices/system/cpu"), kernel.READ
        if self.apart:
            yield Path("/dev/shm"), kernel.WRITE

    def _readable(self, job: Job) -> Iterator[Path]:
        yield from (folder for folder in SYSTEM if not folder.is_symlink())
        yield from (path.resolve() for path in (*self.tools.read_only, *self.around.readable))
        if job.network.everything:
            yield Path("/etc/resolv.conf").resolve()

    def _unseen(self) -> frozenset[Path]:
        closed = closed_to_others() if os.geteuid() == 0 else ()
        unseen = (
            *self.around.hidden,
            self.around.home,
            *self.tools.masked,
            *map(Path, SECRET_PLACES),
            *closed,
        )
        return frozenset(path.resolve() for path in unseen)


def _without(shown: Iterable[Path], unseen: frozenset[Path]) -> Iterator[Path]:
    """Landlock can only add: a folder that holds something unseen is shown piece by piece."""
    holders = {above for path in unseen for above in path.parents}
    waiting = list(shown)
    while waiting:
        path = waiting.pop()
        if path in unseen:
            continue
        if path not in holders:
            yield path
            continue
        with contextlib.suppress(OSError):
            waiting += [each for each in path.iterdir() if not has_secret_name(each)]


def open_landlock(around: Around, *, apart: bool | None = None) -> Landlock:
    """The strongest form that really runs a program here; `apart` asks for one. Raises
    Unavailable."""
    version = kernel.landlock_version()
    if platform.machine() not in MACHINES or not version:
        why = "is not offered by this kernel" if not version else "is not known on this machine"
        raise Unavailable(f"The Landlock sandbox {why}.", _REMEDY)
    reasons = []
    for form in (True, False) if apart is None else (apart,):
        said = _probe(version, form)
        if not said:
            return Landlock(version, form, around, around.find_tools())
        reasons.append(f"{'with' if form else 'without'} namespaces: {said}")
    raise Unavailable(f"Landlock does not work here ({'; '.join(reasons)}).", _REMEDY)


@functools.cache
def _probe(version: int, apart: bool) -> str:
    """Run a program once; empty when that worked, else why not."""
    oldest = _OLDEST_APART if apart else _OLDEST_ALONE
    if version < oldest:
        return f"the kernel offers version {version}, and {oldest} is needed"
    from loopcoder.adapters.sandbox.launch import NotStarted, start

    sandbox = Landlock(version, apart, Around({}, Path("/")), Toolchains((), os.defpath))
    job = Job(("/bin/sh", "-c", "echo inside"), Path("/"))
    try:
        with sandbox.wrap(job) as launch:
            reading, writing = os.pipe()
            started = start(launch, subprocess.DEVNULL, writing, writing)
            os.close(writing)
            with os.fdopen(reading, "rb") as file:
                said = file.read().decode("utf-8", "replace").strip()
            started.process.wait(_PROBE_S)
            started.close()
    except (OSError, NotStarted, subprocess.TimeoutExpired) as error:
        return str(error)
    return "" if said == "inside" else said or "it could not be started"
