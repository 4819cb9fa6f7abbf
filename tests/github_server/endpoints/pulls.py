"""Pull requests over HTTP."""

from __future__ import annotations

from tests.github_server.account import Role
from tests.github_server.call import Call
from tests.github_server.exchange import Reply
from tests.github_server.records import Item
from tests.github_server.refusal import not_found
from tests.github_server.registry import answers
from tests.github_server.verbs import issues, pulls
from tests.github_server.verbs.guards import demand_author_or, demand_pull
from tests.github_server.wire.accounts import user_of
from tests.github_server.wire.pulls import full_pull, pull


@answers("pulls/list")
def list_pulls(call: Call) -> Reply:
    found = [
        each
        for each in call.repo.all_items(call.hub.as_of())
        if each.pull is not None and _wanted(call, each)
    ]
    field = "updated_at" if call.query.get("sort") == "updated" else "created_at"
    found.sort(key=lambda each: (getattr(each, field), each.number))
    newest_first = field == "created_at" and "sort" not in call.query
    if call.query.get("direction", "desc" if newest_first else "asc") == "desc":
        found.reverse()
    return call.page(found, lambda each: pull(call.view, call.repo, each))


@answers("pulls/get")
def get_pull(call: Call) -> Reply:
    item = demand_pull(call.repo, call.number("pull_number"))
    past = call.hub.as_of(single=True)
    if past is not None and call.repo.items.get(item.number, past) is None:
        raise not_found()
    return Reply(200, full_pull(call.view, call.repo, item))


@answers("pulls/create")
def create_pull(call: Call) -> Reply:
    body = call.body
    draft = pulls.PullDraft(
        body.get("title"), body["head"], body["base"], body.get("body"), body.get("draft", False)
    )
    item = pulls.create(call.hub, call.repo, call.who, draft)
    data = full_pull(call.view, call.repo, item)
    return Reply(201, data, {"Location": data["url"]})


@answers("pulls/update")
def update_pull(call: Call) -> Reply:
    repo, who, number, body = call.repo, call.who, call.number("pull_number"), call.body
    item = demand_pull(repo, number)
    demand_author_or(repo, who, item.author, Role.WRITE)
    issues.edit(
        repo, who, number, title=body.get("title"),
        body=(body["body"] or "") if "body" in body else None,
    )  # fmt: skip
    if "base" in body:
        pulls.change_base(repo, who, number, body["base"])
    if body.get("state") == "closed":
        issues.close(repo, who, number)
    elif body.get("state") == "open":
        pulls.demand_reopenable(repo, item)
        issues.reopen(repo, who, number)
    return Reply(200, full_pull(call.view, repo, demand_pull(repo, number)))


@answers("pulls/merge")
def merge_pull(call: Call) -> Reply:
    body = call.body
    commit = pulls.merge(
        call.hub, call.repo, call.who, call.number("pull_number"),
        body.get("merge_method", "merge"),
        sha=body.get("sha"),
        title=body.get("commit_title"),
        message=body.get("commit_message"),
    )  # fmt: skip
    data = {"sha": commit, "merged": True, "message": "Pull Request successfully merged"}
    return Reply(200, data)


@answers("pulls/check-if-merged")
def check_if_merged(call: Call) -> Reply:
    item = demand_pull(call.repo, call.number("pull_number"))
    if item.pull is None or item.pull.merged_at is None:
        raise not_found()
    return Reply(204)


@answers("pulls/request-reviewers")
def request_reviewers(call: Call) -> Reply:
    logins = call.body.get("reviewers", ())
    number = call.number("pull_number")
    teams = call.body.get("team_reviewers", ())
    item = pulls.request_reviews(call.hub, call.repo, call.who, number, logins, teams)
    return Reply(201, pull(call.view, call.repo, item))


@answers("pulls/remove-requested-reviewers")
def remove_reviewers(call: Call) -> Reply:
    logins = call.body.get("reviewers", ())
    number = call.number("pull_number")
    item = pulls.withdraw_requests(call.hub, call.repo, call.who, number, logins)
    return Reply(200, pull(call.view, call.repo, item))


@answers("pulls/list-requested-reviewers")
def list_reviewers(call: Call) -> Reply:
    item = demand_pull(call.repo, call.number("pull_number"))
    asked = item.pull.reviewers if item.pull else ()
    return Reply(200, {"users": [user_of(call.view, each) for each in asked], "teams": []})


def _wanted(call: Call, item: Item) -> bool:
    query, made = call.query, item.pull
    assert made is not None
    state = query.get("state", "open")
    head = f"{call.repo.owner.login}:{made.head_ref}"
    return (
        state in ("all", item.state)
        and query.get("head", head).casefold() == head.casefold()
        and query.get("base", made.base_ref) == made.base_ref
    )
