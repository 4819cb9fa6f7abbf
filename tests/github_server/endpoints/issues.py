"""Issues over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.github_server.account import Role
from tests.github_server.call import Call
from tests.github_server.exchange import Reply
from tests.github_server.records import Item
from tests.github_server.refusal import Refusal, not_found
from tests.github_server.registry import answers
from tests.github_server.verbs import issues, labels, pulls
from tests.github_server.verbs.guards import demand_item
from tests.github_server.wire.items import issue

_ORDERS = {
    "created": lambda item: (item.created_at, item.number),
    "updated": lambda item: (item.updated_at, item.number),
    "comments": lambda item: (0, item.number),
}


@answers("issues/list-for-repo")
def list_issues(call: Call) -> Reply:
    """Issues and pull requests, as they were some seconds ago where lists lag."""
    found = [each for each in call.repo.all_items(call.hub.as_of()) if _wanted(call, each)]
    order = _ORDERS[call.query.get("sort", "created")]
    found.sort(key=order, reverse=call.query.get("direction", "desc") == "desc")
    return call.page(found, lambda each: issue(call.view, call.repo, each))


@answers("issues/get")
def get_issue(call: Call) -> Reply:
    item = demand_item(call.repo, call.number())
    past = call.hub.as_of(single=True)
    if past is not None:
        seen = call.repo.items.get(item.number, past)
        if seen is None:
            raise not_found()
        item = seen
    return Reply(200, issue(call.view, call.repo, item))


@answers("issues/create")
def create_issue(call: Call) -> Reply:
    body = call.body
    draft = issues.Draft(
        body["title"],
        body.get("body"),
        _label_names(body.get("labels") or ()),
        [*(body.get("assignees") or ()), *filter(None, [body.get("assignee")])],
        body.get("milestone"),
    )
    item = issues.create(call.hub, call.repo, call.who, draft)
    data = issue(call.view, call.repo, item)
    return Reply(201, data, {"Location": data["url"]})


@answers("issues/update")
def update_issue(call: Call) -> Reply:
    repo, who, number, body = call.repo, call.who, call.number(), call.body
    item = issues.edit(
        repo, who, number, title=body.get("title"),
        body=(body["body"] or "") if "body" in body else None,
    )  # fmt: skip
    if repo.role(who.account) >= Role.TRIAGE:
        _sort(call, body)
    state, reason = body.get("state"), body.get("state_reason")
    if state == "closed":
        item = issues.close(repo, who, number, reason)
    elif state == "open":
        pulls.demand_reopenable(repo, item)
        item = issues.reopen(repo, who, number)
    return Reply(200, issue(call.view, repo, demand_item(repo, number)))


def _sort(call: Call, body: dict[str, Any]) -> None:
    """Labels, assignees and milestone of an update."""
    repo, who, number = call.repo, call.who, call.number()
    if "labels" in body:
        labels.replace_all(repo, who, number, _label_names(body["labels"] or ()))
    if "assignees" in body:
        issues.set_assignees(call.hub, repo, who, number, body["assignees"] or ())
    if "milestone" in body:
        issues.set_milestone(repo, who, number, body["milestone"])


@answers("issues/lock")
def lock_issue(call: Call) -> Reply:
    issues.lock(call.repo, call.who, call.number(), call.body.get("lock_reason"))
    return Reply(204)


@answers("issues/unlock")
def unlock_issue(call: Call) -> Reply:
    issues.unlock(call.repo, call.who, call.number())
    return Reply(204)


@answers("issues/add-assignees")
def add_assignees(call: Call) -> Reply:
    logins = call.body.get("assignees", ())
    item = issues.assign(call.hub, call.repo, call.who, call.number(), logins)
    return Reply(201, issue(call.view, call.repo, item))


@answers("issues/remove-assignees")
def remove_assignees(call: Call) -> Reply:
    logins = call.body.get("assignees", ())
    item = issues.unassign(call.hub, call.repo, call.who, call.number(), logins)
    return Reply(200, issue(call.view, call.repo, item))


def _wanted(call: Call, item: Item) -> bool:
    query, repo = call.query, call.repo
    state = query.get("state", "open")
    if state != "all" and item.state != state:
        return False
    since = query.get("since")
    if since and item.updated_at < _moment(since):
        return False
    names = {name.casefold() for name in query.get("labels", "").split(",") if name}
    if names:
        held = {found.name.casefold() for key in item.labels if (found := repo.labels.get(key))}
        if not names <= held:
            return False
    return _by_people(call, item)


def _by_people(call: Call, item: Item) -> bool:
    query, hub = call.query, call.hub
    for field, held in (("creator", (item.author,)), ("assignee", item.assignees)):
        wanted = query.get(field)
        if wanted in (None, "*"):
            if wanted == "*" and not held:
                return False
            continue
        account = hub.account(wanted)
        if wanted == "none" and held:
            return False
        if wanted != "none" and (account is None or account.id not in held):
            return False
    milestone = query.get("milestone")
    return milestone in (None, "*") or str(item.milestone or "none") == milestone


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise Refusal(422, "Validation Failed") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _label_names(given: Any) -> list[str]:
    return [each if isinstance(each, str) else each["name"] for each in given]
