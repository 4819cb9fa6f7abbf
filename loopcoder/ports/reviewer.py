"""Who judges the work, without being able to change it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Protocol

from loopcoder.domain.review.verdict import Verdict
from loopcoder.domain.settings import WorkerSpec
from loopcoder.domain.tick.failure import FailureClass
from loopcoder.domain.unit import UnitId
from loopcoder.ports.worker import Progress, Usage


@dataclass(frozen=True, slots=True)
class ReviewOrder:
    """One review. `tree` is a read-only checkout of `head`; `prompt` holds the whole packet.

    `diff_sha256` and `head` are what the verdict must repeat to count.
    """

    unit: UnitId
    attempt: int
    round: int
    prompt: str
    tree: Path
    outbox: Path
    head: str
    diff_sha256: str
    max_usd: Decimal | None = None
    max_tokens: int | None = None
    timeout_s: float = 1200.0
    stop: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, slots=True)
class ReviewReply:
    """`verdict` is None when the answer could not be read; then `reason` says why."""

    verdict: Verdict | None
    failure: FailureClass | None = None
    reason: str = ""
    usage: Usage | None = None
    tail: str = ""
    seconds: float = 0.0


class Reviewer(Protocol):
    spec: WorkerSpec

    def review(self, order: ReviewOrder, progress: Callable[[Progress], None]) -> ReviewReply:
        """Judge the change. Failures are values; only bugs raise."""
