"""What only a human may do with a pull request: merge it, close it, say what is wrong with it.

The engine has no way here: no port has these verbs, and inside an attempt each one refuses.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from loopcoder.adapters.git.repository import Repository
from loopcoder.adapters.local.actors import register
from loopcoder.adapters.local.attempt_guard import refuse_inside_attempt
from loopcoder.adapters.local.branches import Branches
from loopcoder.adapters.local.items import PULL, close_item, demand, reopen_item, stamp, touch
from loopcoder.adapters.local.merge_commit import make_merge
from loopcoder.adapters.local.pull_book import PullBook
from loopcoder.adapters.local.pulls import demand_no_other, read_feedback, record_merge
from loopcoder.adapters.local.store import Store
from loopcoder.domain.diagnostic import LoopcoderError, NotFound
from loopcoder.domain.issues.host_rules import checked_body
from loopcoder.domain.issues.human import MergeMethod, Remark
from loopcoder.domain.issues.issue import Actor, Feedback, PullRequest, PullState
from loopcoder.ports.clock import Clock


class PullDesk:
    """A person at work on `local.db` and the repository; `actor` is that person."""

    def __init__(
        self,
        path: Path,
        repository: Repository,
        base: str,
        actor: Actor,
        clock: Clock,
        guard: Callable[[], None] = refuse_inside_attempt,
    ) -> None:
        self._store = Store(path)
        self._git = repository.git
        self._base = base
        self._actor = actor
        self._clock = clock
        self._guard = guard
        self._branches = Branches(repository)
        self._book = PullBook(self._store, repository, clock)

    def merge(
        self,
        number: int,
        method: MergeMethod = MergeMethod.MERGE,
        *,
        even_draft: bool = False,
        delete_branch: bool = False,
    ) -> PullRequest:
        """Merge into the base, and complete the issues that the body closes.

        A working tree that has the base checked out goes along; where that would overwrite
        something of the user's, Unavailable is raised and nothing has changed. Raises Conflicted
        when the sides disagree. Merging what is merged changes nothing.
        """
        self._guard()
        pull = self._book.get(number)
        if pull.state is PullState.MERGED:
            return pull
        _demand_mergeable(pull, even_draft)
        self._land(pull, method)
        if delete_branch and self._branches.head(pull.branch) == pull.head:
            self._branches.delete(pull.branch, pull.head)
        return self._book.get(number)

    def close(self, number: int) -> PullRequest:
        """Close it unmerged; closing what is closed changes nothing."""
        self._guard()
        with self._store.writing() as db:
            demand(db, number, PULL)
            close_item(db, number, None, self._actor, self._now())
        return self._book.get(number)

    def reopen(self, number: int) -> PullRequest:
        """Open it again, unless it was merged or its branch has another one by now."""
        self._guard()
        pull = self._book.get(number)
        if pull.state is PullState.MERGED:
            raise LoopcoderError(f"#{number} is merged and cannot be opened again.")
        if pull.state is PullState.CLOSED:
            with self._store.writing() as db:
                demand_no_other(db, pull.branch)
                reopen_item(db, number, self._now())
        return self._book.get(number)

    def remark(self, number: int, remark: Remark) -> Feedback:
        """Say something that asks for an answer: the next tick works on it."""
        self._guard()
        head, now = self._book.get(number).head, self._now()
        with self._store.writing() as db:
            db.execute(
                "INSERT INTO feedback "
                "(number, author, body, at, requests_changes, file, line, head) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    number,
                    register(db, self._actor),
                    checked_body(remark.body),
                    now,
                    remark.requests_changes,
                    remark.file,
                    remark.line,
                    head,
                ),
            )
            touch(db, number, now)
            return read_feedback(db, number)[-1]

    def shut(self) -> None:
        """Let go of the file."""
        self._store.close()

    def _land(self, pull: PullRequest, method: MergeMethod) -> None:
        base = self._branches.head(pull.base)
        if base is None:
            raise NotFound(f"There is no branch {pull.base} to merge into.")
        commit = make_merge(self._git, pull, base, method)
        if commit == base:
            raise LoopcoderError(f"#{pull.number} changes nothing that {pull.base} does not have.")
        self._begin(pull, commit)
        self._branches.advance(pull.base, commit, base)
        with self._store.writing() as db:
            record_merge(db, pull, commit, self._actor, self._now())

    def _begin(self, pull: PullRequest, commit: str) -> None:
        """Written before the base moves: if we die in between, the next look sees the merge."""
        with self._store.writing() as db:
            db.execute(
                "UPDATE pulls SET landing_commit = ?, landing_by = ? WHERE number = ?",
                (commit, register(db, self._actor), pull.number),
            )

    def _now(self) -> str:
        return stamp(self._clock.now())


def _demand_mergeable(pull: PullRequest, even_draft: bool) -> None:
    if not pull.is_open:
        raise LoopcoderError(
            f"#{pull.number} is {pull.state}.",
            f"Reopen it first: loopcoder pr reopen {pull.number}",
        )
    if pull.draft and not even_draft:
        raise LoopcoderError(
            f"#{pull.number} is a draft: it was put up for a person's judgement.",
            "Look at it, then merge it with --even-draft.",
        )
