"""Opening, editing and merging pull requests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tests.github_server.account import Role
from tests.github_server.hub import Hub
from tests.github_server.records import Item, Pull
from tests.github_server.refusal import Refusal, invalid
from tests.github_server.repository import Acting, Repository
from tests.github_server.verbs.branches import record_merge, sync
from tests.github_server.verbs.guards import demand_pull, demand_role
from tests.github_server.verbs.texts import checked_body, checked_title

METHODS = ("merge", "squash", "rebase")


@dataclass(frozen=True, slots=True)
class PullDraft:
    title: Any
    head: str
    base: str
    body: str | None = None
    draft: bool = False


def create(hub: Hub, repo: Repository, who: Acting, draft: PullDraft) -> Item:
    """Open a pull request from a branch of the same repository."""
    demand_role(repo, who, Role.WRITE)
    title = checked_title(draft.title, "PullRequest")
    body = checked_body(draft.body, "PullRequest")
    owner, _, branch = draft.head.rpartition(":")
    head, base = repo.git.head(branch), repo.git.head(draft.base)
    if head is None or (owner and owner.casefold() != repo.owner.login.casefold()):
        raise invalid("PullRequest", "head", "invalid")
    if base is None:
        raise invalid("PullRequest", "base", "invalid")
    if repo.git.is_ancestor(head, base):
        raise _custom(f"No commits between {draft.base} and {branch}")
    if any(
        each.is_open
        and each.pull
        and (each.pull.head_ref, each.pull.base_ref) == (branch, draft.base)
        for each in repo.pulls()
    ):
        raise _custom(f"A pull request already exists for {repo.owner.login}:{branch}.")
    pull = Pull(repo.ids.next(), branch, head, draft.base, base, draft.draft)
    item = Item(
        repo.ids.next(), repo.next_number(), title, body, who.id, who.at, who.at,
        app=who.app_id, pull=pull,
    )  # fmt: skip
    repo.git.move(f"refs/pull/{item.number}/head", head)
    repo.items.put(item.number, item, who.at)
    return item


def change_base(repo: Repository, who: Acting, number: int, base: str) -> Item:
    item = demand_pull(repo, number)
    assert item.pull is not None
    tip = repo.git.head(base)
    if tip is None:
        raise invalid("PullRequest", "base", "invalid")
    if base != item.pull.base_ref:
        repo.record(number, "base_ref_changed", who)
    return repo.save(item, who.at, pull=replace(item.pull, base_ref=base, base_sha=tip))


def set_draft(repo: Repository, who: Acting, number: int, draft: bool) -> Item:
    demand_role(repo, who, Role.WRITE)
    item = demand_pull(repo, number)
    assert item.pull is not None
    if item.pull.draft != draft:
        repo.record(number, "convert_to_draft" if draft else "ready_for_review", who)
    return repo.save(item, who.at, pull=replace(item.pull, draft=draft))


def demand_reopenable(repo: Repository, item: Item) -> None:
    """422 where the branch is gone, was merged, or has another open pull request."""
    pull = item.pull
    if pull is None or item.is_open:
        return
    others = [
        each
        for each in repo.pulls()
        if each.is_open and each.pull and each.pull.head_ref == pull.head_ref
    ]
    if pull.merged_at or others or repo.git.head(pull.head_ref) is None:
        raise invalid("PullRequest", "state", "custom", "state cannot be changed.")


def mergeable(hub: Hub, repo: Repository, item: Item) -> bool | None:
    """None until it was asked for `mergeable_nulls` times in this state of both branches."""
    pull = item.pull
    assert pull is not None
    base = repo.known_refs.get(f"refs/heads/{pull.base_ref}")
    if not item.is_open or base is None:
        return None
    key = (repo.id * 1_000_003 + item.number, pull.head_sha, base)
    asked, answer = hub.mergeable.get(key) or (0, _merges(repo, base, pull.head_sha))
    hub.mergeable[key] = (asked + 1, answer)
    return answer if asked >= hub.mergeable_nulls else None


def merge(
    hub: Hub,
    repo: Repository,
    who: Acting,
    number: int,
    method: str = "merge",
    *,
    sha: str | None = None,
    title: str | None = None,
    message: str | None = None,
    even_draft: bool = False,
) -> str:
    """Merge into the base branch and complete what the body closes. Returns the new commit."""
    demand_role(repo, who, Role.WRITE)
    item = demand_pull(repo, number)
    pull = item.pull
    assert pull is not None
    if sha is not None and sha != pull.head_sha:
        raise Refusal(409, "Head branch was modified. Review and try the merge again.")
    if pull.draft and not even_draft:
        raise Refusal(405, "Pull Request is still a draft")
    base = repo.git.head(pull.base_ref)
    text = f"{title or f'{item.title} (#{number})'}\n\n{message or ''}".strip() + "\n"
    if method == "merge" and title is None:
        source = f"{repo.owner.login}/{pull.head_ref}"
        text = f"Merge pull request #{number} from {source}\n\n{item.title}\n"
    commit = _merge_commit(repo, pull, base, method, text) if item.is_open and base else None
    if commit is None:
        raise Refusal(405, "Pull Request is not mergeable")
    repo.git.move(f"refs/heads/{pull.base_ref}", commit, base)
    record_merge(repo, who, item, commit)
    sync(repo, who)
    return commit


def request_reviews(
    hub: Hub,
    repo: Repository,
    who: Acting,
    number: int,
    logins: Sequence[str],
    teams: Sequence[str] = (),
) -> Item:
    """Ask collaborators for a review. There are no teams here, so every team is unknown."""
    demand_role(repo, who, Role.WRITE)
    item = demand_pull(repo, number)
    for login in [*logins, *(f"@{team}" for team in teams)]:
        account = hub.account(login)
        if account is None or repo.roles.get(account.id, Role.NONE) < Role.READ:
            raise Refusal(
                422,
                "Reviews may only be requested from collaborators. One or more of the users or "
                f"teams you specified is not a collaborator of the {repo.full_name} repository.",
            )
        if account.id == item.author:
            raise Refusal(422, "Review cannot be requested from pull request author.")
        item = demand_pull(repo, number)
        assert item.pull is not None
        if account.id not in item.pull.reviewers:
            repo.record(number, "review_requested", who, requested_reviewer=account.id)
            asked = (*item.pull.reviewers, account.id)
            item = repo.save(item, who.at, pull=replace(item.pull, reviewers=asked))
    return item


def withdraw_requests(
    hub: Hub, repo: Repository, who: Acting, number: int, logins: Sequence[str]
) -> Item:
    demand_role(repo, who, Role.WRITE)
    item = demand_pull(repo, number)
    assert item.pull is not None
    gone = {account.id for login in logins if (account := hub.account(login))}
    left = tuple(each for each in item.pull.reviewers if each not in gone)
    return repo.save(item, who.at, pull=replace(item.pull, reviewers=left))


def _merges(repo: Repository, base: str, head: str) -> bool:
    return repo.git.tree_of_merge(base, head) is not None


def _merge_commit(repo: Repository, pull: Pull, base: str, method: str, message: str) -> str | None:
    if method == "rebase":
        return repo.git.rebased(base, pull.head_sha)
    tree = repo.git.tree_of_merge(base, pull.head_sha)
    if tree is None:
        return None
    parents = [base, pull.head_sha] if method == "merge" else [base]
    return repo.git.commit_tree(tree, parents, message)


def _custom(message: str) -> Refusal:
    return Refusal(
        422,
        "Validation Failed",
        errors=[{"resource": "PullRequest", "code": "custom", "message": message}],
    )
