"""What is said on our pull requests: one comment, and one request for a review."""

from __future__ import annotations

import pytest

from tests.github_server.world import BOT
from tests.support.github_project import GitHubProject
from tests.support.project import writes

ONE = "- [ ] Store <!-- id: store -->\n"
WORK = {"store": [writes(store="kept"), writes(store="kept well"), writes(store="kept better")]}


def said(hosted: GitHubProject, number: int) -> list[str]:
    comments = hosted.ana.tracker.list_comments(number)
    return [each.body for each in comments if each.author.login == BOT]


def asked(hosted: GitHubProject, number: int) -> list[str]:
    pull = hosted.github.item(number).pull
    assert pull is not None
    return [hosted.github.hub.accounts[each].login for each in pull.reviewers]


def test_one_comment_is_edited_and_reviewers_are_asked_once(hosted: GitHubProject) -> None:
    """Both writes lose their answer, as when the process is killed right after them."""
    hosted.begin(ONE, work=WORK, config={"reviewers": ["ana"]})
    hosted.github.fail("pulls/request-reviewers", after=True)
    hosted.run("tick", exit_code=None)
    (number,) = hosted.pulls().values()
    hosted.tick()
    assert asked(hosted, number) == ["ana"]
    assert len(hosted.github.requests("pulls/request-reviewers")) == 1
    assert said(hosted, number) == []

    hosted.ana.review(number, "Keep it well")
    hosted.github.fail("issues/create-comment", after=True)
    hosted.run("tick", exit_code=None)
    hosted.tick()
    (first,) = said(hosted, number)
    assert "| 1 | " in first and "| 1 comment |" in first

    text = hosted.github.item(number).body or ""
    hosted.github.describe(number, text.replace("Closes", "Ships in 2.0. Closes"))
    hosted.ana.review(number, "Keep it better")
    hosted.tick()
    text = hosted.github.item(number).body or ""
    assert "Ships in 2.0." in text and "somebody edited this text" in text
    (second,) = said(hosted, number)
    assert "| 2 | " in second
    assert len(hosted.github.requests("issues/create-comment")) == 1
    hosted.github.forget_requests()
    hosted.tick()
    assert not [
        each
        for each in hosted.github.requests()
        if "comment" in each.path.lower() and "pulls" not in each.path
    ]


@pytest.mark.slow
def test_the_repositorys_template_is_the_frame(hosted: GitHubProject) -> None:
    """As the base has it: a change does not bring its own."""
    path = ".github/PULL_REQUEST_TEMPLATE.md"
    template = "## Description\n\n<!-- what -->\n\n## Checklist\n\n- [ ] CLA signed\n"
    hosted.begin(ONE, work=WORK, files={path: template})
    hosted.tick()
    (number,) = hosted.pulls().values()
    body = hosted.github.item(number).body or ""
    assert body.startswith("<!-- loopcoder:pr unit=store")
    assert "Closes #1" in body
    order = ["## Description", "`store.txt`", "## Checklist", "- [ ] CLA signed", "## Checks"]
    places = [body.index(each) for each in order]
    assert places == sorted(places)
    assert "## What changed" not in body
