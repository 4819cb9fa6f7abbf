"""Whether an account may do a thing."""

from __future__ import annotations

from tests.github_server.account import Role
from tests.github_server.records import Item
from tests.github_server.refusal import Refusal, forbidden, not_found
from tests.github_server.repository import Acting, Repository


def demand_role(repo: Repository, who: Acting, least: Role) -> None:
    """404 without sight of the repository, 403 with too small a role."""
    role = repo.role(who.account)
    if role < Role.READ:
        raise not_found()
    if role < least:
        raise forbidden()


def demand_author_or(repo: Repository, who: Acting, author: int, least: Role) -> None:
    if who.id != author:
        demand_role(repo, who, least)


def demand_item(repo: Repository, number: int) -> Item:
    """The issue or pull request; 410 when it was deleted, 301 when it was transferred."""
    item = repo.item(number)
    if number in repo.deleted:
        raise Refusal(410, "This issue was deleted")
    if item is None:
        raise not_found()
    if item.moved_to is not None:
        raise Moved(*item.moved_to)
    return item


def demand_pull(repo: Repository, number: int) -> Item:
    item = demand_item(repo, number)
    if item.pull is None:
        raise not_found()
    return item


def demand_unlocked(repo: Repository, who: Acting, item: Item, what: str = "comment") -> None:
    if item.locked and repo.role(who.account) < Role.WRITE:
        raise Refusal(403, f"Unable to create {what} because issue is locked.")


class Moved(Exception):
    """The issue lives in another repository now."""

    def __init__(self, repository: int, number: int) -> None:
        super().__init__(f"moved to {repository}#{number}")
        self.repository = repository
        self.number = number
