"""Check runs, suites and commit statuses over HTTP."""

from __future__ import annotations

from dataclasses import replace

from tests.github_server.account import Role
from tests.github_server.call import Call
from tests.github_server.checks import CheckRun, Status
from tests.github_server.exchange import Reply
from tests.github_server.refusal import Refusal, not_found
from tests.github_server.registry import answers
from tests.github_server.verbs.checks import latest_statuses, report, runs_of, state_of
from tests.github_server.verbs.guards import demand_role
from tests.github_server.wire.checks import check_run, check_suite, simple_status, status
from tests.github_server.wire.repositories import minimal


@answers("checks/create")
def create_run(call: Call) -> Reply:
    """Only an App may."""
    if call.who.app is None:
        raise Refusal(403, "You must authenticate via a GitHub App.")
    body = call.body
    output = body.get("output") or {}
    made = report(
        call.repo, call.hub.now(), body["head_sha"], body["name"],
        body.get("conclusion"), body.get("status", "queued"),
        title=output.get("title", ""), summary=output.get("summary", ""),
        details_url=body.get("details_url"),
    )  # fmt: skip
    return Reply(201, check_run(call.view, call.repo, made))


@answers("checks/get")
def get_run(call: Call) -> Reply:
    return Reply(200, check_run(call.view, call.repo, _demand(call)))


@answers("checks/update")
def update_run(call: Call) -> Reply:
    if call.who.app is None:
        raise Refusal(403, "You must authenticate via a GitHub App.")
    found, conclusion = _demand(call), call.body.get("conclusion")
    made = replace(
        found,
        status="completed" if conclusion else call.body.get("status", found.status),
        conclusion=conclusion or found.conclusion,
        completed_at=call.hub.now() if conclusion else found.completed_at,
    )
    call.repo.check_runs[made.id] = made
    return Reply(200, check_run(call.view, call.repo, made))


@answers("checks/list-for-ref")
def list_runs(call: Call) -> Reply:
    wanted, name = call.query.get("status"), call.query.get("check_name")
    found = [
        each
        for each in runs_of(call.repo, _sha(call), every=call.query.get("filter") == "all")
        if wanted in (None, each.status) and name in (None, each.name)
    ]
    rows, headers = call.window(found)
    data = [check_run(call.view, call.repo, each) for each in rows]
    return Reply(200, {"total_count": len(found), "check_runs": data}, headers)


@answers("checks/list-suites-for-ref")
def list_suites(call: Call) -> Reply:
    suites: dict[int, list[CheckRun]] = {}
    for each in runs_of(call.repo, _sha(call)):
        suites.setdefault(each.suite, []).append(each)
    data = [check_suite(call.view, call.repo, runs) for runs in suites.values()]
    return Reply(200, {"total_count": len(data), "check_suites": data})


@answers("checks/list-annotations")
def list_annotations(call: Call) -> Reply:
    _demand(call)
    return Reply(200, [])


@answers("repos/get-combined-status-for-ref")
def get_combined(call: Call) -> Reply:
    sha = _sha(call)
    found = latest_statuses(call.repo, sha)
    base = call.view.repo_url(call.repo)
    data = {
        "state": state_of(each.state for each in found),
        "statuses": [simple_status(call.view, call.repo, each) for each in found],
        "sha": sha,
        "total_count": len(found),
        "repository": minimal(call.view, call.repo),
        "commit_url": f"{base}/commits/{sha}",
        "url": f"{base}/commits/{sha}/status",
    }
    return Reply(200, data)


@answers("repos/list-commit-statuses-for-ref")
def list_statuses(call: Call) -> Reply:
    sha = _sha(call)
    found = [each for each in reversed(call.repo.statuses) if each.sha == sha]
    return call.page(found, lambda each: status(call.view, call.repo, each))


@answers("repos/create-commit-status")
def create_status(call: Call) -> Reply:
    demand_role(call.repo, call.who, Role.WRITE)
    body, sha = call.body, call.repo.git.commit_of(call.params["sha"])
    if sha is None:
        raise Refusal(422, f"No commit found for SHA: {call.params['sha']}")
    made = Status(
        call.repo.ids.next(), sha, body.get("context") or "default", body["state"],
        call.who.id, call.hub.now(), body.get("description"), body.get("target_url"),
    )  # fmt: skip
    call.repo.statuses.append(made)
    return Reply(201, status(call.view, call.repo, made))


def _sha(call: Call) -> str:
    sha = call.repo.git.commit_of(call.params["ref"])
    if sha is None:
        raise Refusal(422, f"No commit found for SHA: {call.params['ref']}")
    return sha


def _demand(call: Call) -> CheckRun:
    found = call.repo.check_runs.get(call.number("check_run_id"))
    if found is None:
        raise not_found()
    return found
