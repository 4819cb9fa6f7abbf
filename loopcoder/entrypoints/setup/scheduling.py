"""One repository's timer on this machine: which kind, what it runs, where it is."""

from __future__ import annotations

import hashlib
import os
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from loopcoder.adapters.timers import Crontab, LaunchdTimers, Shell, Standing, SystemdTimers
from loopcoder.domain.diagnostic import LoopcoderError, Unavailable
from loopcoder.entrypoints.setup.timer_texts import (
    Timer,
    cron_line,
    launchd_plist,
    systemd_units,
    with_line,
    without_line,
)
from loopcoder.entrypoints.wiring.bootstrap import House
from loopcoder.entrypoints.wiring.folders import user_home

_KEPT = ("LOOPCODER_CACHE", "XDG_CACHE_HOME", "LANG", "GITHUB_API_URL", "GITHUB_SERVER_URL")
"""Variables a timer's tick has as this process has them. No secret is ever written down."""

_USUAL_PATH = ("/usr/local/bin", "/usr/bin", "/bin")


@dataclass(frozen=True, slots=True)
class Schedule:
    """The timer of one repository, installed or not."""

    kind: str
    timer: Timer
    shell: Shell
    home: Path
    house: House

    @classmethod
    def of(cls, house: House, kind: str = "auto", minutes: int = 30) -> Schedule:
        """Of kind `none` where this machine has no kind of timer, as only looking allows."""
        shell, root = Shell(house.environ), house.repository.root
        home = user_home(house.environ)
        place = hashlib.sha256(os.fsencode(root)).hexdigest()[:8]
        name = "".join(c if c.isalnum() or c in "-_" else "-" for c in root.name)[:40]
        timer = Timer(
            name=f"loopcoder-{name}-{place}",
            repository=root,
            program=(os.path.abspath(sys.executable), "-P", "-m", "loopcoder"),  # noqa: PTH100
            path=search_path(house.environ.get("PATH", "")),
            log=house.repository.state_dir / "schedule.log",
            minutes=minutes,
            environment={n: house.environ[n] for n in _KEPT if house.environ.get(n)},
        )
        return cls(_chosen(kind, shell), timer, shell, home, house)

    @property
    def root(self) -> Path:
        return self.timer.repository

    def files(self) -> dict[str, bytes]:
        """What the timer is made of, by name."""
        match self.kind:
            case "systemd":
                return {name: text.encode() for name, text in systemd_units(self.timer).items()}
            case "launchd":
                return {f"{self.timer.name}.plist": launchd_plist(self.timer)}
            case _:
                return {"crontab": f"{cron_line(self.timer)}\n".encode()}

    def install(self) -> None:
        if self.kind == "none":
            raise Unavailable(
                "this machine has neither a systemd of yours nor cron.",
                "Install cron, or tick on GitHub: loopcoder init --github.",
            )
        _ = self.house.state_dir  # the log's folder
        if self.kind == "cron":
            crontab = Crontab(self.shell)
            crontab.write(with_line(crontab.read(), self.timer))
        else:
            self._timers.install(self.timer.name, self.files())

    def remove(self) -> bool:
        """Whether there was one."""
        if self.kind == "none":
            return False
        if self.kind != "cron":
            return self._timers.remove(self.timer.name)
        crontab = Crontab(self.shell)
        before = crontab.read()
        after = without_line(before, self.timer.name)
        if after == before:
            return False
        crontab.write(after)
        return True

    def standing(self) -> Standing:
        if self.kind == "none":
            return Standing((), False)
        if self.kind != "cron":
            return self._timers.standing(self.timer.name)
        text = Crontab(self.shell).read()
        return Standing((), without_line(text, self.timer.name) != text)

    def last_tick(self) -> datetime | None:
        """When the newest run here began."""
        from ulid import ULID

        runs = self.house.repository.state_dir / "runs"
        names = sorted((p.name for p in runs.glob("*") if len(p.name) == 26), reverse=True)
        for name in names:
            try:
                return ULID.from_str(name).datetime
            except ValueError:
                continue
        return None

    def notes(self) -> list[str]:
        """What a person should know of a timer of this kind."""
        notes = []
        if self.kind == "systemd":
            notes.append("it runs while you are logged in; `loginctl enable-linger` lets it go on")
        if self.house.config_source.exists() and self.house.on_github:
            notes.append(
                "a timer knows no token of your shell: put GITHUB_TOKEN where it finds it "
                "(systemctl --user edit, a launchd plist of yours, or the crontab)"
            )
        return notes

    @property
    def _timers(self) -> SystemdTimers | LaunchdTimers:
        if self.kind == "systemd":
            chosen = self.shell.environ.get("XDG_CONFIG_HOME")
            config = Path(chosen) if chosen else self.home / ".config"
            return SystemdTimers(self.shell, config / "systemd" / "user")
        return LaunchdTimers(self.shell, self.home / "Library" / "LaunchAgents")


def search_path(path: str) -> str:
    """PATH for a timer: this one's absolute folders that are there, and the usual ones."""
    folders = [each for each in path.split(os.pathsep) if each.startswith("/")]
    there = [each for each in (*folders, *_USUAL_PATH) if Path(each).is_dir()]
    return os.pathsep.join(dict.fromkeys(there))


def _chosen(kind: str, shell: Shell) -> str:
    if kind != "auto":
        return kind
    if sys.platform == "darwin":
        return "launchd"
    if shell.has("systemctl") and _answers(shell):
        return "systemd"
    if shell.has("crontab"):
        return "cron"
    return "none"


def _answers(shell: Shell) -> bool:
    """Whether the user's systemd runs: containers and some servers have the program alone."""
    try:
        return shell.run("systemctl", "--user", "show-environment", check=False).returncode == 0
    except LoopcoderError:
        return False
