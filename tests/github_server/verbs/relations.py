"""What blocks what, and what is part of what."""

from __future__ import annotations

from tests.github_server.account import Role
from tests.github_server.records import Item
from tests.github_server.refusal import invalid, not_found
from tests.github_server.repository import Acting, Repository
from tests.github_server.verbs.guards import demand_item, demand_role

BLOCKERS_MAX = 50
SUB_ISSUES_MAX = 100


def blockers(repo: Repository, item: Item) -> list[Item]:
    return [found for key in item.blocked_by if (found := repo.by_id(key)) is not None]


def blocked_by(repo: Repository, item: Item) -> list[Item]:
    """What the item blocks."""
    return [found for key in repo.index.blocks.get(item.id, ()) if (found := repo.by_id(key))]


def block(repo: Repository, who: Acting, number: int, blocker_id: int) -> Item:
    """The item waits for another, known by its database id. As on GitHub, this moves no time."""
    demand_role(repo, who, Role.TRIAGE)
    item, blocker = demand_item(repo, number), _demand_id(repo, blocker_id)
    if blocker.id == item.id or _reaches(repo, blocker, item.id):
        raise invalid("IssueDependency", "issue_id", "custom", "creates a circular dependency")
    if blocker.id in item.blocked_by:
        raise invalid("IssueDependency", "issue_id", "already_exists")
    crowded = max(len(item.blocked_by), len(blocked_by(repo, blocker)))
    if crowded >= BLOCKERS_MAX:
        message = f"an issue can have at most {BLOCKERS_MAX} dependencies of a kind"
        raise invalid("IssueDependency", "issue_id", "custom", message)
    repo.record(number, "blocked_by_added", who, blocked_by=blocker.id)
    repo.record(blocker.number, "blocking_added", who, blocking=item.id)
    return repo.keep(item, who.at, blocked_by=(*item.blocked_by, blocker.id))


def unblock(repo: Repository, who: Acting, number: int, blocker_id: int) -> Item:
    demand_role(repo, who, Role.TRIAGE)
    item = demand_item(repo, number)
    if blocker_id not in item.blocked_by:
        raise not_found()
    repo.record(number, "blocked_by_removed", who, blocked_by=blocker_id)
    left = tuple(each for each in item.blocked_by if each != blocker_id)
    return repo.keep(item, who.at, blocked_by=left)


def parent_of(repo: Repository, item: Item) -> Item | None:
    key = repo.index.parents.get(item.id)
    return None if key is None else repo.by_id(key)


def adopt(
    repo: Repository, who: Acting, number: int, child_id: int, replace_parent: bool = False
) -> Item:
    """Make an issue part of another."""
    demand_role(repo, who, Role.TRIAGE)
    item, child = demand_item(repo, number), _demand_id(repo, child_id)
    if child.id == item.id:
        raise invalid("SubIssue", "sub_issue_id", "custom", "an issue is no part of itself")
    former = parent_of(repo, child)
    if former is not None:
        if not replace_parent or former.id == item.id:
            raise invalid("SubIssue", "sub_issue_id", "custom", "the issue has a parent already")
        disown(repo, who, former.number, child_id)
        item = demand_item(repo, number)
    if len(item.sub_issues) >= SUB_ISSUES_MAX:
        raise invalid("SubIssue", "sub_issue_id", "custom", "too many sub-issues")
    repo.record(number, "sub_issue_added", who, sub_issue=child.id)
    repo.record(child.number, "parent_issue_added", who, parent_issue=item.id)
    return repo.save(item, who.at, sub_issues=(*item.sub_issues, child.id))


def disown(repo: Repository, who: Acting, number: int, child_id: int) -> Item:
    demand_role(repo, who, Role.TRIAGE)
    item = demand_item(repo, number)
    if child_id not in item.sub_issues:
        raise not_found()
    repo.record(number, "sub_issue_removed", who, sub_issue=child_id)
    left = tuple(each for each in item.sub_issues if each != child_id)
    return repo.save(item, who.at, sub_issues=left)


def move_child(
    repo: Repository, who: Acting, number: int, child_id: int, after: int | None, before: int | None
) -> Item:
    """Put a sub-issue after, or before, another one."""
    demand_role(repo, who, Role.TRIAGE)
    item = demand_item(repo, number)
    order = [each for each in item.sub_issues if each != child_id]
    neighbour = after if after is not None else before
    if child_id not in item.sub_issues or (neighbour and neighbour not in order):
        raise not_found()
    place = order.index(neighbour) + (after is not None) if neighbour else 0
    order.insert(place, child_id)
    return repo.save(item, who.at, sub_issues=tuple(order))


def _demand_id(repo: Repository, database_id: int) -> Item:
    item = repo.by_id(database_id)
    if item is None or item.pull is not None or item.moved_to is not None:
        raise not_found()
    return item


def _reaches(repo: Repository, start: Item, goal: int) -> bool:
    """Whether following blockers from `start` comes to `goal`."""
    waiting, seen = list(start.blocked_by), set[int]()
    while waiting:
        key = waiting.pop()
        if key == goal:
            return True
        found = repo.by_id(key) if key not in seen else None
        seen.add(key)
        waiting += found.blocked_by if found else ()
    return False
