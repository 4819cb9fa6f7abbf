"""Check runs, suites, commit statuses, workflow runs and jobs as GitHub writes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.github_server.checks import CheckRun, Job, Status, WorkflowRun
from tests.github_server.repository import Repository
from tests.github_server.sequence import node_id
from tests.github_server.view import View, maybe_stamp, stamp
from tests.github_server.wire.accounts import user_of
from tests.github_server.wire.commits import git_commit
from tests.github_server.wire.repositories import minimal


def check_run(view: View, repo: Repository, made: CheckRun) -> dict[str, Any]:
    url = f"{view.repo_url(repo)}/check-runs/{made.id}"
    page = f"{view.repo_page(repo)}/runs/{made.id}"
    return {
        "id": made.id,
        "node_id": node_id("CheckRun", made.id),
        "name": made.name,
        "head_sha": made.head_sha,
        "external_id": "",
        "url": url,
        "html_url": page,
        "details_url": made.details_url or page,
        "status": made.status,
        "conclusion": made.conclusion,
        "started_at": stamp(made.started_at),
        "completed_at": maybe_stamp(made.completed_at),
        "output": {
            "title": made.title or None,
            "summary": made.summary or None,
            "text": None,
            "annotations_count": 0,
            "annotations_url": f"{url}/annotations",
        },
        "check_suite": {"id": made.suite},
        "app": None,
        "pull_requests": [],
    }


def check_suite(view: View, repo: Repository, runs: Sequence[CheckRun]) -> dict[str, Any]:
    """The runs of one commit as a suite."""
    first = runs[0]
    url = f"{view.repo_url(repo)}/check-suites/{first.suite}"
    done = all(each.status == "completed" for each in runs)
    bad = [each.conclusion for each in runs if each.conclusion not in ("success", "skipped", None)]
    commit = git_commit(view, repo, first.head_sha)
    return {
        "id": first.suite,
        "node_id": node_id("CheckSuite", first.suite),
        "head_branch": repo.default_branch,
        "head_sha": first.head_sha,
        "status": "completed" if done else "in_progress",
        "conclusion": (bad[0] if bad else "success") if done else None,
        "url": url,
        "before": "0" * 40,
        "after": first.head_sha,
        "pull_requests": [],
        "app": None,
        "repository": minimal(view, repo),
        "created_at": stamp(first.started_at),
        "updated_at": stamp(first.started_at),
        "head_commit": simple_commit(commit),
        "latest_check_runs_count": len(runs),
        "check_runs_url": f"{url}/check-runs",
    }


def simple_commit(commit: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": commit["sha"],
        "tree_id": commit["tree"]["sha"],
        "message": commit["message"],
        "timestamp": commit["committer"]["date"],
        "author": {key: commit["author"][key] for key in ("name", "email")},
        "committer": {key: commit["committer"][key] for key in ("name", "email")},
    }


def status(view: View, repo: Repository, made: Status) -> dict[str, Any]:
    return {
        **simple_status(view, repo, made),
        "creator": user_of(view, made.creator),
    }


def simple_status(view: View, repo: Repository, made: Status) -> dict[str, Any]:
    return {
        "url": f"{view.repo_url(repo)}/statuses/{made.sha}",
        "avatar_url": f"{view.web}/avatars/{made.creator}",
        "id": made.id,
        "node_id": node_id("Status", made.id),
        "state": made.state,
        "description": made.description,
        "target_url": made.target_url,
        "context": made.context,
        "created_at": stamp(made.created_at),
        "updated_at": stamp(made.created_at),
    }


def workflow_run(view: View, repo: Repository, made: WorkflowRun) -> dict[str, Any]:
    base, url = view.repo_url(repo), f"{view.repo_url(repo)}/actions/runs/{made.id}"
    return {
        "id": made.id,
        "name": made.workflow,
        "node_id": node_id("Run", made.id),
        "head_branch": made.head_branch,
        "head_sha": made.head_sha,
        "path": made.path,
        "display_title": made.workflow,
        "run_number": made.number,
        "run_attempt": made.attempt,
        "event": made.event,
        "status": made.status,
        "conclusion": made.conclusion,
        "workflow_id": made.workflow_id,
        "url": url,
        "html_url": f"{view.repo_page(repo)}/actions/runs/{made.id}",
        "pull_requests": [],
        "created_at": stamp(made.created_at),
        "updated_at": stamp(made.created_at),
        "run_started_at": stamp(made.created_at),
        "jobs_url": f"{url}/jobs",
        "logs_url": f"{url}/logs",
        "check_suite_url": f"{base}/check-suites/{made.id}",
        "artifacts_url": f"{url}/artifacts",
        "cancel_url": f"{url}/cancel",
        "rerun_url": f"{url}/rerun",
        "workflow_url": f"{base}/actions/workflows/{made.workflow_id}",
        "head_commit": simple_commit(git_commit(view, repo, made.head_sha)),
        "repository": minimal(view, repo),
        "head_repository": minimal(view, repo),
    }


def job(view: View, repo: Repository, run: WorkflowRun, made: Job) -> dict[str, Any]:
    base, at = view.repo_url(repo), stamp(run.created_at)
    page = f"{view.repo_page(repo)}/actions/runs/{run.id}/job/{made.id}"
    state = "completed" if made.conclusion else "in_progress"
    return {
        "id": made.id,
        "run_id": run.id,
        "run_url": f"{base}/actions/runs/{run.id}",
        "run_attempt": run.attempt,
        "node_id": node_id("Job", made.id),
        "head_sha": run.head_sha,
        "head_branch": run.head_branch,
        "url": f"{base}/actions/jobs/{made.id}",
        "html_url": page,
        "status": state,
        "conclusion": made.conclusion,
        "created_at": at,
        "started_at": at,
        "completed_at": at if made.conclusion else None,
        "name": made.name,
        "workflow_name": run.workflow,
        "steps": [
            {
                "name": name,
                "number": index,
                "status": "completed" if conclusion else "in_progress",
                "conclusion": conclusion,
                "started_at": at,
                "completed_at": at if conclusion else None,
            }
            for index, (name, conclusion) in enumerate(made.steps, 1)
        ],
        "check_run_url": f"{base}/check-runs/{made.id}",
        "labels": ["ubuntu-latest"],
        "runner_id": 1,
        "runner_name": "runner",
        "runner_group_id": 1,
        "runner_group_name": "Default",
    }
