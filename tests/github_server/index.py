"""Look-ups over a repository's shelves, made anew when something on them changed."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.github_server.records import Comment, Item, Label
from tests.github_server.shelf import Shelf


@dataclass(slots=True)
class Index:
    """`numbers`: item by database id; `blocks` and `parents` by database id give ids."""

    numbers: dict[int, int] = field(default_factory=dict)
    blocks: dict[int, list[int]] = field(default_factory=dict)
    parents: dict[int, int] = field(default_factory=dict)
    comments: dict[int, list[int]] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Indexes:
    _index: Index = field(default_factory=Index)
    _seen: list[int] = field(default_factory=lambda: [-1, -1, -1])

    def current(self, items: Shelf[Item], comments: Shelf[Comment], labels: Shelf[Label]) -> Index:
        index = self._index
        if self._seen[0] != items.revision:
            self._seen[0] = items.revision
            index.numbers, index.blocks, index.parents = {}, {}, {}
            for item in items.values():
                index.numbers[item.id] = item.number
                for key in item.blocked_by:
                    index.blocks.setdefault(key, []).append(item.id)
                for key in item.sub_issues:
                    index.parents[key] = item.id
        if self._seen[1] != comments.revision:
            self._seen[1] = comments.revision
            index.comments = {}
            for comment in comments.values():
                index.comments.setdefault(comment.number, []).append(comment.id)
        if self._seen[2] != labels.revision:
            self._seen[2] = labels.revision
            index.labels = {label.name.casefold(): label.id for label in labels.values()}
        return index
