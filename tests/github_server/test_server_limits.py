"""Primary and secondary rate limits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from loopcoder.adapters.memory.clock import FixedClock
from tests.github_server.client import ask
from tests.github_server.limits import Limits
from tests.github_server.world import BOT, EVE, Github


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def github(tmp_path: Path, clock: FixedClock) -> Iterator[Github]:
    world = Github.start(tmp_path / "github", now=clock.now, limits=Limits(rest=4))
    yield world
    world.close()
    world.server.check()


def test_the_primary_limit_is_spent_refused_and_reset(github: Github, clock: FixedClock) -> None:
    path = f"/repos/{github.full_name}/issues"
    left = [ask(github, "GET", path).headers["x-ratelimit-remaining"] for _ in range(4)]
    assert left == ["3", "2", "1", "0"]
    refused = ask(github, "GET", path)
    assert refused.status == 403 and "rate limit exceeded" in refused.data["message"]
    assert refused.headers["x-ratelimit-remaining"] == "0"
    reset = int(refused.headers["x-ratelimit-reset"])
    assert reset == int(clock.now().timestamp()) + 3600
    assert ask(github, "GET", path, login=EVE).status == 200, "everybody has their own"
    clock.advance(hours=1)
    assert ask(github, "GET", path).headers["x-ratelimit-remaining"] == "3"


def test_asking_for_the_limit_costs_nothing(github: Github) -> None:
    for _ in range(6):
        data = ask(github, "GET", "/rate_limit").data
    assert data["resources"]["core"]["remaining"] == data["rate"]["remaining"] == 4


def test_anonymous_requests_have_the_least(github: Github) -> None:
    answer = ask(github, "GET", f"/repos/{github.full_name}", login=None)
    assert (answer.status, answer.headers["x-ratelimit-limit"]) == (200, "60")


def test_content_is_limited_by_the_minute_and_by_the_hour(
    github: Github, clock: FixedClock
) -> None:
    github.hub.limits.rest = 1000
    github.hub.limits.content_per_minute, github.hub.limits.content_per_hour = 2, 3
    path = f"/repos/{github.full_name}/issues"

    def create() -> int:
        return ask(github, "POST", path, {"title": "One"}).status

    assert [create(), create(), create()] == [201, 201, 403]
    refused = ask(github, "POST", path, {"title": "One"})
    assert refused.headers["retry-after"] == "60"
    assert "secondary rate limit" in refused.data["message"]
    assert ask(github, "GET", path).status == 200, "reading goes on"
    clock.advance(minutes=1)
    assert [create(), create()] == [201, 403]
    clock.advance(hours=1)
    assert create() == 201


def test_points_are_limited_by_the_minute(github: Github, clock: FixedClock) -> None:
    github.hub.limits.rest, github.hub.limits.points_per_minute = 1000, 6
    path = f"/repos/{github.full_name}/issues"
    assert ask(github, "POST", path, {"title": "One"}).status == 201, "five points"
    assert ask(github, "GET", path).status == 200
    assert ask(github, "GET", path).status == 403
    clock.advance(seconds=61)
    assert ask(github, "GET", path).status == 200


def test_an_ordered_refusal_looks_like_githubs(github: Github, clock: FixedClock) -> None:
    path = f"/repos/{github.full_name}/issues"
    github.refuse("issues/list-for-repo", retry_after=7)
    github.refuse("issues/list-for-repo", status=429)
    github.refuse("issues/list-for-repo", reset_in=30)
    secondary, bare, primary = (ask(github, "GET", path) for _ in range(3))
    assert (secondary.status, secondary.headers["retry-after"]) == (403, "7")
    assert bare.status == 429 and "retry-after" not in bare.headers
    assert primary.headers["x-ratelimit-reset"] == str(int(clock.now().timestamp()) + 30)
    assert ask(github, "GET", path).status == 200
    assert github.actor(BOT).login == BOT
