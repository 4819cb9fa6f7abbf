"""Who does the work: a command, an agent's command line, or a model we drive ourselves."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from loopcoder.domain.settings import WorkerSpec
from loopcoder.domain.tick.failure import FailureClass
from loopcoder.domain.unit import UnitId


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens and money of one run. `usd` None means that nobody said."""

    input_tokens: int = 0
    output_tokens: int = 0
    usd: Decimal | None = None

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens


UNUSED = Usage(usd=Decimal(0))
"""Of an agent that was never started: known to have cost nothing."""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Further work an agent noticed; a person decides whether it becomes a unit."""

    title: str
    body: str = ""


@dataclass(frozen=True, slots=True)
class Lesson:
    """Something an agent learned of the repository, and which paths it is about. It becomes a hint
    for other agents, never an instruction."""

    text: str
    paths: tuple[str, ...] = ()


class Outcome(StrEnum):
    """What the agent says of itself. Only `blocked` and `needs-input` are believed."""

    DONE = "done"
    BLOCKED = "blocked"
    NEEDS_INPUT = "needs-input"
    SATISFIED = "satisfied"


@dataclass(frozen=True, slots=True)
class Progress:
    """A sign of life: the newest line of output, and counters for display."""

    line: str = ""
    steps: int = 0
    usd: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """One worker run.

    `tree` is the writable checkout, `outbox` an empty folder of ours for transcript and outcome.
    `max_usd` and `max_tokens` are what was reserved. `session` resumes an earlier session, or with
    `fork` a copy of it. `home` is the agent's own folder: it lives as long as the attempt, and
    sessions with it; without one, none can be resumed.
    `stop` is set when the run must end at the next safe point.
    """

    unit: UnitId
    attempt: int
    round: int
    prompt: str
    tree: Path
    outbox: Path
    max_usd: Decimal | None = None
    max_tokens: int | None = None
    timeout_s: float = 3000.0
    stall_s: float = 600.0
    session: str = ""
    fork: bool = False
    home: Path | None = None
    stop: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, slots=True)
class WorkResult:
    """How the run ended. `failure` is None when the agent ran to its end, whatever it did.

    `tail` is the end of its output; `session` names what can be resumed. `open_steps` are the
    numbers, from 1, of the checklist's steps that are not done; None when it said nothing of them.
    """

    outcome: Outcome = Outcome.DONE
    failure: FailureClass | None = None
    reason: str = ""
    summary: str = ""
    evidence: str = ""
    usage: Usage | None = None
    session: str = ""
    follow_ups: tuple[FollowUp, ...] = ()
    open_steps: tuple[int, ...] | None = None
    learned: tuple[Lesson, ...] = ()
    tail: str = ""
    seconds: float = 0.0


class Worker(Protocol):
    """Runs to the end or is stopped; leaves its edits in the tree and commits nothing."""

    spec: WorkerSpec

    def run(self, order: WorkOrder, progress: Callable[[Progress], None]) -> WorkResult:
        """Do the work. Failures are values; only bugs raise."""
