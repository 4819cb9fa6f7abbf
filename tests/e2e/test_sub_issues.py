"""`sections: sub-issues`, through the real commands: planned, filed, worked on, left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.github_project import GitHubProject
from tests.support.project import Project, writes

ROADMAP = """\
## Now

- [ ] Store <!-- id: store -->
- [ ] Login (after: store) <!-- id: login -->

## Later

- [ ] Sso <!-- id: sso -->
"""
WORK = {name: [writes(**{name: "made"})] for name in ("store", "login", "sso")}
CONFIG = {"sections": "sub-issues", "limits": {"units_per_tick": 5}}
PLACES = {"Now": "", "Later": "", "Store": "Now", "Login": "Now", "Sso": "Later"}


@pytest.fixture
def hosted(tmp_path: Path) -> Iterator[GitHubProject]:
    project = GitHubProject(tmp_path)
    project.begin(ROADMAP, work=WORK, config=CONFIG)
    yield project
    project.close()


def places(project: GitHubProject) -> dict[str, str]:
    """Which issue each is a sub-issue of, by title; the dashboard is left away."""
    issues = project.issues
    titles = {0: "", **{issue.number: title for title, issue in issues.items()}}
    found = {title: titles[i.family.parent] for title, i in issues.items() if i.family}
    return {title: parent for title, parent in found.items() if "loopcoder" not in title.lower()}


def test_from_plan_to_a_section_that_is_closed(hosted: GitHubProject) -> None:
    plan = hosted.json("plan", exit_code=None)
    new = [c["unit"] for c in plan["changes"] if c["action"] == "create"]
    assert new == ["section:now", "section:later", "store", "login", "sso"]
    assert plan["cost"]["writes"] == 9  # five issues, a dependency, three places
    assert hosted.json("compile")["writes"] == 9
    assert places(hosted) == PLACES
    assert hosted.json("compile")["writes"] == 0
    assert "nothing to write" in hosted.run("plan").stdout

    ready = hosted.json("ready")
    assert [each["unit"] for each in ready["ready"]] == ["store", "sso"]
    assert "section:" not in hosted.run("status").stdout + str(ready)

    assert hosted.json("explain", "section:now")["units"][1] == {
        "unit": "login",
        "state": "blocked",
    }
    for verb in ("log", "hold"):
        assert "Name one of its units: store, login." in hosted.run(verb, "#1", exit_code=1).stderr
    hosted.tick()
    assert set(hosted.pulls()) == {"store", "sso"}
    pull = f"#{hosted.pulls()['store']}"
    assert hosted.run("log", "#3").stdout == hosted.run("log", pull).stdout
    assert hosted.json("explain", pull)["unit"] == "store"
    (board,) = (i for title, i in hosted.issues.items() if title not in PLACES)
    assert "section:" not in board.body
    hosted.merge_all()
    hosted.later()
    hosted.tick()
    assert hosted.issues["Later"].is_completed
    assert hosted.issues["Now"].is_open


@pytest.mark.slow
def test_what_a_person_moved_stays_through_ticks(hosted: GitHubProject) -> None:
    hosted.run("compile")
    hosted.ana.tracker.put_under(hosted.issues["Sso"], hosted.issues["Now"].number, instead=True)
    hosted.later()
    hosted.tick()
    hosted.tick()
    assert places(hosted) == {**PLACES, "Sso": "Now"}


def test_a_lost_answer_to_a_sections_issue(hosted: GitHubProject) -> None:
    hosted.github.fail("issues/create", after=True)
    hosted.run("compile", exit_code=None)
    hosted.run("compile", exit_code=None)
    hosted.run("compile")
    assert places(hosted) == PLACES
    assert hosted.json("compile")["writes"] == 0


def test_leaving_closes_what_is_no_unit(hosted: GitHubProject) -> None:
    hosted.run("compile")
    listed = hosted.json("uninstall", "--plan")
    assert listed["sections"] == [hosted.issues[name].number for name in ("Now", "Later")]
    hosted.run("uninstall")
    assert hosted.issues["Now"].is_not_planned
    assert hosted.issues["Store"].is_open


def test_a_local_tracker_has_none(tmp_path: Path) -> None:
    project = Project(tmp_path).begin(ROADMAP, work=WORK, config={"sections": "sub-issues"})
    refused = project.run("plan", exit_code=None)
    assert refused.returncode == 2
    assert "`sections: sub-issues` works with `tracker: github` only" in refused.stderr
