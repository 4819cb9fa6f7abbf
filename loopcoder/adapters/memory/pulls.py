"""Pull requests in memory, brought up to date with where the branches are."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from loopcoder.adapters.memory.forge import MemoryForge
from loopcoder.domain.diagnostic import NotFound
from loopcoder.domain.issues.issue import (
    Actor,
    CloseReason,
    IssueState,
    PullRequest,
    PullState,
)


def observe(forge: MemoryForge, number: int) -> PullRequest:
    """The pull request as it is now: its branch's head, whether it is in its base by now."""
    pull = forge.pulls.get(number)
    if pull is None:
        raise NotFound(f"There is no pull request #{number}.")
    if not pull.is_open:
        return pull
    pull = replace(pull, head=forge.branches.get(pull.branch, pull.head))
    base = forge.branches.get(pull.base)
    forge.pulls[number] = pull
    if base is None:
        return pull
    if forge.commits.is_ancestor(pull.head, base):
        return record_merge(forge, pull, base, None, forge.clock.now())
    return replace(pull, mergeable=not forge.commits.conflicts(base, pull.head))


def record_merge(
    forge: MemoryForge, pull: PullRequest, commit: str, actor: Actor | None, at: datetime
) -> PullRequest:
    """The pull request is merged by `actor`, and what it closes is completed with it."""
    forge.pulls[pull.number] = merged = replace(
        pull,
        state=PullState.MERGED,
        merged_commit=commit,
        closed_by=actor,
        mergeable=None,
        updated_at=at,
        ended_at=at,
    )
    for number in pull.closes:
        issue = forge.issues.get(number)
        if issue is not None and issue.is_open:
            forge.issues[number] = replace(
                issue,
                state=IssueState.CLOSED,
                close_reason=CloseReason.COMPLETED,
                reopened=False,
                closed_by=actor or pull.author,
                updated_at=at,
            )
    return merged


def open_pull_of(forge: MemoryForge, branch: str) -> PullRequest | None:
    """The open pull request of a branch, if it has one."""
    for number in list(forge.pulls):
        pull = observe(forge, number)
        if pull.is_open and pull.branch == branch:
            return pull
    return None
