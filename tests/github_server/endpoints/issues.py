"""Issues over HTTP."""

from __future__ import annotations

from dataclasses import dataclass
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

_NOBODY, _ANYBODY, _NO_SUCH = 0, -1, -2
_ORDERS = {
    "created": lambda item: (item.created_at, item.number),
    "updated": lambda item: (item.updated_at, item.number),
    "comments": lambda item: (0, item.number),
}


@answers("issues/list-for-repo")
def list_issues(call: Call) -> Reply:
    """Issues and pull requests, as they were some seconds ago where lists lag."""
    wanted = _Wanted.of(call)
    found = [each for each in call.repo.all_items(call.hub.as_of()) if wanted.has(each)]
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


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a list was asked for; people go by number, `None` is no wish."""

    state: str
    since: datetime | None
    labels: frozenset[int | None]
    creator: int | None
    assignee: int | None
    milestone: str | None

    @classmethod
    def of(cls, call: Call) -> _Wanted:
        query, repo = call.query, call.repo
        named = [repo.label_named(name) for name in query.get("labels", "").split(",") if name]
        return cls(
            query.get("state", "open"),
            _moment(query["since"]) if query.get("since") else None,
            frozenset(label.id if label else None for label in named),
            _person(call, query.get("creator")),
            _person(call, query.get("assignee")),
            query.get("milestone"),
        )

    def has(self, item: Item) -> bool:
        return (
            self.state in ("all", item.state)
            and (self.since is None or item.updated_at >= self.since)
            and self.labels <= set(item.labels)
            and self.creator in (None, item.author)
            and self._has_assignee(item)
            and self.milestone in (None, "*", str(item.milestone or "none"))
        )

    def _has_assignee(self, item: Item) -> bool:
        if self.assignee in (_NOBODY, _ANYBODY):
            return bool(item.assignees) == (self.assignee == _ANYBODY)
        return self.assignee is None or self.assignee in item.assignees


def _person(call: Call, text: str | None) -> int | None:
    if text in (None, "*", "none"):
        return {None: None, "*": _ANYBODY, "none": _NOBODY}[text]
    account = call.hub.account(text or "")
    return account.id if account else _NO_SUCH


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise Refusal(422, "Validation Failed") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _label_names(given: Any) -> list[str]:
    return [each if isinstance(each, str) else each["name"] for each in given]
