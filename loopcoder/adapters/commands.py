"""The project's own commands (setup, verify, preflight), run in the sandbox."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from loopcoder.adapters.sandbox.choice import Job, Sandbox
from loopcoder.adapters.sandbox.process import supervise
from loopcoder.adapters.sandbox.watch import Cause, Finished, Watch
from loopcoder.domain.guard.reach import NOTHING, Reach, reach_of, refusal
from loopcoder.domain.settings import MINUTE, Command
from loopcoder.ports.commands import CommandResult

_ARGV_TIMEOUT_S = 20 * MINUTE


class SandboxedCommands:
    """Runs command lines writable only in their folder; `readable` is shown besides (such as the
    object store that a clone borrows from)."""

    def __init__(self, sandbox: Sandbox, readable: Sequence[Path] = ()) -> None:
        self._sandbox = sandbox
        self._readable = tuple(readable)

    def run(
        self,
        command: Command,
        cwd: Path,
        log: Path,
        env: Mapping[str, str] | None = None,
        stop: threading.Event | None = None,
    ) -> CommandResult:
        argv = ("/bin/sh", "-c", command.run)
        job = self._job(argv, cwd, env or {}, reach_of(command.network))
        finished = self._supervise(job, Watch(command.timeout_s, stop=stop), log)
        return _result(command.run, finished, log)

    def argv_run(self, argv: Sequence[str], cwd: Path, log: Path) -> CommandResult:
        finished = self._supervise(self._job(tuple(argv), cwd, {}), Watch(_ARGV_TIMEOUT_S), log)
        return _result(" ".join(argv), finished, log)

    def _job(
        self, argv: tuple[str, ...], cwd: Path, env: Mapping[str, str], network: Reach = NOTHING
    ) -> Job:
        return Job(argv, cwd, env, (cwd,), self._readable, network=network)

    def _supervise(self, job: Job, watch: Watch, log: Path) -> Finished:
        with self._sandbox.wrap(job) as launch:
            return supervise(launch, watch, log)


def _result(command: str, finished: Finished, log: Path) -> CommandResult:
    said = (finished.tail, finished.reason, refusal(finished.refused))
    tail = "\n".join(part for part in said if part)
    return CommandResult(
        command,
        finished.exit_code,
        finished.seconds,
        tail,
        log,
        timed_out=finished.cause is Cause.TIMEOUT,
    )
