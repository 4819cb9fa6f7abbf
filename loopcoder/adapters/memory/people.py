"""A scripted human with one vocabulary, whatever tracker and code host are behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from loopcoder.adapters.memory.desk import MemoryDesk
from loopcoder.adapters.memory.forge import MemoryForge
from loopcoder.adapters.memory.tracker import MemoryTracker
from loopcoder.domain.issues.human import MergeMethod, Remark
from loopcoder.domain.issues.issue import (
    Actor,
    CloseReason,
    Comment,
    Feedback,
    Issue,
    IssueDraft,
    PullRequest,
)
from loopcoder.ports.tracker import Tracker


class PersonalTracker(Tracker, Protocol):
    """A tracker written to in a person's name, with what only people do."""

    def assign(self, number: int, actor: Actor) -> None: ...

    def unassign(self, number: int, actor: Actor) -> None: ...

    def delete_label(self, label: str) -> None: ...


class Desk(Protocol):
    """What a person may do with pull requests."""

    def merge(
        self,
        number: int,
        method: MergeMethod = MergeMethod.MERGE,
        *,
        even_draft: bool = False,
        delete_branch: bool = False,
    ) -> PullRequest: ...

    def close(self, number: int) -> PullRequest: ...

    def reopen(self, number: int) -> PullRequest: ...

    def remark(self, number: int, remark: Remark) -> Feedback: ...


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who files, labels, comments, merges. Used by tests and by the demo."""

    actor: Actor
    tracker: PersonalTracker
    desk: Desk

    @classmethod
    def in_memory(cls, forge: MemoryForge, actor: Actor) -> Person:
        return cls(actor, MemoryTracker(forge, actor), MemoryDesk(forge, actor))

    # --- issues

    def file(self, title: str, body: str = "", labels: frozenset[str] = frozenset()) -> Issue:
        return self.tracker.create_issue(IssueDraft(title, body, labels))

    def edit(self, number: int, *, title: str | None = None, body: str | None = None) -> Issue:
        return self.tracker.update_issue(number, title=title, body=body)

    def complete(self, number: int) -> Issue:
        return self.tracker.close_issue(number, CloseReason.COMPLETED)

    def reject(self, number: int) -> Issue:
        return self.tracker.close_issue(number, CloseReason.NOT_PLANNED)

    def reopen(self, number: int) -> Issue:
        return self.tracker.reopen_issue(number)

    def label(self, number: int, label: str) -> None:
        self.tracker.add_label(number, label)

    def unlabel(self, number: int, label: str) -> None:
        self.tracker.remove_label(number, label)

    def delete_label(self, label: str) -> None:
        self.tracker.delete_label(label)

    def take(self, number: int) -> None:
        """Assign the issue to themselves."""
        self.tracker.assign(number, self.actor)

    def comment(self, number: int, body: str) -> Comment:
        """Say something on an issue or a pull request that asks for nothing."""
        return self.tracker.create_comment(number, body)

    # --- pull requests

    def merge(self, number: int, method: MergeMethod = MergeMethod.MERGE) -> PullRequest:
        """Merge it, even when it is a draft."""
        return self.desk.merge(number, method, even_draft=True)

    def close_pull(self, number: int) -> PullRequest:
        return self.desk.close(number)

    def reopen_pull(self, number: int) -> PullRequest:
        return self.desk.reopen(number)

    def review(self, number: int, body: str, file: str = "", line: int = 0) -> Feedback:
        """Ask for changes."""
        return self.desk.remark(number, Remark(body, True, file, line))

    def remark(self, number: int, body: str, file: str = "", line: int = 0) -> Feedback:
        """Comment on the change, and expect an answer."""
        return self.desk.remark(number, Remark(body, False, file, line))
