"""Milestones over HTTP."""

from __future__ import annotations

from tests.github_server.call import Call
from tests.github_server.exchange import Reply
from tests.github_server.registry import answers
from tests.github_server.verbs import milestones
from tests.github_server.wire.items import milestone


@answers("issues/list-milestones")
def list_milestones(call: Call) -> Reply:
    state = call.query.get("state", "open")
    found = [each for each in call.repo.milestones.values() if state in ("all", each.state)]
    return call.page(found, lambda each: milestone(call.view, call.repo, each))


@answers("issues/get-milestone")
def get_milestone(call: Call) -> Reply:
    found = milestones.demand_milestone(call.repo, call.number("milestone_number"))
    return Reply(200, milestone(call.view, call.repo, found))


@answers("issues/create-milestone")
def create_milestone(call: Call) -> Reply:
    body = call.body
    made = milestones.create(call.repo, call.who, body["title"], body.get("description"))
    return Reply(201, milestone(call.view, call.repo, made))


@answers("issues/update-milestone")
def update_milestone(call: Call) -> Reply:
    changes = {
        name: call.body[name] for name in ("title", "description", "state") if name in call.body
    }
    made = milestones.edit(call.repo, call.who, call.number("milestone_number"), **changes)
    return Reply(200, milestone(call.view, call.repo, made))


@answers("issues/delete-milestone")
def delete_milestone(call: Call) -> Reply:
    milestones.delete(call.repo, call.who, call.number("milestone_number"))
    return Reply(204)
