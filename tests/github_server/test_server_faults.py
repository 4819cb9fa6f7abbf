"""Faults on order: before and after the effect, and a world that lags."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from pathlib import Path

import pytest

from loopcoder.adapters.memory.clock import FixedClock
from tests.github_server.client import Answer, ask
from tests.github_server.server import ContractBroken
from tests.github_server.world import ANA, Github

BROKEN = (http.client.HTTPException, ConnectionError)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def github(tmp_path: Path, clock: FixedClock) -> Iterator[Github]:
    world = Github.start(tmp_path / "github", now=clock.now)
    yield world
    world.close()
    world.server.check()


def create(github: Github, title: str = "One") -> Answer:
    return ask(github, "POST", f"/repos/{github.full_name}/issues", {"title": title})


def titles(github: Github) -> list[str]:
    return [issue.title for issue in github.person(ANA).tracker.list_issues()]


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_failure_before_the_effect_changes_nothing(github: Github, status: int) -> None:
    github.fail("issues/create", status=status, times=2)
    assert [create(github).status, create(github).status] == [status, status]
    assert titles(github) == []
    assert create(github).status == 201


def test_a_failure_after_the_effect_loses_the_answer_only(github: Github) -> None:
    github.fail("issues/create", after=True)
    assert create(github).status == 502
    assert titles(github) == ["One"]


def test_the_connection_is_cut_before_or_after(github: Github) -> None:
    github.cut("issues/create")
    with pytest.raises(BROKEN):
        create(github)
    assert titles(github) == []
    github.cut("issues/create", after=True)
    with pytest.raises(BROKEN):
        create(github)
    assert titles(github) == ["One"]
    assert [each.status for each in github.requests("issues/create")] == [0, 0]


def test_half_an_answer_is_no_answer(github: Github) -> None:
    github.truncate("issues/create")
    with pytest.raises(BROKEN):
        create(github)
    assert titles(github) == ["One"]


def test_a_hanging_server_outlasts_the_clients_patience(github: Github) -> None:
    github.hang("issues/list-for-repo", seconds=1.0)
    with pytest.raises(TimeoutError):
        ask(github, "GET", f"/repos/{github.full_name}/issues", timeout_s=0.2)


def test_a_fault_can_wait_for_its_turn(github: Github) -> None:
    github.fail("write", skip=2)
    assert [create(github).status for _ in range(4)] == [201, 201, 502, 201]


def test_something_is_done_in_between(github: Github) -> None:
    github.call("issues/create", lambda: github.person(ANA).file("First"))
    assert create(github, "Second").data["number"] == 2
    assert titles(github) == ["First", "Second"]


def test_lists_lag_behind(github: Github, clock: FixedClock) -> None:
    github.lag(30)
    clock.advance(minutes=5)
    number = create(github).data["number"]
    path = f"/repos/{github.full_name}/issues"
    assert ask(github, "GET", path).data == []
    assert ask(github, "GET", f"{path}/{number}").status == 200
    clock.advance(seconds=29)
    assert ask(github, "GET", path).data == []
    clock.advance(seconds=1)
    assert [each["title"] for each in ask(github, "GET", path).data] == ["One"]
    ask(github, "PATCH", f"{path}/{number}", {"title": "Two"})
    assert [each["title"] for each in ask(github, "GET", path).data] == ["One"]
    clock.advance(seconds=30)
    assert [each["title"] for each in ask(github, "GET", path).data] == ["Two"]


def test_what_was_just_made_is_not_found_yet(github: Github, clock: FixedClock) -> None:
    github.lag(10, gets=True)
    number = create(github).data["number"]
    path = f"/repos/{github.full_name}/issues/{number}"
    assert ask(github, "GET", path).status == 404
    clock.advance(seconds=10)
    assert ask(github, "GET", path).status == 200


def test_graphql_fails_with_status_200(github: Github) -> None:
    github.fail_graphql("Something went wrong while executing your query.")
    answer = ask(github, "POST", "/graphql", {"query": "query { viewer { login } }"})
    assert answer.status == 200 and answer.data["errors"]
    answer = ask(github, "POST", "/graphql", {"query": "query { viewer { login } }"})
    assert "errors" not in answer.data


def test_an_expired_token_is_refused(github: Github) -> None:
    github.expire()
    answer = create(github)
    assert (answer.status, answer.data["message"]) == (401, "Bad credentials")
    assert titles(github) == []


@pytest.mark.parametrize(
    ("method", "path", "body", "complaint"),
    [
        ("GET", "/repos/acme/rocket/nonsense", None, "no such operation"),
        ("POST", "/repos/acme/rocket/issues", {"titel": "One"}, '"title" is a required'),
        (
            "POST",
            "/repos/acme/rocket/issues",
            {"title": "t", "lables": []},
            "lables is not described",
        ),
        ("GET", "/repos/acme/rocket/issues?stat=all", None, "stat is not described"),
        ("GET", "/repos/acme/rocket/issues?state=any", None, "state='any'"),
    ],
)
def test_what_github_does_not_describe_fails_the_test(
    github: Github, method: str, path: str, body: object, complaint: str
) -> None:
    assert ask(github, method, path, body).status in (404, 422)
    with pytest.raises(ContractBroken, match=complaint):
        github.server.check()
    github.violations().clear()
