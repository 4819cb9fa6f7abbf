"""Labels over HTTP."""

from __future__ import annotations

from typing import Any

from tests.github_server.call import Call
from tests.github_server.exchange import Reply
from tests.github_server.registry import answers
from tests.github_server.verbs import labels
from tests.github_server.verbs.guards import demand_item
from tests.github_server.wire.items import label, labels_of


@answers("issues/list-labels-for-repo")
def list_definitions(call: Call) -> Reply:
    found = sorted(call.repo.labels.values(call.hub.as_of()), key=lambda each: each.name.casefold())
    return call.page(found, lambda each: label(call.view, call.repo, each))


@answers("issues/get-label")
def get_definition(call: Call) -> Reply:
    found = labels.demand_label(call.repo, call.params["name"])
    return Reply(200, label(call.view, call.repo, found))


@answers("issues/create-label")
def create_definition(call: Call) -> Reply:
    body = call.body
    made = labels.define(
        call.repo, call.who, body["name"], body.get("color") or "ededed", body.get("description")
    )
    return Reply(201, label(call.view, call.repo, made))


@answers("issues/update-label")
def update_definition(call: Call) -> Reply:
    body = call.body
    made = labels.redefine(
        call.repo, call.who, call.params["name"],
        new_name=body.get("new_name"),
        color=body.get("color"),
        description=body.get("description"),
    )  # fmt: skip
    return Reply(200, label(call.view, call.repo, made))


@answers("issues/delete-label")
def delete_definition(call: Call) -> Reply:
    labels.undefine(call.repo, call.who, call.params["name"])
    return Reply(204)


@answers("issues/list-labels-on-issue")
def list_on_issue(call: Call) -> Reply:
    return _labels(call)


@answers("issues/add-labels")
def add_to_issue(call: Call) -> Reply:
    labels.put_on(call.repo, call.who, call.number(), _names(call.body))
    return _labels(call)


@answers("issues/set-labels")
def set_on_issue(call: Call) -> Reply:
    labels.replace_all(call.repo, call.who, call.number(), _names(call.body))
    return _labels(call)


@answers("issues/remove-label")
def remove_from_issue(call: Call) -> Reply:
    labels.take_off(call.repo, call.who, call.number(), call.params["name"])
    return _labels(call)


@answers("issues/remove-all-labels")
def remove_all_from_issue(call: Call) -> Reply:
    labels.replace_all(call.repo, call.who, call.number(), ())
    return Reply(204)


def _labels(call: Call) -> Reply:
    return Reply(200, labels_of(call.view, call.repo, demand_item(call.repo, call.number())))


def _names(body: Any) -> list[str]:
    """The five shapes in which names of labels may be sent."""
    given = body.get("labels", ()) if isinstance(body, dict) else body
    given = [given] if isinstance(given, str) else given
    return [each if isinstance(each, str) else each["name"] for each in given]
