"""Putting a timer where the system looks for it, and taking it away again."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from loopcoder.domain.diagnostic import LoopcoderError, Unavailable


@dataclass(frozen=True, slots=True)
class Standing:
    """What there is of a timer: the files it is made of, and what the system says of it."""

    files: tuple[Path, ...]
    active: bool
    said: str = ""


@dataclass(frozen=True, slots=True)
class Shell:
    """Programs of the system, looked for on PATH. `environ` is what they are started with."""

    environ: Mapping[str, str]

    def has(self, program: str) -> bool:
        return shutil.which(program, path=self.environ.get("PATH")) is not None

    def run(
        self, *argv: str, text: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Raises Unavailable without the program, LoopcoderError with its words when it refuses."""
        found = shutil.which(argv[0], path=self.environ.get("PATH"))
        if found is None:
            raise Unavailable(f"{argv[0]} was not found.", "Name another kind with --kind.")
        done = subprocess.run(
            [found, *argv[1:]],
            env=dict(self.environ),
            input=text,
            stdin=subprocess.DEVNULL if text is None else None,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if check and done.returncode != 0:
            words = " ".join((done.stderr or done.stdout).split()) or f"exit code {done.returncode}"
            raise LoopcoderError(f"{' '.join(argv[:3])} failed: {words}")
        return done


@dataclass(frozen=True, slots=True)
class SystemdTimers:
    """The user's own systemd. `folder` is where its units are."""

    shell: Shell
    folder: Path

    def install(self, name: str, files: Mapping[str, bytes]) -> None:
        _write(self.folder, files)
        self.shell.run("systemctl", "--user", "daemon-reload")
        self.shell.run("systemctl", "--user", "enable", "--now", f"{name}.timer")

    def remove(self, name: str) -> bool:
        there = [p for p in self._files(name) if p.exists()]
        if there:
            self.shell.run("systemctl", "--user", "disable", "--now", f"{name}.timer", check=False)
            for path in there:
                path.unlink()
            self.shell.run("systemctl", "--user", "daemon-reload")
        return bool(there)

    def standing(self, name: str) -> Standing:
        there = tuple(path for path in self._files(name) if path.exists())
        if not there:
            return Standing((), False)
        done = self.shell.run("systemctl", "--user", "is-active", f"{name}.timer", check=False)
        return Standing(there, done.returncode == 0, done.stdout.strip())

    def _files(self, name: str) -> Sequence[Path]:
        return [self.folder / f"{name}.timer", self.folder / f"{name}.service"]


@dataclass(frozen=True, slots=True)
class LaunchdTimers:
    """The user's launch agents."""

    shell: Shell
    folder: Path

    def install(self, name: str, files: Mapping[str, bytes]) -> None:
        _write(self.folder, files)
        self.shell.run("launchctl", "bootout", self._target(name), check=False)
        self.shell.run("launchctl", "bootstrap", self._domain, str(self._file(name)))

    def remove(self, name: str) -> bool:
        path = self._file(name)
        there = path.exists()
        if there:
            self.shell.run("launchctl", "bootout", self._target(name), check=False)
            path.unlink()
        return there

    def standing(self, name: str) -> Standing:
        path = self._file(name)
        if not path.exists():
            return Standing((), False)
        done = self.shell.run("launchctl", "print", self._target(name), check=False)
        return Standing((path,), done.returncode == 0)

    @property
    def _domain(self) -> str:
        return f"gui/{os.getuid()}"

    def _target(self, name: str) -> str:
        return f"{self._domain}/{name}"

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.plist"


@dataclass(frozen=True, slots=True)
class Crontab:
    """The user's crontab; lines of others are never touched."""

    shell: Shell

    def read(self) -> str:
        done = self.shell.run("crontab", "-l", check=False)
        return done.stdout if done.returncode == 0 else ""

    def write(self, text: str) -> None:
        self.shell.run("crontab", "-", text=text)


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise LoopcoderError(f"{folder} cannot be written: {error.strerror}.") from error
