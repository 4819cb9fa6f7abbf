"""`uninstall` on GitHub, through the real command: listed first, then exactly that is gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.github_project import GitHubProject
from tests.support.project import Project, writes

ROADMAP = "- [ ] Store <!-- id: store -->\n- [ ] Notes <!-- id: notes -->\n"
WORK = {"store": [writes(store="kept")], "notes": [writes(notes="noted")]}


def test_what_is_ours_is_listed_and_then_removed(hosted: GitHubProject) -> None:
    hosted.begin(ROADMAP, work=WORK, config={"delete_merged_branches": False})
    hosted.tick()
    hosted.ana.merge(hosted.pulls()["store"])
    hosted.ana.file("By a person", labels=frozenset({"bug"}))
    hosted.github.forget_requests()

    listed = hosted.json("uninstall", "--plan", "--journal")
    assert listed["labels"] == ["loopcoder"]
    assert (listed["branches"], listed["kept_branches"]) == (
        ["loopcoder/store"],
        ["loopcoder/notes"],
    )
    assert {"refs/loopcoder/journal", "refs/loopcoder/journal-begun"} <= set(listed["refs"])
    assert not [r for r in hosted.github.requests() if r.method in ("PATCH", "DELETE")]

    assert "nobody merged" in hosted.run("uninstall").stdout
    assert list(hosted.ana.tracker.list_labels()) == ["bug"]
    shown = hosted.ana.tracker.get_issue(listed["dashboard"])
    assert not shown.is_open
    assert hosted.github.git.head("loopcoder/store") is None
    assert hosted.github.git.head("loopcoder/notes")
    assert hosted.issues["Notes"].is_open
    assert "refs/loopcoder/journal" in hosted.github.git.refs("refs/loopcoder")

    hosted.run("uninstall", "--journal")
    assert not hosted.github.git.refs("refs/loopcoder")
    assert not hosted.state.exists()
    assert "nothing of ours is left" in hosted.run("uninstall", "--plan").stdout


@pytest.mark.slow
def test_a_local_project_is_left_with_its_own_files(tmp_path: Path) -> None:
    project = Project(tmp_path).begin(ROADMAP, work=WORK)
    project.tick()
    project.run("uninstall", "--journal")
    assert not project.state.exists()
    assert (project.root / "loopcoder.yml").exists()
