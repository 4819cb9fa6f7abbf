"""What a repository holds, as immutable values. Accounts, labels and milestones go by number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Label:
    id: int
    name: str
    color: str = "ededed"
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Milestone:
    id: int
    number: int
    title: str
    creator: int
    created_at: datetime
    updated_at: datetime
    description: str | None = None
    state: str = "open"
    due_on: datetime | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pull:
    """What a pull request has beyond an issue. `merged_at` set: merged as `merge_commit`."""

    id: int
    head_ref: str
    head_sha: str
    base_ref: str
    base_sha: str
    draft: bool = False
    merged_at: datetime | None = None
    merged_by: int | None = None
    merge_commit: str | None = None
    reviewers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """An issue, or a pull request where `pull` is set. `moved_to`: transferred, as URL path."""

    id: int
    number: int
    title: str
    body: str | None
    author: int
    created_at: datetime
    updated_at: datetime
    state: str = "open"
    state_reason: str | None = None
    closed_at: datetime | None = None
    closed_by: int | None = None
    labels: tuple[int, ...] = ()
    assignees: tuple[int, ...] = ()
    milestone: int | None = None
    locked: bool = False
    lock_reason: str | None = None
    app: int | None = None
    blocked_by: tuple[int, ...] = ()
    sub_issues: tuple[int, ...] = ()
    pull: Pull | None = None
    moved_to: tuple[int, int] | None = None

    @property
    def is_open(self) -> bool:
        return self.state == "open"


@dataclass(frozen=True, slots=True)
class Comment:
    id: int
    number: int
    body: str
    author: int
    created_at: datetime
    updated_at: datetime
    app: int | None = None


@dataclass(frozen=True, slots=True)
class BodyEdit:
    """Somebody replaced an item's body. GitHub's `diff` is the text as it was left."""

    id: int
    number: int
    editor: int
    body: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Review:
    """`state` is PENDING, COMMENTED, APPROVED, CHANGES_REQUESTED or DISMISSED."""

    id: int
    number: int
    author: int
    body: str
    state: str
    commit: str
    submitted_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReviewComment:
    id: int
    number: int
    review: int
    author: int
    body: str
    path: str
    line: int | None
    side: str
    commit: str
    created_at: datetime
    updated_at: datetime
    reply_to: int | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to an item; `detail` is what its kind carries on the wire."""

    id: int
    number: int
    kind: str
    actor: int
    at: datetime
    detail: dict[str, Any]
    app: int | None = None
