"""The project's own commands, run on a fresh checkout of exactly one commit."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from loopcoder.domain.ci.first_error import first_error
from loopcoder.domain.journal.event import Json
from loopcoder.domain.review.verdict import Check
from loopcoder.domain.settings import Command, Settings
from loopcoder.domain.unit import Unit
from loopcoder.engine.attempt.setup import run_setup
from loopcoder.engine.attempt.stage import Suspended
from loopcoder.engine.services import Services

E2E_LABEL = "e2e"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the checks of one commit said. No check at all is not green."""

    commit: str
    checks: tuple[Check, ...]

    @property
    def green(self) -> bool:
        return bool(self.checks) and all(check.passed for check in self.checks)

    @property
    def failing(self) -> str:
        """The first check that is not green, in a few words."""
        red = next((c for c in self.checks if not c.passed), None)
        if red is None:
            return "" if self.checks else "no verify command"
        how = "timed out" if red.timed_out else f"exited {red.exit_code}"
        told = first_error(red.tail)
        return f"`{red.name}` {how}: {told}" if told else f"`{red.name}` {how}"

    @property
    def tail(self) -> str:
        """The end of the first red check's output."""
        return next((c.tail for c in self.checks if not c.passed), "")

    def as_json(self) -> list[Json]:
        return [asdict(check) for check in self.checks]


def checks_from_json(rows: object) -> tuple[Check, ...]:
    """Checks as a receipt holds them."""
    assert isinstance(rows, list)
    return tuple(Check(**row) for row in rows)


def gates_for(settings: Settings, units: Sequence[Unit]) -> tuple[Command, ...]:
    """The commands that prove these units: the configured ones, their own, end-to-end if asked."""
    own = [Command(line) for unit in units for line in unit.verify]
    labels = {label for unit in units for label in unit.labels}
    e2e = settings.e2e if E2E_LABEL in labels else ()
    unique = {command.run: command for command in (*settings.verify, *own, *e2e)}
    return tuple(unique.values())


def combined_gates(settings: Settings, units: Sequence[Unit]) -> tuple[Command, ...]:
    """What a wave's combination has to pass: the units' gates and, where there are any, the
    end-to-end commands, whatever the labels."""
    own = gates_for(settings, units)
    return tuple({command.run: command for command in (*own, *settings.e2e)}.values())


def gates_digest(settings: Settings, commands: Sequence[Command]) -> str:
    """Names a set of gates, so that a commit is not checked twice for the same thing."""
    lines = [c.run for c in (*settings.setup, *commands)]
    return hashlib.sha256(json.dumps(lines).encode()).hexdigest()[:16]


def verify_commit(
    services: Services, commit: str, commands: Sequence[Command], logs: Path, name: str
) -> Evidence:
    """Run every command, also after a red one, on a fresh checkout of the commit."""
    logs.mkdir(parents=True, exist_ok=True)
    tree = services.workspaces.checkout(commit, name)
    try:
        run_setup(services, tree, commit, logs, name)
        checks = tuple(
            _check(services, command, tree, logs / f"{name}-{index}.log")
            for index, command in enumerate(commands, 1)
        )
    finally:
        services.workspaces.discard(tree)
    if services.stop.is_set():
        raise Suspended("stopped during verification; the next tick verifies again.")
    return Evidence(commit, checks)


def _check(services: Services, command: Command, tree: Path, log: Path) -> Check:
    env: Mapping[str, str] = services.settings.verify_env
    stop: threading.Event = services.stop
    result = services.commands.run(command, tree, log, env, stop)
    return Check(
        name=command.run,
        passed=result.passed,
        exit_code=result.exit_code,
        seconds=round(result.seconds, 2),
        tail=result.tail,
        timed_out=result.timed_out,
    )
