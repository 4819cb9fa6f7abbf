"""Milestones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.github_server.account import Role
from tests.github_server.records import Milestone
from tests.github_server.refusal import invalid, not_found
from tests.github_server.repository import Acting, Repository
from tests.github_server.verbs.guards import demand_role


def create(repo: Repository, who: Acting, title: str, description: str | None = None) -> Milestone:
    demand_role(repo, who, Role.WRITE)
    _demand_new(repo, title, None)
    number = 1 + max(repo.milestones.versions, default=0)
    made = Milestone(repo.ids.next(), number, title, who.id, who.at, who.at, description)
    repo.milestones.put(number, made, who.at)
    return made


def demand_milestone(repo: Repository, number: int) -> Milestone:
    found = repo.milestones.get(number)
    if found is None:
        raise not_found()
    return found


def edit(repo: Repository, who: Acting, number: int, **changes: Any) -> Milestone:
    """`title`, `description` and `state` may be changed."""
    demand_role(repo, who, Role.WRITE)
    found = demand_milestone(repo, number)
    _demand_new(repo, changes.get("title"), number)
    state = changes.get("state", found.state)
    closed_at = (found.closed_at or who.at) if state == "closed" else None
    made = replace(found, **changes, updated_at=who.at, closed_at=closed_at)
    repo.milestones.put(number, made, who.at)
    return made


def delete(repo: Repository, who: Acting, number: int) -> None:
    """Issues lose it with it."""
    demand_role(repo, who, Role.WRITE)
    demand_milestone(repo, number)
    for item in list(repo.all_items()):
        if item.milestone == number:
            repo.save(item, who.at, milestone=None)
    repo.milestones.put(number, None, who.at)


def _demand_new(repo: Repository, title: str | None, own: int | None) -> None:
    for each in repo.milestones.values():
        if each.title == title and each.number != own:
            raise invalid("Milestone", "title", "already_exists")
