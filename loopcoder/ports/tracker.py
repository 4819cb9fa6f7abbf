"""Where issues live."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from loopcoder.domain.issues.issue import (
    Actor,
    CloseReason,
    Comment,
    Issue,
    IssueDraft,
    IssueText,
    LabelDefinition,
    LabelEvent,
    Permission,
)


class Tracker(Protocol):
    """Issues, labels and comments. A missing issue raises `NotFound`.

    Every verb is one write at the most. None is retried by the caller without looking first.
    """

    def whoami(self) -> Actor:
        """The account our writes are made with."""

    def permission(self, actor: Actor) -> Permission:
        """What the actor may do, asked by number, never by name."""

    def list_issues(self) -> Sequence[Issue]:
        """Every issue, open and closed, by number. Pull requests are not among them."""

    def get_issue(self, number: int) -> Issue:
        """One issue as it is now."""

    def create_issue(self, draft: IssueDraft) -> Issue:
        """File a new issue, its labels with it, in one write."""

    def update_issue(
        self, number: int, *, title: str | None = None, body: str | None = None
    ) -> Issue:
        """Replace title or body."""

    def close_issue(self, number: int, reason: CloseReason) -> Issue:
        """Close it; closing a closed issue changes nothing."""

    def reopen_issue(self, number: int) -> Issue:
        """Open it again; re-opening an open issue changes nothing."""

    def add_label(self, number: int, label: str) -> None:
        """Put a label on, making its definition if there is none; twice is once."""

    def remove_label(self, number: int, label: str) -> None:
        """Take a label off; taking off a label that is not there changes nothing."""

    def list_labels(self) -> Sequence[str]:
        """The names of all label definitions."""

    def define_label(self, label: LabelDefinition) -> None:
        """Make a label's definition; one that is there already stays as people have it."""

    def delete_label(self, label: str) -> None:
        """Remove a definition, and the label from everything that has it; gone is gone."""

    def read_text(self, number: int) -> IssueText:
        """An issue's title and body, and who changed them when."""

    def list_label_events(self, number: int) -> Sequence[LabelEvent]:
        """Who put which label on or off, oldest first."""

    def list_comments(self, number: int) -> Sequence[Comment]:
        """The comments of an issue or a pull request, oldest first."""

    def create_comment(self, number: int, body: str) -> Comment:
        """Comment on an issue or a pull request."""

    def update_comment(self, comment: int, body: str) -> Comment:
        """Replace a comment's text."""
