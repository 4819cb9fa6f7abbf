"""What is asked of GitHub to know what CI says, and what is made of the answers."""

from __future__ import annotations

from typing import Any

import pytest

from loopcoder.adapters.github.ci import read_run, read_status
from loopcoder.adapters.memory.clock import FixedClock
from loopcoder.domain.ci.ci import CheckState
from tests.github_server.checks import Status
from tests.github_server.world import Github
from tests.support.clone import Clone


def asked(github: Github) -> list[tuple[str, int]]:
    found = [(each.operation, each.status) for each in github.requests()]
    github.forget_requests()
    return found


def put_status(github: Github, sha: str, state: str, at: Any) -> None:
    repo = github.repo
    repo.statuses.append(Status(repo.ids.next(), sha, "deploy", state, 1001, at))


RUNS, STATUSES = "checks/list-for-ref", "repos/list-commit-statuses-for-ref"


def test_an_idle_look_is_one_request_that_costs_nothing_in_any_process(
    github: Github, clone: Clone, clock: FixedClock
) -> None:
    head = github.git.head("main") or ""
    github.run_ci(head, "main")
    clone.open(clock)
    assert [run.name for run in clone.ci.list_checks(head)] == ["test"]
    assert asked(github) == [(RUNS, 200), (STATUSES, 200)]
    used = github.quota_used
    for _ in range(2):
        clone.open(clock)
        clock.advance(seconds=20)
        assert [run.name for run in clone.ci.list_checks(head)] == ["test"]
    assert asked(github) == [(RUNS, 304)] * 2
    assert github.quota_used == used


def test_statuses_are_asked_for_ever_more_rarely_where_there_are_none(
    github: Github, clone: Clone, clock: FixedClock
) -> None:
    head = github.git.head("main") or ""
    clone.open(clock)
    for _ in range(24 * 12):
        clone.ci.list_checks(head)
        clock.advance(seconds=300)
    seen = asked(github)
    assert sum(1 for operation, _ in seen if operation == RUNS) == 24 * 12
    assert sum(1 for operation, _ in seen if operation == STATUSES) <= 12


def test_statuses_that_exist_are_looked_at_every_time(
    github: Github, clone: Clone, clock: FixedClock
) -> None:
    head = github.git.head("main") or ""
    put_status(github, head, "pending", clock.now())
    clone.open(clock)
    assert [run.state for run in clone.ci.list_checks(head)] == [CheckState.PENDING]
    clock.advance(seconds=20)
    put_status(github, head, "failure", clock.now())
    assert clone.ci.list_checks(head)[0].state is CheckState.RED


def test_checks_of_protection_and_of_rules_are_asked_for(
    github: Github, clone: Clone, clock: FixedClock
) -> None:
    github.repo.required_checks["main"] = ["test"]
    github.repo.ruled_checks["main"] = ["lint"]
    clone.open(clock)
    assert clone.ci.required_checks("main") == {"test", "lint"}
    assert clone.ci.required_checks("gone") == frozenset()


def test_a_log_that_is_gone_leaves_what_the_reporter_says(
    github: Github, clone: Clone, clock: FixedClock
) -> None:
    head = github.git.head("main") or ""
    github.run_ci(head, "main", conclusion="failure", log="it broke")
    clone.open(clock)
    (run,) = clone.ci.list_checks(head)
    assert clone.ci.read_log(run) == "it broke"
    github.repo.runs.clear()
    assert clone.ci.read_log(run) == ""


def test_no_token_is_sent_to_where_logs_lie(
    github: Github, clone: Clone, clock: FixedClock
) -> None:
    head = github.git.head("main") or ""
    github.run_ci(head, "main", conclusion="failure", log="it broke")
    clone.open(clock)
    clone.ci.read_log(clone.ci.list_checks(head)[0])
    (fetched,) = github.requests("logs")
    assert (fetched.login, fetched.token) == ("", "")


def test_a_token_that_may_not_read_checks_is_said_and_stops_nothing(
    github: Github, clone: Clone, clock: FixedClock
) -> None:
    github.fail(RUNS, status=403, data={"message": "Resource not accessible by integration"})
    clone.open(clock)
    head = github.git.head("main") or ""
    assert list(clone.ci.list_checks(head)) == []
    assert "may not GET" in clone.ci.remarks()[0]


PAYLOAD: dict[str, Any] = {
    "id": 5, "name": "test", "head_sha": "c" * 40, "status": "completed",
    "conclusion": "failure", "completed_at": "2026-03-01T11:00:00Z", "check_suite": {"id": 7},
    "details_url": "https://github.com/a/b/actions/runs/11/job/12", "output": {},
}  # fmt: skip


@pytest.mark.parametrize(
    ("status", "conclusion", "state"),
    [
        ("completed", "failure", CheckState.RED),
        ("completed", "timed_out", CheckState.RED),
        ("completed", "cancelled", CheckState.OTHER),
        ("completed", "action_required", CheckState.OTHER),
        ("completed", "something new", CheckState.OTHER),
        ("waiting", None, CheckState.PENDING),
    ],
)
def test_a_check_run_is_read(status: str, conclusion: str | None, state: CheckState) -> None:
    run = read_run({**PAYLOAD, "status": status, "conclusion": conclusion})
    assert (run.state, run.log, run.series) == (state, "12", "7")


def test_a_status_is_read() -> None:
    payload = {"id": 3, "context": "ci/x", "state": "error", "created_at": "2026-03-01T11:00:00Z"}
    run = read_status(payload, "c" * 40)
    assert (run.id, run.state, run.log) == ("status-3", CheckState.RED, "")
