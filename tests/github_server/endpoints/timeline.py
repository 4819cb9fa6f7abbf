"""What happened to an issue, over HTTP: its events, and its timeline with comments and reviews."""

from __future__ import annotations

from typing import Any

from tests.github_server.call import Call
from tests.github_server.exchange import Reply
from tests.github_server.records import Event
from tests.github_server.refusal import not_found
from tests.github_server.registry import answers
from tests.github_server.verbs.guards import demand_item
from tests.github_server.verbs.reviews import reviews_of
from tests.github_server.wire.items import comment, event, issue
from tests.github_server.wire.pulls import review

_TIMELINE_ONLY = {"sub_issue_added", "sub_issue_removed", "parent_issue_added"}


@answers("issues/list-events")
def list_events(call: Call) -> Reply:
    demand_item(call.repo, call.number())
    found = [each for each in _events(call, call.number()) if each.kind not in _TIMELINE_ONLY]
    return call.page(found, lambda each: event(call.view, call.repo, each))


@answers("issues/list-events-for-repo")
def list_all_events(call: Call) -> Reply:
    found = [each for number in call.repo.events for each in _events(call, number)]
    found = [each for each in found if each.number in call.repo.items]
    found.sort(key=lambda each: each.id, reverse=True)
    return call.page(found, lambda each: _with_issue(call, each))


@answers("issues/get-event")
def get_event(call: Call) -> Reply:
    key = call.number("event_id")
    for number in call.repo.events:
        for each in _events(call, number):
            if each.id == key and number in call.repo.items:
                return Reply(200, _with_issue(call, each))
    raise not_found()


@answers("issues/list-events-for-timeline")
def list_timeline(call: Call) -> Reply:
    repo, number = call.repo, call.number()
    demand_item(repo, number)
    rows: list[tuple[Any, dict[str, Any]]] = [
        ((each.at, each.id), event(call.view, repo, each)) for each in _events(call, number)
    ]
    for said in repo.comments_of(number, call.hub.as_of()):
        data = comment(call.view, repo, said)
        data |= {"event": "commented", "actor": data["user"]}
        rows.append(((said.created_at, said.id), data))
    viewer = call.token.account.id if call.token else None
    for made in reviews_of(repo, number, viewer):
        if made.submitted_at is not None:
            data = review(call.view, repo, made) | {"event": "reviewed"}
            rows.append(((made.submitted_at, made.id), data))
    rows.sort(key=lambda row: row[0])
    return call.page([data for _, data in rows], lambda data: data)


def _events(call: Call, number: int) -> list[Event]:
    past = call.hub.as_of()
    found = call.repo.events.get(number, ())
    return [each for each in found if past is None or each.at <= past]


def _with_issue(call: Call, made: Event) -> dict[str, Any]:
    item = call.repo.item(made.number)
    assert item is not None
    return {
        **event(call.view, call.repo, made),
        "issue": issue(call.view, call.repo, item),
    }
