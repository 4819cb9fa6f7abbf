"""Where branches and pull requests live. There is no verb to merge or to approve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from loopcoder.domain.issues.issue import Feedback, PullDraft, PullRequest


class CodeHost(Protocol):
    """Branches and pull requests of one repository. A commit is named by its full hash."""

    def branch_head(self, branch: str) -> str | None:
        """The commit a branch points to, or None when there is no such branch."""

    def push_branch(self, branch: str, commit: str, expected: str | None) -> None:
        """Move a `loopcoder/*` branch to a descendant of `expected` (None: it must not exist).

        Pushing what is already there changes nothing. Anything unexpected raises `Stale`;
        nothing is ever forced. Any other branch name raises `LoopcoderError`.
        """

    def delete_branch(self, branch: str, expected: str) -> None:
        """Remove a `loopcoder/*` branch that still points to `expected`; else raises `Stale`."""

    def list_branches(self, prefix: str) -> Sequence[tuple[str, str]]:
        """Names and heads of the branches under a prefix."""

    def list_pulls(self) -> Sequence[PullRequest]:
        """Every pull request, open, merged and closed, by number."""

    def get_pull(self, number: int) -> PullRequest:
        """One pull request as it is now; `NotFound` when there is none."""

    def create_pull(self, draft: PullDraft) -> PullRequest:
        """Open a pull request; a second open one for a branch raises `Stale`."""

    def update_pull(
        self, number: int, *, title: str | None = None, body: str | None = None
    ) -> PullRequest:
        """Replace title or body."""

    def request_reviews(self, number: int, names: Sequence[str]) -> None:
        """Ask people, or teams (`owner/team`), to look at a pull request; twice is once. Who
        cannot be asked is passed over."""

    def list_feedback(self, number: int) -> Sequence[Feedback]:
        """Reviews that ask for changes and review comments, by anyone, oldest first."""
