"""The main job with `tracker: github`: real HTTP, real pushes, every command its own process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.github_project import GitHubProject
from tests.support.project import writes

CHAIN = """\
- [ ] Store <!-- id: store -->
- [ ] Login (after: store) <!-- id: login -->
- [ ] Notes <!-- id: notes -->
"""

WORK = {
    "store": [writes(store="kept")],
    "login": [writes(login="in")],
    "notes": [writes(notes="noted")],
}


@pytest.fixture
def hosted(tmp_path: Path) -> Iterator[GitHubProject]:
    project = GitHubProject(tmp_path)
    yield project
    project.close()


def test_from_roadmap_to_merged_work_on_github(hosted: GitHubProject) -> None:
    hosted.begin(CHAIN, work=WORK)
    compiled = hosted.json("compile")
    assert [row["unit"] for row in compiled["applied"]] == ["store", "login", "notes"]
    assert hosted.issues["Login"].labels == {"loopcoder", "blocked-by:#1"}
    assert hosted.json("compile")["writes"] == 0

    first = hosted.tick()
    assert {name: row["outcome"] for name, row in first["units"].items()} == {
        "store": "proposed",
        "notes": "proposed",
        "login": "blocked",
    }
    assert first["stop_reason"] == "waiting-for-merge"
    assert hosted.pulls() == {"store": 4, "notes": 5}
    assert hosted.served("store.txt", "loopcoder/store") == "kept"
    assert hosted.git("branch", "--list", "loopcoder/*") == ""

    hosted.merge_all()
    assert hosted.issues["Store"].is_completed
    second = hosted.tick()
    assert second["units"]["login"]["outcome"] == "proposed"
    assert hosted.issues["Login"].labels == {"loopcoder"}
    hosted.merge_all()
    assert hosted.tick()["stop_reason"] == "sealed"
    assert hosted.served("login.txt") == "in"


def test_an_idle_tick_asks_once_and_once_for_each_open_proposal(hosted: GitHubProject) -> None:
    hosted.begin(CHAIN, work=WORK)
    hosted.tick()
    hosted.tick()
    hosted.github.forget_requests()
    used = hosted.github.quota_used
    report = hosted.tick()
    assert report["stop_reason"] == "waiting-for-merge"
    asked = [(r.operation, r.status) for r in hosted.github.requests() if "git/" not in r.operation]
    # What was said on a pull request is asked for as long as it is new.
    assert asked == [("issues/list-for-repo", 304), *[("pulls/list-reviews", 304)] * 2]
    assert hosted.github.quota_used == used
    assert report["api"] == {
        "requests": 3, "points": 0, "not_modified": 3, "writes": 0, "retries": 0, "slept_s": 0.0,
    }  # fmt: skip
