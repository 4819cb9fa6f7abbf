"""Agents that follow a script: for the demo and the tests, through the same sandbox as any other.

The format of a script is described in `scripted_agent.py`, the program that follows it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from loopcoder.adapters.agents import scripted_agent
from loopcoder.adapters.agents.command import CommandReviewer, CommandWorker
from loopcoder.adapters.agents.paperwork import Program
from loopcoder.adapters.sandbox.choice import Sandbox
from loopcoder.domain.settings import WorkerSpec
from loopcoder.ports.planner import PlanReply
from loopcoder.ports.reviewer import ReviewOrder
from loopcoder.ports.worker import Progress


class ScriptedWorker(CommandWorker):
    """Does what `script` (JSON) says for the unit and attempt at hand."""

    def __init__(
        self, spec: WorkerSpec, sandbox: Sandbox, script: str, readable: Sequence[Path] = ()
    ) -> None:
        super().__init__(_without_argv(spec), sandbox, (*readable, _interpreter()))
        self._script = script

    def program(self) -> Program:
        return _program("work", self._script)


class ScriptedReviewer(CommandReviewer):
    """Judges as `script` (JSON) says, whatever the change holds."""

    def __init__(
        self, spec: WorkerSpec, sandbox: Sandbox, script: str, readable: Sequence[Path] = ()
    ) -> None:
        super().__init__(_without_argv(spec), sandbox, (*readable, _interpreter()))
        self._script, self._sandbox, self._shown = script, sandbox, readable

    def program(self) -> Program:
        return _program("review", self._script)

    def plan(self, order: ReviewOrder, progress: Callable[[Progress], None]) -> PlanReply:
        return _ScriptedPlanner(self.spec, self._sandbox, self._script, self._shown).plan(
            order, progress
        )


class _ScriptedPlanner(CommandReviewer):
    """Proposes what the script says for the role `plan`."""

    def __init__(
        self, spec: WorkerSpec, sandbox: Sandbox, script: str, readable: Sequence[Path]
    ) -> None:
        super().__init__(spec, sandbox, (*readable, _interpreter()))
        self._script = script

    def program(self) -> Program:
        return _program("plan", self._script)


def _program(role: str, script: str) -> Program:
    python = str(Path(sys.executable).resolve())
    argv = (python, "-I", "-S", "scripted_agent.py", role, "script.json")
    return Program(argv, {3: Path(scripted_agent.__file__).read_bytes(), 5: script.encode()})


def _interpreter() -> Path:
    """The Python that runs us, without the packages of a virtual environment."""
    return Path(sys.base_prefix).resolve()


def _without_argv(spec: WorkerSpec) -> WorkerSpec:
    return replace(spec, argv=())
