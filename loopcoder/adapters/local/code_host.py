"""Branches and pull requests on this machine, behind the same port as GitHub's.

A branch is a branch of the user's repository, and its objects are there already; pushing moves
the reference. There is no verb here that writes to a base branch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from loopcoder.adapters.git.repository import Repository
from loopcoder.adapters.local.branches import Branches
from loopcoder.adapters.local.items import PULL, demand, rewrite_item, stamp
from loopcoder.adapters.local.pull_book import PullBook
from loopcoder.adapters.local.pulls import insert_pull, read_feedback, record_head
from loopcoder.adapters.local.store import Store
from loopcoder.domain.diagnostic import LoopcoderError, NotFound
from loopcoder.domain.issues.host_rules import checked_branch
from loopcoder.domain.issues.issue import Actor, Feedback, PullDraft, PullRequest
from loopcoder.ports.clock import Clock


class LocalCodeHost:
    """The port `CodeHost` on `local.db` and the repository's own branches."""

    def __init__(
        self, path: Path, repository: Repository, base: str, actor: Actor, clock: Clock
    ) -> None:
        self._store = Store(path)
        self._base = base
        self._actor = actor
        self._clock = clock
        self._branches = Branches(repository)
        self._book = PullBook(self._store, repository, clock)

    def branch_head(self, branch: str) -> str | None:
        return self._branches.head(branch)

    def push_branch(self, branch: str, commit: str, expected: str | None) -> None:
        """As the port says. A branch that the user has checked out takes the user's tree along;
        where that would overwrite local changes, Unavailable is raised."""
        checked_branch(branch, self._base)
        self._branches.advance(branch, commit, expected)
        with self._store.writing() as db:
            record_head(db, branch, commit, self._now())

    def delete_branch(self, branch: str, expected: str) -> None:
        checked_branch(branch, self._base)
        self._book.list_all()  # open pull requests must remember the head that is about to go
        self._branches.delete(branch, expected)

    def list_branches(self, prefix: str) -> Sequence[tuple[str, str]]:
        heads = self._branches.heads()
        return [(name, head) for name, head in heads.items() if name.startswith(prefix)]

    def list_pulls(self) -> Sequence[PullRequest]:
        return self._book.list_all()

    def get_pull(self, number: int) -> PullRequest:
        return self._book.get(number)

    def create_pull(self, draft: PullDraft) -> PullRequest:
        checked_branch(draft.branch, self._base)
        heads = self._branches.heads()
        self._book.list_all(heads)  # a merge that nobody has noticed must not stand in the way
        head, base = _demand_head(heads, draft.branch), _demand_head(heads, draft.base)
        if self._book.relation(base, head).contained:
            raise LoopcoderError(f"{draft.branch} has nothing that {draft.base} does not have.")
        with self._store.writing() as db:
            created = insert_pull(db, draft, head, self._actor, self._now())
        return self._book.get(created.number, heads)

    def update_pull(
        self, number: int, *, title: str | None = None, body: str | None = None
    ) -> PullRequest:
        with self._store.writing() as db:
            demand(db, number, PULL)
            rewrite_item(db, number, title, body, self._actor, self._now())
        return self._book.get(number)

    def request_reviews(self, number: int, names: Sequence[str]) -> None:
        """Nobody is told: whoever works here finds the pull request in the report."""
        with self._store.writing() as db:
            demand(db, number, PULL)
            query = "UPDATE pulls SET reviewers = ? WHERE number = ?"
            db.execute(query, ("\n".join(names), number))

    def list_feedback(self, number: int) -> Sequence[Feedback]:
        with self._store.reading() as db:
            demand(db, number, PULL)
            return read_feedback(db, number)

    def close(self) -> None:
        """Let go of the file."""
        self._store.close()

    def _now(self) -> str:
        return stamp(self._clock.now())


def _demand_head(heads: Mapping[str, str], branch: str) -> str:
    if branch not in heads:
        raise NotFound(f"There is no branch {branch}.")
    return heads[branch]
