"""Dependencies and sub-issues over HTTP."""

from __future__ import annotations

from tests.github_server.call import Call
from tests.github_server.exchange import Reply
from tests.github_server.records import Item
from tests.github_server.refusal import not_found
from tests.github_server.registry import answers
from tests.github_server.verbs import relations
from tests.github_server.verbs.guards import demand_item
from tests.github_server.wire.items import issue


@answers("issues/list-dependencies-blocked-by")
def list_blockers(call: Call) -> Reply:
    _demand_edges(call)
    item = demand_item(call.repo, call.number())
    return _page(call, relations.blockers(call.repo, item))


@answers("issues/list-dependencies-blocking")
def list_blocked(call: Call) -> Reply:
    item = demand_item(call.repo, call.number())
    return _page(call, relations.blocked_by(call.repo, item))


@answers("issues/add-blocked-by-dependency")
def add_blocker(call: Call) -> Reply:
    _demand_edges(call)
    key = call.body["issue_id"]
    relations.block(call.repo, call.who, call.number(), key)
    return _one(call, call.repo.by_id(key), 201)


@answers("issues/remove-dependency-blocked-by")
def remove_blocker(call: Call) -> Reply:
    key = call.number("issue_id")
    relations.unblock(call.repo, call.who, call.number(), key)
    return _one(call, call.repo.by_id(key))


@answers("issues/list-sub-issues")
def list_children(call: Call) -> Reply:
    item = demand_item(call.repo, call.number())
    found = [child for key in item.sub_issues if (child := call.repo.by_id(key))]
    return _page(call, found)


@answers("issues/add-sub-issue")
def add_child(call: Call) -> Reply:
    if not call.hub.keeps_sub_issues:
        raise not_found()
    key = call.body["sub_issue_id"]
    again = call.body.get("replace_parent", False)
    relations.adopt(call.repo, call.who, call.number(), key, again)
    return _one(call, call.repo.by_id(key), 201)


@answers("issues/remove-sub-issue")
def remove_child(call: Call) -> Reply:
    key = call.body["sub_issue_id"]
    relations.disown(call.repo, call.who, call.number(), key)
    return _one(call, call.repo.by_id(key))


@answers("issues/reprioritize-sub-issue")
def move_child(call: Call) -> Reply:
    body = call.body
    relations.move_child(
        call.repo, call.who, call.number(), body["sub_issue_id"],
        body.get("after_id"), body.get("before_id"),
    )  # fmt: skip
    return _one(call, call.repo.by_id(body["sub_issue_id"]))


@answers("issues/get-parent")
def get_parent(call: Call) -> Reply:
    return _one(call, relations.parent_of(call.repo, demand_item(call.repo, call.number())))


def _demand_edges(call: Call) -> None:
    """An older server has no such address."""
    if not call.hub.keeps_edges:
        raise not_found()


def _page(call: Call, found: list[Item]) -> Reply:
    return call.page(found, lambda each: issue(call.view, call.repo, each))


def _one(call: Call, item: Item | None, status: int = 200) -> Reply:
    if item is None:
        raise not_found()
    return Reply(status, issue(call.view, call.repo, item))
