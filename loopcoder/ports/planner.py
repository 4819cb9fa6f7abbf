"""Who splits a large unit into steps, without being able to change anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from loopcoder.domain.settings import WorkerSpec
from loopcoder.domain.tick.failure import FailureClass
from loopcoder.ports.reviewer import ReviewOrder
from loopcoder.ports.worker import Progress, Usage


@dataclass(frozen=True, slots=True)
class PlanReply:
    """`steps` is empty when there is no plan that can be used; then `reason` says why."""

    steps: tuple[str, ...] = ()
    failure: FailureClass | None = None
    reason: str = ""
    usage: Usage | None = None
    seconds: float = 0.0


class Planner(Protocol):
    spec: WorkerSpec

    def plan(self, order: ReviewOrder, progress: Callable[[Progress], None]) -> PlanReply:
        """Propose steps for the unit of the order, which names the base as its head. Failures are
        values; only bugs raise."""
