"""Running the project's own commands (setup, verify, preflight) where they can do no harm."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from loopcoder.domain.settings import Command


@dataclass(frozen=True, slots=True)
class CommandResult:
    """One finished command. `exit_code` is None when it was killed; `tail` its last lines.

    `log` is the file with the (capped) whole output.
    """

    command: str
    exit_code: int | None
    seconds: float
    tail: str
    log: Path
    timed_out: bool = False

    @property
    def passed(self) -> bool:
        return self.exit_code == 0 and not self.timed_out


class CommandRunner(Protocol):
    def run(
        self,
        command: Command,
        cwd: Path,
        log: Path,
        env: Mapping[str, str] | None = None,
        stop: threading.Event | None = None,
    ) -> CommandResult:
        """Run one command line inside the sandbox, writable only in `cwd`.

        Raises `Unavailable` when there is no sandbox and none was renounced.
        """

    def argv_run(self, argv: Sequence[str], cwd: Path, log: Path) -> CommandResult:
        """As `run`, without a shell."""
