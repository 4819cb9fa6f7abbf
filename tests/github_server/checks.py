"""Check runs, commit statuses and workflow runs, as a CI would have reported them."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class CheckRun:
    """`status` is queued, in_progress or completed; `conclusion` is set when completed."""

    id: int
    suite: int
    head_sha: str
    name: str
    status: str
    conclusion: str | None
    started_at: datetime
    completed_at: datetime | None
    title: str = ""
    summary: str = ""
    details_url: str | None = None


@dataclass(frozen=True, slots=True)
class Status:
    id: int
    sha: str
    context: str
    state: str
    creator: int
    created_at: datetime
    description: str | None = None
    target_url: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    id: int
    name: str
    conclusion: str | None
    log: str
    steps: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class WorkflowRun:
    """One run of a workflow on a commit, with its jobs."""

    id: int
    number: int
    workflow: str
    path: str
    head_branch: str
    head_sha: str
    event: str
    status: str
    conclusion: str | None
    created_at: datetime
    attempt: int = 1
    jobs: tuple[Job, ...] = field(default=())

    @property
    def workflow_id(self) -> int:
        return zlib.crc32(self.path.encode())
