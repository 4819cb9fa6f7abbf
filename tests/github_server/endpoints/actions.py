"""Workflow runs, their jobs and logs over HTTP."""

from __future__ import annotations

from tests.github_server.call import Call
from tests.github_server.checks import Job, WorkflowRun
from tests.github_server.exchange import Reply
from tests.github_server.refusal import not_found
from tests.github_server.registry import answers
from tests.github_server.wire.checks import job, workflow_run


@answers("actions/list-workflow-runs-for-repo")
def list_runs(call: Call) -> Reply:
    query = call.query
    found = [
        each
        for each in sorted(call.repo.runs.values(), key=lambda each: -each.id)
        if query.get("branch") in (None, each.head_branch)
        and query.get("head_sha") in (None, each.head_sha)
        and query.get("event") in (None, each.event)
        and query.get("status") in (None, each.status, each.conclusion)
    ]
    rows, headers = call.window(found)
    data = [workflow_run(call.view, call.repo, each) for each in rows]
    return Reply(200, {"total_count": len(found), "workflow_runs": data}, headers)


@answers("actions/get-workflow-run")
def get_run(call: Call) -> Reply:
    return Reply(200, workflow_run(call.view, call.repo, _run(call)))


@answers("actions/list-jobs-for-workflow-run")
def list_jobs(call: Call) -> Reply:
    run = _run(call)
    rows, headers = call.window(run.jobs)
    data = [job(call.view, call.repo, run, each) for each in rows]
    return Reply(200, {"total_count": len(run.jobs), "jobs": data}, headers)


@answers("actions/get-job-for-workflow-run")
def get_job(call: Call) -> Reply:
    run, found = _job(call)
    return Reply(200, job(call.view, call.repo, run, found))


@answers("actions/download-job-logs-for-workflow-run")
def get_log(call: Call) -> Reply:
    """A redirect to a place that needs no token and is good for a minute."""
    _, found = _job(call)
    url = f"{call.view.web}/_logs/{call.repo.id}/{found.id}"
    return Reply(302, None, {"Location": url})


def _run(call: Call) -> WorkflowRun:
    found = call.repo.runs.get(call.number("run_id"))
    if found is None:
        raise not_found()
    return found


def _job(call: Call) -> tuple[WorkflowRun, Job]:
    key = call.number("job_id")
    for run in call.repo.runs.values():
        for each in run.jobs:
            if each.id == key:
                return run, each
    raise not_found()
