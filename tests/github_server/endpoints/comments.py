"""Comments over HTTP."""

from __future__ import annotations

from datetime import datetime

from tests.github_server.call import Call
from tests.github_server.exchange import Reply
from tests.github_server.records import Comment
from tests.github_server.registry import answers
from tests.github_server.verbs import comments
from tests.github_server.verbs.guards import demand_item
from tests.github_server.wire.items import comment


@answers("issues/list-comments")
def list_comments(call: Call) -> Reply:
    demand_item(call.repo, call.number())
    found = call.repo.comments_of(call.number(), call.hub.as_of())
    return call.page(_since(call, found), lambda each: comment(call.view, call.repo, each))


@answers("issues/list-comments-for-repo")
def list_all_comments(call: Call) -> Reply:
    found = _since(call, list(call.repo.comments.values(call.hub.as_of())))
    field = "updated_at" if call.query.get("sort") == "updated" else "created_at"
    found.sort(key=lambda each: (getattr(each, field), each.id))
    if call.query.get("direction") == "desc":
        found.reverse()
    return call.page(found, lambda each: comment(call.view, call.repo, each))


@answers("issues/create-comment")
def create_comment(call: Call) -> Reply:
    made = comments.say(call.repo, call.who, call.number(), call.body["body"])
    data = comment(call.view, call.repo, made)
    return Reply(201, data, {"Location": data["url"]})


@answers("issues/get-comment")
def get_comment(call: Call) -> Reply:
    found = comments.demand_comment(call.repo, call.number("comment_id"))
    return Reply(200, comment(call.view, call.repo, found))


@answers("issues/update-comment")
def update_comment(call: Call) -> Reply:
    made = comments.rewrite(call.repo, call.who, call.number("comment_id"), call.body["body"])
    return Reply(200, comment(call.view, call.repo, made))


@answers("issues/delete-comment")
def delete_comment(call: Call) -> Reply:
    comments.withdraw(call.repo, call.who, call.number("comment_id"))
    return Reply(204)


def _since(call: Call, found: list[Comment]) -> list[Comment]:
    text = call.query.get("since")
    if not text:
        return found
    since = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return [each for each in found if each.updated_at >= since]
