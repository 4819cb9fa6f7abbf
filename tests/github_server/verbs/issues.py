"""What happens to issues; most of it to pull requests too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tests.github_server.account import Account, Role
from tests.github_server.hub import Hub
from tests.github_server.records import BodyEdit, Item
from tests.github_server.refusal import invalid
from tests.github_server.repository import Acting, Repository
from tests.github_server.verbs.guards import demand_author_or, demand_item, demand_role
from tests.github_server.verbs.labels import relabel, resolve
from tests.github_server.verbs.texts import checked_body, checked_title

REASONS = ("completed", "not_planned", "duplicate")
ASSIGNEES_MAX = 10


@dataclass(frozen=True, slots=True)
class Draft:
    title: Any
    body: str | None = None
    labels: Sequence[str] = ()
    assignees: Sequence[str] = ()
    milestone: int | None = None


def create(hub: Hub, repo: Repository, who: Acting, draft: Draft) -> Item:
    """File an issue. Labels, assignees and milestone of those who may not set them are dropped."""
    demand_role(repo, who, Role.READ)
    may_sort = repo.role(who.account) >= Role.TRIAGE
    title, body = checked_title(draft.title), checked_body(draft.body)
    labels = resolve(repo, who, draft.labels) if may_sort else []
    assignees = assignable(hub, repo, draft.assignees) if may_sort else []
    milestone = demand_milestone(repo, draft.milestone) if may_sort else None
    item = Item(
        repo.ids.next(), repo.next_number(), title, body, who.id, who.at, who.at, app=who.app_id
    )
    repo.items.put(item.number, item, who.at)
    item = relabel(repo, who, item, (label.id for label in labels))
    for account in assignees:
        item = _assign(repo, who, item, account)
    return repo.save(item, who.at, milestone=milestone)


def edit(
    repo: Repository, who: Acting, number: int, *, title: Any = None, body: str | None = None
) -> Item:
    """Replace title or body; `body=""` empties it."""
    item = demand_item(repo, number)
    demand_author_or(repo, who, item.author, Role.WRITE)
    changes: dict[str, Any] = {}
    if title is not None:
        changes["title"] = checked_title(title)
    if body is not None:
        changes["body"] = checked_body(body)
    if changes.get("title", item.title) != item.title:
        repo.record(number, "renamed", who, rename={"from": item.title, "to": changes["title"]})
    if changes.get("body", item.body) != item.body:
        note_edit(repo, who, item, changes["body"] or "")
    return repo.save(item, who.at, **changes)


def note_edit(repo: Repository, who: Acting, item: Item, body: str) -> None:
    """The first edit brings the text it was filed with into the list as well."""
    edits = repo.edits.setdefault(item.number, [])
    if not edits:
        made = item.author, item.body or "", item.created_at
        edits.append(BodyEdit(repo.ids.next(), item.number, *made))
    edits.append(BodyEdit(repo.ids.next(), item.number, who.id, body, who.at))


def close(
    repo: Repository,
    who: Acting,
    number: int,
    reason: str | None = None,
    commit: str | None = None,
) -> Item:
    """Close it, or change why a closed one was closed."""
    item = demand_item(repo, number)
    demand_author_or(repo, who, item.author, Role.TRIAGE)
    if not item.is_open and reason in (None, item.state_reason):
        return item
    if item.pull is None:
        reason = reason or "completed"
        if reason not in REASONS:
            raise invalid("Issue", "state_reason", "invalid")
    else:
        reason = None
    repo.record(number, "closed", who, state_reason=reason, commit_id=commit)
    return repo.save(
        item, who.at, state="closed", state_reason=reason, closed_at=who.at, closed_by=who.id
    )


def finish(repo: Repository, who: Acting, item: Item) -> Item:
    """Complete an issue because something that closes it was merged."""
    repo.record(item.number, "closed", who, state_reason="completed", commit_id=None)
    return repo.save(
        item, who.at, state="closed", state_reason="completed", closed_at=who.at, closed_by=who.id
    )


def reopen(repo: Repository, who: Acting, number: int) -> Item:
    item = demand_item(repo, number)
    demand_author_or(repo, who, item.author, Role.TRIAGE)
    if item.is_open:
        return item
    repo.record(number, "reopened", who)
    reason = None if item.pull else "reopened"
    return repo.save(
        item, who.at, state="open", state_reason=reason, closed_at=None, closed_by=None
    )


def set_assignees(
    hub: Hub, repo: Repository, who: Acting, number: int, wanted: Sequence[str]
) -> Item:
    demand_role(repo, who, Role.TRIAGE)
    item = demand_item(repo, number)
    accounts = assignable(hub, repo, wanted)
    for gone in [each for each in item.assignees if each not in [a.id for a in accounts]]:
        item = _unassign(repo, who, item, hub.accounts[gone])
    for account in accounts:
        item = _assign(repo, who, item, account)
    return item


def assign(hub: Hub, repo: Repository, who: Acting, number: int, logins: Sequence[str]) -> Item:
    demand_role(repo, who, Role.TRIAGE)
    item = demand_item(repo, number)
    for account in assignable(hub, repo, logins):
        item = _assign(repo, who, item, account)
    return item


def unassign(hub: Hub, repo: Repository, who: Acting, number: int, logins: Sequence[str]) -> Item:
    demand_role(repo, who, Role.TRIAGE)
    item = demand_item(repo, number)
    for account in filter(None, map(hub.account, logins)):
        item = _unassign(repo, who, item, account)
    return item


def assignable(hub: Hub, repo: Repository, logins: Sequence[str]) -> list[Account]:
    """The accounts; those without a role are refused."""
    found = []
    for login in logins[:ASSIGNEES_MAX]:
        account = hub.account(login)
        if account is None or not _is_member(repo, account):
            raise invalid("Issue", "assignees", "invalid")
        found.append(account)
    return found


def _is_member(repo: Repository, account: Account) -> bool:
    held = repo.roles.get(account.id, Role.NONE)
    return account.id == repo.owner.id or held >= Role.READ


def set_milestone(repo: Repository, who: Acting, number: int, milestone: int | None) -> Item:
    demand_role(repo, who, Role.TRIAGE)
    item = demand_item(repo, number)
    wanted = demand_milestone(repo, milestone)
    for kind, key in (("demilestoned", item.milestone), ("milestoned", wanted)):
        found = repo.milestones.get(key) if key is not None and item.milestone != wanted else None
        if found is not None:
            repo.record(number, kind, who, milestone={"title": found.title})
    return repo.save(item, who.at, milestone=wanted)


def demand_milestone(repo: Repository, number: int | None) -> int | None:
    if number is not None and number not in repo.milestones:
        raise invalid("Issue", "milestone", "invalid")
    return number


def lock(repo: Repository, who: Acting, number: int, reason: str | None = None) -> Item:
    demand_role(repo, who, Role.TRIAGE)
    item = demand_item(repo, number)
    if not item.locked:
        repo.record(number, "locked", who, lock_reason=reason)
    return repo.save(item, who.at, locked=True, lock_reason=reason)


def unlock(repo: Repository, who: Acting, number: int) -> Item:
    demand_role(repo, who, Role.TRIAGE)
    item = demand_item(repo, number)
    if item.locked:
        repo.record(number, "unlocked", who)
    return repo.save(item, who.at, locked=False, lock_reason=None)


def delete(repo: Repository, who: Acting, number: int) -> None:
    """Only on the web site: the issue is gone for good, and its number with it."""
    demand_role(repo, who, Role.ADMIN)
    demand_item(repo, number)
    repo.items.put(number, None, who.at)
    repo.deleted.add(number)
    for comment in repo.comments_of(number):
        repo.comments.put(comment.id, None, who.at)


def transfer(repo: Repository, who: Acting, number: int, target: Repository) -> Item:
    """Only on the web site: a new issue there; the old number leads to it."""
    demand_role(repo, who, Role.WRITE)
    item = demand_item(repo, number)
    labels = [repo.labels.get(each) for each in item.labels]
    kept = [target.label_named(label.name) for label in labels if label]
    moved = replace(
        item,
        id=repo.ids.next(),
        number=target.next_number(),
        labels=tuple(label.id for label in kept if label),
        milestone=None,
        blocked_by=(),
        sub_issues=(),
        updated_at=who.at,
    )
    target.items.put(moved.number, moved, who.at)
    target.record(moved.number, "transferred", who)
    for comment in repo.comments_of(number):
        repo.comments.put(comment.id, None, who.at)
        target.comments.put(comment.id, replace(comment, number=moved.number), who.at)
    repo.items.put(number, replace(item, moved_to=(target.id, moved.number)), who.at)
    return moved


def _assign(repo: Repository, who: Acting, item: Item, account: Account) -> Item:
    if account.id in item.assignees:
        return item
    repo.record(item.number, "assigned", who, assignee=account.id)
    return repo.save(item, who.at, assignees=(*item.assignees, account.id))


def _unassign(repo: Repository, who: Acting, item: Item, account: Account) -> Item:
    if account.id not in item.assignees:
        return item
    repo.record(item.number, "unassigned", who, assignee=account.id)
    left = tuple(each for each in item.assignees if each != account.id)
    return repo.save(item, who.at, assignees=left)
