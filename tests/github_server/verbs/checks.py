"""What a CI reports about a commit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from tests.github_server.checks import CheckRun, Job, Status, WorkflowRun
from tests.github_server.repository import Repository


def report(
    repo: Repository, at: datetime, sha: str, name: str, conclusion: str | None,
    status: str = "completed", *, title: str = "", summary: str = "",
    details_url: str | None = None,
) -> CheckRun:  # fmt: skip
    """A check run on a commit; with a conclusion it is completed."""
    suites = [each.suite for each in repo.check_runs.values() if each.head_sha == sha]
    made = CheckRun(
        repo.ids.next(),
        suites[0] if suites else repo.ids.next(),
        sha,
        name,
        "completed" if conclusion else status,
        conclusion,
        at,
        at if conclusion else None,
        title,
        summary,
        details_url,
    )
    repo.check_runs[made.id] = made
    return made


def runs_of(repo: Repository, sha: str, every: bool = False) -> list[CheckRun]:
    """The newest run of each name on a commit, or every one."""
    found = [each for each in repo.check_runs.values() if each.head_sha == sha]
    return found if every else list({each.name: each for each in found}.values())


def latest_statuses(repo: Repository, sha: str) -> list[Status]:
    return list({each.context: each for each in repo.statuses if each.sha == sha}.values())


def state_of(states: Iterable[str]) -> str:
    """The combined state: pending where there is none at all."""
    found = set(states)
    if found & {"failure", "error"}:
        return "failure"
    return "success" if found == {"success"} else "pending"


def run_workflow(
    repo: Repository, at: datetime, sha: str, branch: str, *, workflow: str = "CI",
    conclusion: str | None = "success", event: str = "push", jobs: Iterable[Job] = (),
) -> WorkflowRun:  # fmt: skip
    """A workflow's run, and a check run for each of its jobs."""
    made = WorkflowRun(
        repo.ids.next(),
        1 + len(repo.runs),
        workflow,
        f".github/workflows/{workflow.lower()}.yml",
        branch,
        sha,
        event,
        "completed" if conclusion else "in_progress",
        conclusion,
        at,
        jobs=tuple(jobs),
    )
    repo.runs[made.id] = made
    for job in made.jobs:
        page = f"https://github.com/{repo.full_name}/actions/runs/{made.id}/job/{job.id}"
        report(repo, at, sha, job.name, job.conclusion, "in_progress", details_url=page)
    return made
