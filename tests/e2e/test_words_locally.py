"""The same words with the local tracker: `loopcoder issue` says them."""

from __future__ import annotations

import pytest

from tests.support.project import Project, writes

NOTHING = "- [-] Nothing <!-- id: nothing -->\n"


def test_a_hand_made_issue_from_label_to_merge(project: Project) -> None:
    project.begin(NOTHING, work={"gh-1": [writes(typo="mended")]})
    project.run("issue", "create", "Mend a typo", "--body", "harmless")
    assert "gh-1" not in project.tick()["units"]
    project.run("issue", "label", "1", "loopcoder:file")
    project.run("issue", "edit", "1", "--body", "something else")

    assert "edited after" in project.tick()["units"]["gh-1"]["reason"]
    assert "loopcoder:proposed" in project.json("issue", "show", "1")["labels"]
    project.run("approve", "gh-1")
    assert project.tick()["units"]["gh-1"]["outcome"] == "proposed"
    shown = project.json("issue", "show", "1")
    assert (shown["body"], shown["labels"]) == ("something else", ["loopcoder:file"])
    project.merge_all()
    assert project.tick()["stop_reason"] == "sealed"


@pytest.mark.slow
def test_a_hand_made_issue_can_wait_and_be_held(project: Project) -> None:
    project.begin(NOTHING, work={"gh-1": [writes(a="1")]})
    project.run("issue", "create", "Second", "--label", "loopcoder:file")
    project.run("issue", "create", "First")
    project.run("issue", "label", "1", "blocked-by:#2")
    assert project.tick()["units"]["gh-1"]["reason"] == "blocked by #2"
    project.run("issue", "close", "2")
    project.run("issue", "label", "1", "loopcoder:hold")
    assert project.tick()["units"]["gh-1"]["outcome"] == "held"
    assert "blocked-by:#2" not in project.json("issue", "show", "1")["labels"]
    project.run("issue", "unlabel", "1", "loopcoder:hold")
    assert project.tick()["units"]["gh-1"]["outcome"] == "proposed"


@pytest.mark.slow
def test_edges_of_a_hand_made_issue_are_waived_by_label_and_verb(project: Project) -> None:
    project.begin(NOTHING, work={"gh-1": [writes(a="1")]})
    project.run("issue", "create", "Last", "--label", "loopcoder:file")
    for title in ("Other", "Another"):
        project.run("issue", "create", title)
    project.run("issue", "label", "1", "blocked-by:#2", "blocked-by:#3")
    assert project.tick()["units"]["gh-1"]["reason"] == "blocked by #2, #3"
    project.run("issue", "unlabel", "1", "blocked-by:#2")
    assert project.tick()["units"]["gh-1"]["reason"] == "blocked by #3"
    project.run("waive", "gh-1", "--by", "3")
    assert project.tick()["units"]["gh-1"]["outcome"] == "proposed"
