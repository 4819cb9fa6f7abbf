"""Comments on issues and pull requests."""

from __future__ import annotations

from dataclasses import replace

from tests.github_server.account import Role
from tests.github_server.records import Comment
from tests.github_server.refusal import not_found
from tests.github_server.repository import Acting, Repository
from tests.github_server.verbs.guards import (
    demand_author_or,
    demand_item,
    demand_role,
    demand_unlocked,
)
from tests.github_server.verbs.texts import checked_body


def say(repo: Repository, who: Acting, number: int, body: str) -> Comment:
    demand_role(repo, who, Role.READ)
    item = demand_item(repo, number)
    demand_unlocked(repo, who, item)
    text = checked_body(body, "IssueComment", required=True) or ""
    comment = Comment(repo.ids.next(), number, text, who.id, who.at, who.at, who.app_id)
    repo.comments.put(comment.id, comment, who.at)
    repo.touch(number, who.at)
    return comment


def demand_comment(repo: Repository, comment: int) -> Comment:
    found = repo.comments.get(comment)
    if found is None:
        raise not_found()
    return found


def rewrite(repo: Repository, who: Acting, comment: int, body: str) -> Comment:
    found = demand_comment(repo, comment)
    demand_author_or(repo, who, found.author, Role.WRITE)
    text = checked_body(body, "IssueComment", required=True) or ""
    changed = replace(found, body=text, updated_at=who.at)
    repo.comments.put(comment, changed, who.at)
    repo.touch(found.number, who.at)
    return changed


def withdraw(repo: Repository, who: Acting, comment: int) -> None:
    found = demand_comment(repo, comment)
    demand_author_or(repo, who, found.author, Role.WRITE)
    repo.comments.put(comment, None, who.at)
    repo.touch(found.number, who.at)
