"""What CI says of our pull requests, and what a tick makes of it."""

from __future__ import annotations

import pytest

from tests.github_server.verbs.checks import report
from tests.support.github_project import GitHubProject
from tests.support.project import writes

ONE = "- [ ] Store <!-- id: store -->\n"
TWICE = {"store": [writes(store="kept"), writes(store="kept well"), writes(store="kept better")]}


def head(hosted: GitHubProject) -> str:
    found = hosted.github.git.head("loopcoder/store")
    assert found is not None
    return found


def ci(hosted: GitHubProject, conclusion: str | None, log: str = "", job: str = "test") -> None:
    hosted.github.run_ci(head(hosted), "loopcoder/store", conclusion=conclusion, log=log, job=job)


def prompts(hosted: GitHubProject) -> list[str]:
    """What workers were told, oldest first."""
    found = sorted(hosted.state.rglob("prompt.md"), key=lambda path: path.stat().st_mtime)
    texts = [path.read_text() for path in found]
    return [text for text in texts if text.startswith("# How to work here")]


def test_a_red_check_is_mended_on_the_same_pull_request(hosted: GitHubProject) -> None:
    hosted.begin(ONE, work=TWICE)
    hosted.tick()
    (number,) = hosted.pulls().values()
    before = head(hosted)
    ci(hosted, "failure", "collecting\nFAILED tests/test_store.py::test_kept_well\n", "unit")
    ci(hosted, None)
    waits = hosted.tick()["units"]["store"]
    assert waits["outcome"] == "waiting"
    assert "unit is red; test has not ended" in waits["reason"]
    ci(hosted, "success")
    row = hosted.tick()["units"]["store"]
    assert (row["outcome"], row["pr"]) == ("updated", number)
    assert hosted.github.git.is_ancestor(before, "loopcoder/store")
    assert "FAILED tests/test_store.py::test_kept_well" in prompts(hosted)[-1]
    assert "`unit`, of its log" in prompts(hosted)[-1]
    assert hosted.tick()["units"]["store"]["outcome"] == "waiting"


@pytest.mark.slow
def test_what_stays_red_goes_to_a_person_after_the_rounds(hosted: GitHubProject) -> None:
    hosted.begin(ONE, work=TWICE, config={"limits": {"review_rounds": 1, "units_per_tick": 10}})
    hosted.tick()
    ci(hosted, "failure", "still broken")
    assert hosted.tick()["units"]["store"]["outcome"] == "updated"
    ci(hosted, "failure", "still broken")
    row = hosted.tick()["units"]["store"]
    assert row["outcome"] == "needs-human"
    assert "was fixed up 1 times and still needs changes" in row["reason"]
    assert "loopcoder:needs-human" in hosted.issues["Store"].labels
    hosted.run("retry", "store")
    assert hosted.tick()["units"]["store"]["outcome"] == "updated"


@pytest.mark.slow
def test_a_check_that_was_green_on_the_same_commit_is_not_worked_on(
    hosted: GitHubProject,
) -> None:
    hosted.begin(ONE, work=TWICE)
    hosted.tick()
    ci(hosted, "success")
    ci(hosted, "failure", "a flake")
    row = hosted.tick()["units"]["store"]
    assert row["outcome"] == "waiting"
    assert "was green on the same commit: run it again" in row["reason"]


@pytest.mark.slow
def test_only_checks_that_the_branch_asks_for_are_mended(hosted: GitHubProject) -> None:
    hosted.begin(ONE, work=TWICE)
    hosted.tick()
    hosted.github.repo.required_checks["main"] = ["test"]
    ci(hosted, "failure", "nobody minds", "nightly")
    assert hosted.tick()["units"]["store"]["outcome"] == "waiting"
    repo, at = hosted.github.repo, hosted.github.hub.now()
    report(repo, at, head(hosted), "test", "failure", summary="Two tests fail.")
    assert hosted.tick()["units"]["store"]["outcome"] == "updated"
    assert "Two tests fail." in prompts(hosted)[-1]
    assert "nobody minds" not in prompts(hosted)[-1]
