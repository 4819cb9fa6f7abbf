"""What a program that may be hostile is kept in, and the choice among what a machine offers."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from loopcoder.adapters.sandbox.launch import Launch, Limits
from loopcoder.adapters.sandbox.run_mark import VARIABLE, run_mark
from loopcoder.adapters.sandbox.toolchains import Toolchains, find_toolchains
from loopcoder.adapters.scratch import scratch_folder
from loopcoder.domain.diagnostic import ConfigurationError, Unavailable
from loopcoder.domain.guard.reach import NOTHING, Reach

if TYPE_CHECKING:
    from loopcoder.adapters.sandbox.gateway import Gateway

_KEPT = ("LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "LC_MESSAGES", "TZ")
_FIXED = {
    "TERM": "dumb",
    "CI": "true",  # test runners neither watch for changes nor ask questions
    "SHELL": "/bin/sh",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
}


@dataclass(frozen=True, slots=True)
class Mount:
    """A file or folder of ours shown at another `place` inside (an absolute path)."""

    source: Path
    place: str
    writable: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """A program and all that it may touch.

    `env` is added to a small allow-list. `writable` and `read_only` are shown where they are;
    everything else outside the system's folders and the tools on PATH does not exist inside.
    `network_log` gets a line for every host that was asked for. Without `limits` those of the
    sandbox hold.
    """

    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str] = field(default_factory=dict)
    writable: tuple[Path, ...] = ()
    read_only: tuple[Path, ...] = ()
    mounts: tuple[Mount, ...] = ()
    network: Reach = NOTHING
    network_log: Path | None = None
    limits: Limits | None = None


class Sandbox(Protocol):
    def describe(self) -> str:
        """A few words for people: what it is, and which version."""

    def gaps(self) -> tuple[str, ...]:
        """What it does not keep from programs, a sentence each."""

    def inside(self, mount: Mount) -> str:
        """The path by which the program knows a mount."""

    def wrap(self, job: Job) -> AbstractContextManager[Launch]:
        """The job ready to start, with an empty home that is removed afterwards."""


@dataclass(frozen=True, slots=True)
class NoSandbox:
    """No walls: a clean environment, an empty home, and a mark to find the processes by."""

    environ: Mapping[str, str]
    limits: Limits = field(default_factory=Limits)

    def describe(self) -> str:
        return f"off: {self.gaps()[0]}"

    def gaps(self) -> tuple[str, ...]:
        return ("agents and tests can read and write whatever you can",)

    def inside(self, mount: Mount) -> str:
        return str(mount.source)

    @contextlib.contextmanager
    def wrap(self, job: Job) -> Iterator[Launch]:
        with scratch_folder() as scratch:
            mark = run_mark(job.cwd)
            env = {
                **clean_environment(self.environ),
                "PATH": self.environ.get("PATH", os.defpath),
                "HOME": str(scratch / "home"),
                "TMPDIR": str(scratch / "tmp"),
                **job.env,
                VARIABLE: mark,
            }
            limits = job.limits or self.limits
            yield Launch(
                job.argv, env, job.cwd, limits, marker=mark, writable=(*job.writable, scratch)
            )


def choose_sandbox(
    mode: str,
    *,
    environ: Mapping[str, str],
    home: Path | None = None,
    readable: Sequence[Path] = (),
    hidden: Sequence[Path] = (),
    limits: Limits | None = None,
) -> Sandbox:
    """The sandbox that `sandbox:` asks for: auto, bubblewrap, landlock or off.

    `environ` is where PATH, language and time zone come from; `readable` is shown read-only to
    every program; `hidden` (the repository, our state) is never shown; `limits` hold for every
    run. Raises Unavailable when none works on this machine, ConfigurationError for an unknown mode.
    """
    if mode == "off":
        return NoSandbox(dict(environ), limits or Limits())
    if mode not in ("auto", "bubblewrap", "landlock"):
        raise ConfigurationError(
            f"sandbox: {mode} is not known.", "Use auto, bubblewrap, landlock or off."
        )
    if sys.platform != "linux":
        raise Unavailable(
            "There is no sandbox for this system yet: bubblewrap and Landlock need Linux.",
            "Write `sandbox: off` in loopcoder.yml to run agents and tests unprotected, "
            "or run loopcoder on Linux.",
        )
    home = home or Path.home()
    shown = tuple(_readable(path, home) for path in readable)
    around = Around(environ, home, shown, tuple(hidden), limits or Limits())
    if mode == "landlock":
        return _landlock(around)
    try:
        return _bubblewrap(around)
    except Unavailable as first:
        if mode == "bubblewrap":
            raise
        try:
            return _landlock(around)
        except Unavailable as second:
            raise Unavailable(f"{first.summary} {second.summary}", first.remedy) from second


@dataclass(frozen=True, slots=True)
class Around:
    """What every sandbox is opened with, see `choose_sandbox`."""

    environ: Mapping[str, str]
    home: Path
    readable: tuple[Path, ...] = ()
    hidden: tuple[Path, ...] = ()
    limits: Limits = field(default_factory=Limits)

    def find_tools(self) -> Toolchains:
        path = self.environ.get("PATH", os.defpath)
        return find_toolchains(path, self.home, (*self.hidden, self.home))


def _bubblewrap(around: Around) -> Sandbox:
    from loopcoder.adapters.sandbox.bubblewrap import open_bubblewrap

    return open_bubblewrap(around)


def _landlock(around: Around) -> Sandbox:
    from loopcoder.adapters.landlock.sandbox import open_landlock

    return open_landlock(around)


def _readable(path: Path, home: Path) -> Path:
    """A path of `readable:`; showing these would undo the sandbox or mean another thing inside."""
    if path.parts[:1] == ("~",):
        path = home.joinpath(*path.parts[1:])
    if not path.is_absolute() or ".." in path.parts:
        raise ConfigurationError(
            f"readable: {path} is not an absolute path.", "Write it out, or begin it with ~/."
        )
    if str(path) in ("/", "/tmp", "/run") or path.parts[1] in ("proc", "dev", "sys"):
        raise ConfigurationError(
            f"readable: {path} cannot be shown inside the sandbox.",
            "Name the folder that is needed.",
        )
    return path


@contextlib.contextmanager
def way_out(job: Job, *, apart: bool = True) -> Iterator[Gateway | None]:
    """The way to the hosts that a job may reach; None where it may reach none, or everything.

    `apart` says whether the run has a network of its own.
    """
    if not job.network.hosts:
        yield None
        return
    from loopcoder.adapters.sandbox.gateway import Gateway

    gateway = Gateway(job.network, job.network_log, apart=apart)
    try:
        yield gateway
    finally:
        gateway.close()


def clean_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Language and time zone of the person, and nothing else of theirs."""
    return {**{name: environ[name] for name in _KEPT if name in environ}, **_FIXED}


def jailed_environment(
    around: Around, tools: Toolchains, job: Job, way: Gateway | None, *, home: str, temp: str
) -> dict[str, str]:
    """What a program behind walls finds in its environment; `home` and `temp` as it sees them."""
    return {
        **clean_environment(around.environ),
        **tools.env,
        "PATH": tools.path,
        "HOME": home,
        "USER": "worker",
        "LOGNAME": "worker",
        "TMPDIR": temp,
        **(way.env if way else {}),
        **job.env,
        VARIABLE: run_mark(job.cwd),
    }
