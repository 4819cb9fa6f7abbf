"""A limit of GitHub's in the middle of a tick ends it in order, and nothing is lost."""

from __future__ import annotations

import json

import pytest

from loopcoder.domain.views.dashboard import TITLE
from tests.support.github_project import GitHubProject
from tests.support.project import writes

TWO = """\
- [ ] Store <!-- id: store -->
- [ ] Notes <!-- id: notes -->
- [ ] Login (after: store) <!-- id: login -->
"""
WORK = {"*": [writes(made="up")], "store": [writes(store="kept")], "notes": [writes(notes="noted")]}


def runs_of_workers(hosted: GitHubProject) -> int:
    told = [path.read_text() for path in hosted.state.rglob("prompt.md")]
    return sum(text.startswith("# How to work here") for text in told)


def test_a_limit_while_proposing_ends_the_tick_and_the_next_goes_on(hosted: GitHubProject) -> None:
    hosted.begin(TWO, work=WORK)
    hosted.github.refuse("pulls/create", retry_after=3600, times=2)
    report = hosted.tick(exit_code=75)
    assert report["stop_reason"] == "rate-limit"
    assert report["try_again_at"] > "20"
    rows = report["units"]
    assert {rows[name]["outcome"] for name in ("store", "notes")} == {"waiting"}
    assert "Try again at" in rows["store"]["reason"]
    saved = json.loads((hosted.state / "runs" / report["run"] / "report.json").read_text())
    assert saved["stop_reason"] == "rate-limit"
    worked = runs_of_workers(hosted)

    again = hosted.tick()["units"]
    assert {again[name]["outcome"] for name in ("store", "notes")} == {"proposed"}
    assert runs_of_workers(hosted) == worked
    assert len(hosted.pulls()) == 2


def test_a_wait_for_github_is_said_when_it_begins(hosted: GitHubProject) -> None:
    hosted.begin(TWO)
    hosted.github.refuse("issues/create", retry_after=3)
    done = hosted.run("compile", "--json")
    assert json.loads(done.stdout)["writes"] == 4
    assert done.stderr.count("waiting   3 s for GitHub") == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("operation", "skip"),
    [
        ("issues/create", 1),
        ("issues/list-for-repo", 0),
        ("pulls/create", 1),
        ("issues/add-labels", 0),
    ],
)
def test_wherever_it_comes_the_end_is_the_same(
    hosted: GitHubProject, operation: str, skip: int
) -> None:
    hosted.begin(TWO, work=WORK)
    hosted.github.refuse(operation, reset_in=3600, times=1, skip=skip)
    done = hosted.run("tick", exit_code=None)
    if done.returncode:
        assert done.returncode == 75
        assert "try again at 20" in done.stdout
    hosted.tick()
    assert sorted(hosted.pulls()) == ["notes", "store"]
    assert sorted(hosted.issues.keys() - {TITLE}) == ["Login", "Notes", "Store"]
    hosted.merge_all()
    hosted.tick()
    assert sorted(filter(None, hosted.pulls())) == ["login"]  # beside the roadmap's boxes
