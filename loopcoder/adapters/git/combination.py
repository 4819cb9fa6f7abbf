"""Merging commits by plumbing: no working tree, no index, no branch is touched."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from loopcoder.adapters.git.command import Git
from loopcoder.adapters.git.commit import draft_at, write_commit
from loopcoder.ports.workspace import Combination

_MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class Merge:
    """The tree that merging gives. Conflicted files hold markers; `stages` are index lines."""

    tree: str
    clean: bool = True
    conflicts: tuple[str, ...] = ()
    stages: bytes = b""


def merge_trees(git: Git, ours: str, theirs: str) -> Merge:
    """Merge two commits. Raises GitError when they have nothing in common."""
    done = git.run("merge-tree", "--write-tree", "--no-messages", "-z", ours, theirs, fine=(0, 1))
    tree, *stages = done.stdout.split(b"\0")[:-1]
    paths = dict.fromkeys(stage.partition(b"\t")[2] for stage in stages)
    return Merge(
        tree.decode(),
        done.code == 0,
        tuple(os.fsdecode(path) for path in paths),
        b"".join(stage + b"\0" for stage in stages),
    )


def combine_commits(git: Git, base: str, commits: Sequence[str], message: str) -> Combination:
    """Merge each commit onto what the ones before it gave; those that conflict are left out.

    Repeatable: a merge commit carries the newest time of what it merges.
    """
    head, merged, evicted = base, list[str](), []
    facts = _facts(git, [base, *commits])
    newest = facts[base].seconds
    siblings = {commit for commit in commits if facts[commit].parents == (base,)}
    all_siblings = len(siblings) == len(commits)
    for commit in commits:
        newest = max(newest, facts[commit].seconds)
        apart = all_siblings and head != base
        if head == base and commit in siblings:
            head = commit
            merged.append(commit)
            continue
        try:
            head = _onto(git, head, commit, message, newest, apart=apart)
            merged.append(commit)
        except _DoesNotFit as reason:
            evicted.append((commit, str(reason)))
    return Combination(head, tuple(merged), tuple(evicted))


class _DoesNotFit(Exception):
    pass


@dataclass(frozen=True, slots=True)
class _Facts:
    seconds: int
    parents: tuple[str, ...]


def _onto(git: Git, head: str, commit: str, message: str, seconds: int, *, apart: bool) -> str:
    """The merge of two commits, or the one that contains the other. `apart`: it is known that
    they have a common ancestor and that neither contains the other."""
    if not apart:
        base = git.run("merge-base", head, commit, check=False).stdout.decode().strip()
        if not base:
            raise _DoesNotFit("has no history in common with the base")
        if base in (head, commit):
            return commit if base == head else head
    merge = merge_trees(git, head, commit)
    if not merge.clean:
        named = ", ".join(merge.conflicts[:_MOST_NAMED]) or "what became of a file"
        more = len(merge.conflicts) - _MOST_NAMED
        raise _DoesNotFit(f"conflicts in {named}" + (f" and {more} more" if more > 0 else ""))
    return write_commit(git, merge.tree, [head, commit], draft_at(seconds, message))


def _facts(git: Git, commits: Sequence[str]) -> dict[str, _Facts]:
    listed = git.text("rev-list", "--no-walk=unsorted", "--timestamp", "--parents", *commits)
    rows = (line.split() for line in listed.splitlines())
    return {commit: _Facts(int(seconds), tuple(parents)) for seconds, commit, *parents in rows}
