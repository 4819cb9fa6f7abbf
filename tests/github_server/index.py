"""Look-ups over a repository's shelves, made anew when something on them changed."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.github_server.records import Comment, Item, Label
from tests.github_server.shelf import Shelf


@dataclass(slots=True)
class ItemIndex:
    """`numbers`: an item's number by its database id; `blocks` and `parents` give ids by id."""

    revision: int = -1
    numbers: dict[int, int] = field(default_factory=dict)
    blocks: dict[int, list[int]] = field(default_factory=dict)
    parents: dict[int, int] = field(default_factory=dict)

    def follow(self, items: Shelf[Item]) -> ItemIndex:
        if self.revision == items.revision:
            return self
        fresh = ItemIndex(items.revision)
        for item in items.values():
            fresh.numbers[item.id] = item.number
            for key in item.blocked_by:
                fresh.blocks.setdefault(key, []).append(item.id)
            for key in item.sub_issues:
                fresh.parents[key] = item.id
        return fresh


@dataclass(slots=True)
class CommentIndex:
    """The ids of comments by the number they belong to."""

    revision: int = -1
    of: dict[int, list[int]] = field(default_factory=dict)

    def follow(self, comments: Shelf[Comment]) -> CommentIndex:
        if self.revision == comments.revision:
            return self
        fresh = CommentIndex(comments.revision)
        for comment in comments.values():
            fresh.of.setdefault(comment.number, []).append(comment.id)
        return fresh


@dataclass(slots=True)
class LabelIndex:
    """The ids of labels by their names, whatever the case."""

    revision: int = -1
    named: dict[str, int] = field(default_factory=dict)

    def follow(self, labels: Shelf[Label]) -> LabelIndex:
        if self.revision == labels.revision:
            return self
        named = {label.name.casefold(): label.id for label in labels.values()}
        return LabelIndex(labels.revision, named)
