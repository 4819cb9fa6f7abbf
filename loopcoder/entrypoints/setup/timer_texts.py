"""The texts of a timer of the user's own that ticks: systemd, launchd or cron."""

from __future__ import annotations

import plistlib
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

MARK = "loopcoder tick"


@dataclass(frozen=True, slots=True)
class Timer:
    """One repository's timer. `name` is a file name of its own; `program` starts loopcoder, with
    absolute paths; `path` is what PATH is set to, for a timer inherits none. Times in minutes."""

    name: str
    repository: Path
    program: Sequence[str]
    path: str
    log: Path
    minutes: int = 30
    environment: Mapping[str, str] | None = None

    @property
    def command(self) -> tuple[str, ...]:
        return (*self.program, "-C", str(self.repository), "tick")


def systemd_units(timer: Timer) -> dict[str, str]:
    """The service and its timer, by file name."""
    environment = {"PATH": timer.path, **(timer.environment or {})}
    lines = [f"Environment={_systemd_word(f'{k}={v}')}" for k, v in environment.items()]
    service = "\n".join(
        [
            "[Unit]",
            f"Description={_systemd_text(f'{MARK} in {timer.repository}')}",
            "",
            "[Service]",
            "Type=oneshot",
            f"WorkingDirectory={_systemd_text(str(timer.repository))}",
            *lines,
            f"ExecStart={' '.join(_systemd_word(w).replace('$', '$$') for w in timer.command)}",
            "# Another tick is at work, or a rate limit is spent: the next one goes on.",
            "SuccessExitStatus=75",
            "TimeoutStartSec=6h",
        ]
    )
    clock = "\n".join(
        [
            "[Unit]",
            f"Description={_systemd_text(f'{MARK} in {timer.repository}')}",
            "",
            "[Timer]",
            "OnActiveSec=1min",
            f"OnUnitInactiveSec={timer.minutes}min",
            "RandomizedDelaySec=60",
            "",
            "[Install]",
            "WantedBy=timers.target",
        ]
    )
    return {f"{timer.name}.service": f"{service}\n", f"{timer.name}.timer": f"{clock}\n"}


def launchd_plist(timer: Timer) -> bytes:
    """The agent's property list."""
    return plistlib.dumps(
        {
            "Label": timer.name,
            "ProgramArguments": list(timer.command),
            "WorkingDirectory": str(timer.repository),
            "EnvironmentVariables": {"PATH": timer.path, **(timer.environment or {})},
            "StartInterval": timer.minutes * 60,
            "RunAtLoad": True,
            "ProcessType": "Background",
            "StandardOutPath": str(timer.log),
            "StandardErrorPath": str(timer.log),
        }
    )


def cron_line(timer: Timer) -> str:
    """The line of a crontab, with the mark by which it is found again."""
    environment = {"PATH": timer.path, **(timer.environment or {})}
    words = [f"{name}={shlex.quote(value)}" for name, value in environment.items()]
    log = shlex.quote(str(timer.log))
    command = " ".join([*words, shlex.join(timer.command), ">>", log, "2>&1"])
    # A percent sign ends the command for cron.
    return f"{_cron_times(timer.minutes)} {command.replace('%', chr(92) + '%')} # {timer.name}"


def with_line(crontab: str, timer: Timer) -> str:
    """A crontab with the timer's line, in place of what it had of it; others' lines as they are."""
    return without_line(crontab, timer.name) + cron_line(timer) + "\n"


def without_line(crontab: str, name: str) -> str:
    lines = [line for line in crontab.splitlines() if not line.endswith(f" # {name}")]
    return "".join(f"{line}\n" for line in lines)


def _cron_times(minutes: int) -> str:
    if minutes < 60:
        return f"*/{minutes} * * * *"
    return f"17 */{max(1, min(23, round(minutes / 60)))} * * *"


def _systemd_word(text: str) -> str:
    """One word of a unit file: quoted, with systemd's own marks escaped."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'


def _systemd_text(text: str) -> str:
    return text.replace("%", "%%")
