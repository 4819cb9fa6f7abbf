"""The code host in memory: branches as a dictionary, commits with a parent relation to script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from loopcoder.adapters.memory.forge import MemoryForge
from loopcoder.adapters.memory.pulls import observe, open_pull_of
from loopcoder.domain.diagnostic import LoopcoderError, NotFound, Stale
from loopcoder.domain.issues.host_rules import (
    checked_body,
    checked_branch,
    checked_labels,
    checked_title,
    parse_closes,
)
from loopcoder.domain.issues.issue import BOT, Actor, Feedback, PullDraft, PullRequest


class MemoryCodeHost:
    """The port `CodeHost`. Give it the tracker's forge, so that they share their numbers.

    A pushed commit that was never described in `forge.commits` (one made by real git) counts as
    a child of the branch's last head, or of the base where there is none.
    """

    def __init__(self, forge: MemoryForge | None = None, actor: Actor = BOT) -> None:
        self.forge = forge or MemoryForge()
        self._actor = actor

    def fail(
        self,
        verb: str,
        *,
        times: int = 1,
        error: BaseException | None = None,
        after_commit: bool = False,
    ) -> None:
        """The next calls of a verb fail; see `Faults.add`."""
        self.forge.faults.add(verb, times=times, error=error, after_commit=after_commit)

    def branch_head(self, branch: str) -> str | None:
        with self.forge.reading("branch_head"):
            return self.forge.branches.get(branch)

    def push_branch(self, branch: str, commit: str, expected: str | None) -> None:
        checked_branch(branch, self.forge.base)
        with self.forge.writing("push_branch", self._actor) as now:
            current = self.forge.branches.get(branch)
            if current == commit:
                return
            if current != expected:
                raise Stale(f"{branch} is at {current}; it was expected at {expected}.")
            self.forge.commits.adopt(commit, expected or self.forge.branches.get(self.forge.base))
            if expected and not self.forge.commits.is_ancestor(expected, commit):
                raise Stale(f"{branch} is at {expected}, which {commit} would throw away.")
            self.forge.branches[branch] = commit
            pull = open_pull_of(self.forge, branch)
            if pull is not None:
                self.forge.touch(pull.number, now)

    def delete_branch(self, branch: str, expected: str) -> None:
        checked_branch(branch, self.forge.base)
        with self.forge.writing("delete_branch", self._actor):
            current = self.forge.branches.get(branch)
            if current != expected:
                raise Stale(f"{branch} is at {current}; it was expected at {expected}.")
            open_pull_of(self.forge, branch)  # which remembers the head that is about to go
            del self.forge.branches[branch]

    def list_branches(self, prefix: str) -> Sequence[tuple[str, str]]:
        with self.forge.reading("list_branches"):
            pairs = sorted(self.forge.branches.items())
            return [(name, head) for name, head in pairs if name.startswith(prefix)]

    def list_pulls(self) -> Sequence[PullRequest]:
        with self.forge.reading("list_pulls"):
            return [observe(self.forge, number) for number in list(self.forge.pulls)]

    def get_pull(self, number: int) -> PullRequest:
        with self.forge.reading("get_pull"):
            return observe(self.forge, number)

    def create_pull(self, draft: PullDraft) -> PullRequest:
        checked_branch(draft.branch, self.forge.base)
        with self.forge.writing("create_pull", self._actor) as now:
            head, base = self._demand_head(draft.branch), self._demand_head(draft.base)
            if self.forge.commits.is_ancestor(head, base):
                raise LoopcoderError(f"{draft.branch} has nothing that {draft.base} does not have.")
            other = open_pull_of(self.forge, draft.branch)
            if other is not None:
                raise Stale(f"{draft.branch} has an open pull request already, #{other.number}.")
            title, body = checked_title(draft.title), checked_body(draft.body)
            labels = checked_labels(draft.labels)
            number = self.forge.next_number()
            self.forge.pulls[number] = PullRequest(
                number=number,
                title=title,
                body=body,
                branch=draft.branch,
                head=head,
                base=draft.base,
                author=self._actor,
                created_at=now,
                updated_at=now,
                draft=draft.draft,
                closes=parse_closes(body),
            )
            self.forge.put_labels(number, labels, self._actor, now)
            return observe(self.forge, number)

    def update_pull(
        self, number: int, *, title: str | None = None, body: str | None = None
    ) -> PullRequest:
        with self.forge.writing("update_pull", self._actor) as now:
            observe(self.forge, number)
            pull = self.forge.pulls[number]
            new_body = pull.body if body is None else checked_body(body)
            updated = replace(
                pull,
                title=pull.title if title is None else checked_title(title),
                body=new_body,
                closes=parse_closes(new_body),
            )
            if updated != pull:
                self.forge.pulls[number] = replace(updated, updated_at=now)
            return observe(self.forge, number)

    def request_reviews(self, number: int, names: Sequence[str]) -> None:
        with self.forge.writing("request_reviews", self._actor):
            observe(self.forge, number)
            asked = self.forge.reviewers.setdefault(number, [])
            asked += [name for name in names if name not in asked]

    def list_feedback(self, number: int) -> Sequence[Feedback]:
        with self.forge.reading("list_feedback"):
            observe(self.forge, number)
            return list(self.forge.feedback.get(number, ()))

    def _demand_head(self, branch: str) -> str:
        if branch not in self.forge.branches:
            raise NotFound(f"There is no branch {branch}.")
        return self.forge.branches[branch]
