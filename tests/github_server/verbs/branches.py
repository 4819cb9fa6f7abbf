"""What follows from branches that moved: by a push, through the API, or behind its back."""

from __future__ import annotations

from dataclasses import replace

from tests.github_server.git_store import ZERO
from tests.github_server.records import Item
from tests.github_server.repository import Acting, Repository
from tests.github_server.verbs.closing import closed_by_text
from tests.github_server.verbs.issues import finish

_HEADS = "refs/heads/"


def sync(repo: Repository, who: Acting) -> None:
    """Bring pull requests up to date with the refs; `who` is the one who moved them."""
    before, now = repo.known_refs, repo.git.refs("refs/heads", "refs/tags")
    if before == now:
        return
    repo.known_refs = now
    moved = {
        name.removeprefix(_HEADS): (before.get(name, ZERO), now.get(name, ZERO))
        for name in before.keys() | now.keys()
        if name.startswith(_HEADS) and before.get(name) != now.get(name)
    }
    for item in [each for each in repo.pulls() if each.is_open]:
        _follow(repo, who, item, moved)
    old, new = moved.get(repo.default_branch, (ZERO, ZERO))
    if ZERO not in (old, new):
        for message in repo.git.git("log", "--format=%B%x00", f"{old}..{new}").split("\0"):
            complete_closed(repo, who, message)


def complete_closed(repo: Repository, who: Acting, text: str | None) -> None:
    """Complete the open issues that a merged text closes."""
    for number in closed_by_text(text):
        item = repo.item(number)
        if item is not None and item.is_open and item.pull is None and item.moved_to is None:
            finish(repo, who, item)


def record_merge(repo: Repository, who: Acting, item: Item, commit: str) -> Item:
    pull = item.pull
    assert pull is not None
    done = replace(pull, merged_at=who.at, merged_by=who.id, merge_commit=commit)
    repo.record(item.number, "merged", who, commit_id=commit)
    repo.record(item.number, "closed", who, state_reason=None, commit_id=None)
    merged = repo.save(item, who.at, state="closed", closed_at=who.at, closed_by=who.id, pull=done)
    if pull.base_ref == repo.default_branch:
        complete_closed(repo, who, item.body)
    return merged


def _follow(repo: Repository, who: Acting, item: Item, moved: dict[str, tuple[str, str]]) -> None:
    pull = item.pull
    assert pull is not None
    old, new = moved.get(pull.head_ref, (pull.head_sha, pull.head_sha))
    if new not in (ZERO, pull.head_sha):
        if not repo.git.is_ancestor(old, new):
            repo.record(item.number, "head_ref_force_pushed", who, commit_id=new)
        repo.git.move(f"refs/pull/{item.number}/head", new)
        pull = replace(pull, head_sha=new)
        item = repo.save(item, who.at, pull=pull)
    tip = repo.known_refs.get(_HEADS + pull.base_ref)
    if pull.base_ref in moved and tip and repo.git.is_ancestor(pull.head_sha, tip):
        record_merge(repo, who, item, _merging_commit(repo, pull.head_sha, tip))
    elif new == ZERO:
        repo.record(item.number, "head_ref_deleted", who)
        repo.record(item.number, "closed", who, state_reason=None, commit_id=None)
        repo.save(item, who.at, state="closed", closed_at=who.at, closed_by=who.id)


def _merging_commit(repo: Repository, head: str, tip: str) -> str:
    """The first commit on the base's own line that contains the head."""
    line = repo.git.git("rev-list", "--first-parent", "--ancestry-path", f"{head}..{tip}").split()
    return line[-1] if line else head
