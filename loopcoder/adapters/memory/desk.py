"""The human's side of the code host in memory: merge, close, reopen, remark."""

from __future__ import annotations

from dataclasses import replace

from loopcoder.adapters.memory.forge import MemoryForge
from loopcoder.adapters.memory.pulls import observe, open_pull_of, record_merge
from loopcoder.domain.diagnostic import Conflicted, LoopcoderError, Stale
from loopcoder.domain.issues.host_rules import checked_body
from loopcoder.domain.issues.human import MergeMethod, Remark
from loopcoder.domain.issues.issue import Actor, Feedback, PullRequest, PullState


class MemoryDesk:
    """Like `PullDesk` of the local adapter, for `actor`, a person."""

    def __init__(self, forge: MemoryForge, actor: Actor) -> None:
        self.forge = forge
        self._actor = actor

    def merge(
        self,
        number: int,
        method: MergeMethod = MergeMethod.MERGE,
        *,
        even_draft: bool = False,
        delete_branch: bool = False,
    ) -> PullRequest:
        with self.forge.writing("merge", self._actor) as now:
            pull = observe(self.forge, number)
            if pull.state is PullState.MERGED:
                return pull
            if not pull.is_open or (pull.draft and not even_draft):
                raise LoopcoderError(f"#{number} is {'a draft' if pull.is_open else pull.state}.")
            commit = self._land(pull, method)
            merged = record_merge(self.forge, pull, commit, self._actor, now)
            if delete_branch:
                self.forge.branches.pop(pull.branch, None)
            return merged

    def close(self, number: int) -> PullRequest:
        with self.forge.writing("close", self._actor) as now:
            pull = observe(self.forge, number)
            if pull.is_open:
                self.forge.pulls[number] = replace(
                    pull,
                    state=PullState.CLOSED,
                    closed_by=self._actor,
                    mergeable=None,
                    updated_at=now,
                    ended_at=now,
                )
            return self.forge.pulls[number]

    def reopen(self, number: int) -> PullRequest:
        with self.forge.writing("reopen", self._actor) as now:
            pull = observe(self.forge, number)
            if pull.state is PullState.MERGED:
                raise LoopcoderError(f"#{number} is merged and cannot be opened again.")
            if pull.state is PullState.CLOSED:
                if open_pull_of(self.forge, pull.branch) is not None:
                    raise Stale(f"{pull.branch} has an open pull request already.")
                self.forge.pulls[number] = replace(
                    pull,
                    state=PullState.OPEN,
                    closed_by=None,
                    updated_at=now,
                    ended_at=None,
                )
            return observe(self.forge, number)

    def remark(self, number: int, remark: Remark) -> Feedback:
        with self.forge.writing("remark", self._actor) as now:
            head = observe(self.forge, number).head
            count = sum(map(len, self.forge.feedback.values()))
            said = Feedback(
                id=f"memory-{count + 1}",
                author=self._actor,
                body=checked_body(remark.body),
                at=now,
                requests_changes=remark.requests_changes,
                file=remark.file,
                line=remark.line,
                head=head,
            )
            self.forge.feedback.setdefault(number, []).append(said)
            self.forge.touch(number, now)
            return said

    def _land(self, pull: PullRequest, method: MergeMethod) -> str:
        base = self.forge.branches[pull.base]
        files = self.forge.commits.conflicts(base, pull.head)
        if files:
            raise Conflicted(f"#{pull.number} conflicts with {pull.base}.", files=files)
        parents = [base, pull.head] if method is MergeMethod.MERGE else [base]
        commit = self.forge.commits.merge(base, pull.head, parents)
        self.forge.branches[pull.base] = commit
        return commit
