"""Agents and commands whose words are looked through before anybody hears them.

A worker that got hold of a secret, however, must not have it printed in a report, sent on to a
reviewer's provider, or put into the next prompt.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Event
from typing import Any

from loopcoder.adapters.secrecy.redacting import masked
from loopcoder.domain.guard.redaction import Redactor
from loopcoder.domain.settings import Command, WorkerSpec
from loopcoder.ports.commands import CommandResult, CommandRunner
from loopcoder.ports.reviewer import Reviewer, ReviewOrder, ReviewReply
from loopcoder.ports.worker import Progress, Worker, WorkOrder, WorkResult

Told = Callable[[Progress], None]


def redacting_workers(
    open_worker: Callable[[str], Worker], redactor: Redactor
) -> Callable[[str], Worker]:
    """Workers by name, with all that they say masked."""
    return lambda name: _RedactingWorker(open_worker(name), redactor)


def redacting_reviewers(
    open_reviewer: Callable[[str], Reviewer], redactor: Redactor
) -> Callable[[str], Reviewer]:
    """Reviewers by name, with all that they say masked."""
    return lambda name: _RedactingReviewer(open_reviewer(name), redactor)


def redacting_commands(inner: CommandRunner, redactor: Redactor) -> CommandRunner:
    """The project's commands, with what they printed masked."""
    return _RedactingCommands(inner, redactor)


class _RedactingWorker:
    def __init__(self, inner: Worker, redactor: Redactor) -> None:
        self._inner, self._redactor = inner, redactor
        self.spec: WorkerSpec = inner.spec

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def run(self, order: WorkOrder, progress: Told) -> WorkResult:
        result: WorkResult = masked(
            self._inner.run(order, _masking(progress, self._redactor)), self._redactor
        )
        return result


class _RedactingReviewer:
    def __init__(self, inner: Reviewer, redactor: Redactor) -> None:
        self._inner, self._redactor = inner, redactor
        self.spec: WorkerSpec = inner.spec

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def review(self, order: ReviewOrder, progress: Told) -> ReviewReply:
        reply: ReviewReply = masked(
            self._inner.review(order, _masking(progress, self._redactor)), self._redactor
        )
        return reply


class _RedactingCommands:
    def __init__(self, inner: CommandRunner, redactor: Redactor) -> None:
        self._inner, self._redactor = inner, redactor

    def run(
        self,
        command: Command,
        cwd: Path,
        log: Path,
        env: Mapping[str, str] | None = None,
        stop: Event | None = None,
    ) -> CommandResult:
        return self._masked(self._inner.run(command, cwd, log, env, stop))

    def argv_run(self, argv: Sequence[str], cwd: Path, log: Path) -> CommandResult:
        return self._masked(self._inner.argv_run(argv, cwd, log))

    def _masked(self, result: CommandResult) -> CommandResult:
        said: CommandResult = masked(result, self._redactor)
        return said


def _masking(progress: Told, redactor: Redactor) -> Told:
    return lambda step: progress(masked(step, redactor))
