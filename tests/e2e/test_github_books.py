"""The bookkeeping pull request, from the first box to the last."""

from __future__ import annotations

import pytest

from loopcoder.domain.issues.issue import CloseReason
from loopcoder.domain.views.dashboard import TITLE
from tests.github_server.records import Item
from tests.support.github_project import GitHubProject
from tests.support.project import writes

TWO = """\
- [ ] Store <!-- id: store -->
- [ ] Notes <!-- id: notes -->
- [ ] Later <!-- id: later -->
"""
BOOKS = "loopcoder/bookkeeping"


def books(hosted: GitHubProject) -> list[Item]:
    """The bookkeeping pull requests, open and closed."""
    items = hosted.github.repo.all_items()
    return [each for each in items if each.pull is not None and each.pull.head_ref == BOOKS]


def close(hosted: GitHubProject, title: str) -> None:
    hosted.ana.tracker.close_issue(hosted.issues[title].number, CloseReason.COMPLETED)


def test_boxes_are_ticked_by_one_pull_request_that_is_kept_up_to_date(
    hosted: GitHubProject,
) -> None:
    hosted.begin(TWO)
    hosted.run("hold")
    hosted.tick()
    assert books(hosted) == []
    close(hosted, "Store")
    report = hosted.tick()
    (pull,) = books(hosted)
    assert f"merge #{pull.number} (the roadmap's boxes)" in report["waiting_for_you"]
    assert f"- Merge #{pull.number}: the roadmap's boxes" in hosted.issues[TITLE].body
    assert hosted.served("ROADMAP.md", BOOKS).startswith("- [x] Store")
    assert "- [ ] Notes" in hosted.served("ROADMAP.md", BOOKS)
    first = hosted.github.git.head(BOOKS)
    hosted.github.forget_requests()
    hosted.tick()
    assert hosted.github.git.head(BOOKS) == first
    assert not [each for each in hosted.github.requests() if each.operation == "git/receive-pack"]
    assert not hosted.github.requests("issues/update")  # the dashboard said so at once

    close(hosted, "Notes")
    hosted.write({"README": "the base moves on"})
    hosted.commit("Say something")
    hosted.push()
    hosted.tick()
    (same,) = books(hosted)
    assert same.number == pull.number and "`notes`" in (same.body or "")
    assert first and hosted.github.git.is_ancestor(first, BOOKS)
    assert "- [x] Notes" in hosted.served("ROADMAP.md", BOOKS)
    assert hosted.served("README", BOOKS) == "the base moves on"

    hosted.ana.merge(pull.number)
    assert hosted.served("ROADMAP.md").count("[x]") == 2
    report = hosted.tick()
    assert hosted.github.git.head(BOOKS) is None
    assert len(books(hosted)) == 1
    assert not [each for each in report["waiting_for_you"] if "boxes" in each]


@pytest.mark.slow
def test_killed_between_the_writes_there_is_still_one(hosted: GitHubProject) -> None:
    hosted.begin(TWO)
    hosted.run("hold")
    hosted.tick()
    close(hosted, "Store")
    hosted.github.cut("git/receive-pack", after=True, skip=1)
    hosted.github.fail("pulls/create", after=True)
    for _ in range(3):
        hosted.run("tick", exit_code=None)
    assert len(books(hosted)) == 1
    assert hosted.served("ROADMAP.md", BOOKS).startswith("- [x] Store")


@pytest.mark.slow
def test_commits_of_others_and_a_persons_no_are_respected(hosted: GitHubProject) -> None:
    hosted.begin(TWO)
    hosted.run("hold")
    hosted.tick()
    close(hosted, "Store")
    hosted.tick()
    (pull,) = books(hosted)
    hosted.ana.close_pull(pull.number)
    hosted.tick()
    assert len(books(hosted)) == 1, "the same books are not proposed again"
    head = hosted.github.git.head(BOOKS)
    assert head is not None
    theirs = hosted.github.commit(head, {"NOTES": "by hand"})
    hosted.github.put_branch(BOOKS, theirs)
    close(hosted, "Notes")
    report = hosted.tick()
    assert hosted.github.git.head(BOOKS) == theirs
    assert [each for each in report["waiting_for_you"] if "commits of somebody else" in each]


@pytest.mark.slow
def test_books_that_go_into_another_branch_are_left_alone(hosted: GitHubProject) -> None:
    """As after `base:` was changed: the new base is not merged into what goes into the old one."""
    hosted.begin(TWO)
    hosted.run("hold")
    hosted.run("compile")
    close(hosted, "Store")
    hosted.tick()
    (pull,) = books(hosted)
    first = hosted.github.git.head(BOOKS)
    hosted.github.put_branch("1.x", hosted.github.git.head("main"))
    hosted.github.point_at(pull.number, "1.x")
    close(hosted, "Notes")
    report = hosted.tick()
    assert f"close #{pull.number}: it ticks boxes on 1.x, not on main" in report["waiting_for_you"]
    assert hosted.github.git.head(BOOKS) == first
    hosted.ana.close_pull(pull.number)
    hosted.tick()
    assert "- [x] Notes" in hosted.served("ROADMAP.md", BOOKS)


def test_missing_ids_are_proposed(hosted: GitHubProject) -> None:
    hosted.begin("- [ ] Keep things\n", config={"propose_ids": True}, work={"*": [writes(a="b")]})
    hosted.run("tick", exit_code=2)
    (pull,) = books(hosted)
    assert "<!-- id: keep-things -->" in hosted.served("ROADMAP.md", BOOKS)
    hosted.ana.merge(pull.number)
    assert hosted.tick()["units"]["keep-things"]["outcome"] == "proposed"


@pytest.mark.slow
def test_it_can_be_turned_off(hosted: GitHubProject) -> None:
    hosted.begin(TWO, config={"bookkeeping": False})
    hosted.run("hold")
    hosted.tick()
    close(hosted, "Store")
    hosted.tick()
    assert books(hosted) == []
