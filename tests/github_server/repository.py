"""One repository: its records, its people's roles and its git folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from tests.github_server.account import Account, App, Role
from tests.github_server.checks import CheckRun, Status, WorkflowRun
from tests.github_server.git_store import GitStore
from tests.github_server.index import CommentIndex, ItemIndex, LabelIndex
from tests.github_server.records import (
    BodyEdit,
    Comment,
    Event,
    Item,
    Label,
    Milestone,
    Review,
    ReviewComment,
)
from tests.github_server.sequence import Sequence
from tests.github_server.shelf import Shelf


@dataclass(frozen=True, slots=True)
class Acting:
    """Who does something, when, and through which app."""

    account: Account
    at: datetime
    app: App | None = None

    @property
    def id(self) -> int:
        return self.account.id

    @property
    def app_id(self) -> int | None:
        return self.app.id if self.app else None


@dataclass(slots=True)
class Repository:
    id: int
    owner: Account
    name: str
    git: GitStore
    ids: Sequence
    created_at: datetime
    private: bool = False
    default_branch: str = "main"
    protected: set[str] = field(default_factory=set)
    required_checks: dict[str, list[str]] = field(default_factory=dict)
    ruled_checks: dict[str, list[str]] = field(default_factory=dict)
    last_number: int = 0
    roles: dict[int, Role] = field(default_factory=dict)
    items: Shelf[Item] = field(default_factory=Shelf)
    comments: Shelf[Comment] = field(default_factory=Shelf)
    labels: Shelf[Label] = field(default_factory=Shelf)
    milestones: Shelf[Milestone] = field(default_factory=Shelf)
    events: dict[int, list[Event]] = field(default_factory=dict)
    edits: dict[int, list[BodyEdit]] = field(default_factory=dict)
    reviews: dict[int, Review] = field(default_factory=dict)
    review_comments: dict[int, ReviewComment] = field(default_factory=dict)
    check_runs: dict[int, CheckRun] = field(default_factory=dict)
    statuses: list[Status] = field(default_factory=list)
    runs: dict[int, WorkflowRun] = field(default_factory=dict)
    deleted: set[int] = field(default_factory=set)
    known_refs: dict[str, str] = field(default_factory=dict)
    _item_index: ItemIndex = field(default_factory=ItemIndex)
    _comment_index: CommentIndex = field(default_factory=CommentIndex)
    _label_index: LabelIndex = field(default_factory=LabelIndex)

    @property
    def full_name(self) -> str:
        return f"{self.owner.login}/{self.name}"

    def role(self, account: Account | None) -> Role:
        floor = Role.NONE if self.private else Role.READ
        if account is None:
            return floor
        if account.id == self.owner.id:
            return Role.ADMIN
        return max(floor, self.roles.get(account.id, Role.NONE))

    def next_number(self) -> int:
        """Issues and pull requests share it. Call it when nothing can fail any more."""
        self.last_number += 1
        return self.last_number

    def item(self, number: int) -> Item | None:
        return self.items.get(number)

    def by_id(self, database_id: int) -> Item | None:
        number = self.index.numbers.get(database_id)
        return None if number is None else self.items.get(number)

    @property
    def index(self) -> ItemIndex:
        self._item_index = self._item_index.follow(self.items)
        return self._item_index

    def all_items(self, as_of: datetime | None = None) -> Iterator[Item]:
        """Everything that was not transferred away."""
        return (item for item in self.items.values(as_of) if item.moved_to is None)

    def pulls(self) -> list[Item]:
        return [item for item in self.all_items() if item.pull is not None]

    def save(self, item: Item, at: datetime, **changes: Any) -> Item:
        """The item with some fields changed and `updated_at` moved on; as it was, if none is."""
        changed = replace(item, **changes)
        if changed != item:
            changed = replace(changed, updated_at=at)
            self.items.put(item.number, changed, at)
        return changed

    def keep(self, item: Item, at: datetime, **changes: Any) -> Item:
        """The item with some fields changed and `updated_at` as it was."""
        changed = replace(item, **changes)
        self.items.put(item.number, changed, at)
        return changed

    def touch(self, number: int, at: datetime) -> None:
        item = self.items.get(number)
        if item is not None:
            self.items.put(number, replace(item, updated_at=at), at)

    def record(self, number: int, kind: str, who: Acting, **detail: Any) -> Event:
        event = Event(self.ids.next(), number, kind, who.id, who.at, detail, who.app_id)
        self.events.setdefault(number, []).append(event)
        return event

    def rename_branch(self, old: str, new: str, at: datetime) -> None:
        """As on the web site: pull requests into it, or from it, go along."""
        tip = self.git.head(old)
        assert tip is not None, old
        self.git.move(f"refs/heads/{new}", tip)
        if old == self.default_branch:
            self.git.git("symbolic-ref", "HEAD", f"refs/heads/{new}")
            self.default_branch = new
        self.git.move(f"refs/heads/{old}", None)
        self.known_refs = self.git.refs("refs/heads", "refs/tags")
        for item in self.pulls():
            pull = item.pull
            if pull is not None and item.is_open and old in (pull.base_ref, pull.head_ref):
                base = new if pull.base_ref == old else pull.base_ref
                head = new if pull.head_ref == old else pull.head_ref
                self.save(item, at, pull=replace(pull, base_ref=base, head_ref=head))

    def comments_of(self, number: int, as_of: datetime | None = None) -> list[Comment]:
        if as_of is not None:
            return [each for each in self.comments.values(as_of) if each.number == number]
        self._comment_index = self._comment_index.follow(self.comments)
        found = (self.comments.get(key) for key in self._comment_index.of.get(number, ()))
        return [each for each in found if each is not None]

    def label_named(self, name: str) -> Label | None:
        self._label_index = self._label_index.follow(self.labels)
        key = self._label_index.named.get(name.casefold())
        return None if key is None else self.labels.get(key)
