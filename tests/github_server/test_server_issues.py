"""Issues, labels and comments on the server, as PyGithub sees them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from github import Auth, Github, GithubException
from github.Repository import Repository

from tests.github_server.world import ANA, BOT, EVE, TOKEN
from tests.github_server.world import Github as World


def client(world: World, login: str = BOT, path: str = "") -> Github:
    return Github(
        base_url=world.api_url + path,
        auth=Auth.Token(TOKEN[login]),
        seconds_between_requests=0,
        seconds_between_writes=0,
        retry=None,
    )


@pytest.fixture
def repo(github: World) -> Iterator[Repository]:
    with client(github) as made:
        yield made.get_repo(github.full_name)


def test_an_issue_is_filed_with_its_labels(repo: Repository) -> None:
    made = repo.create_issue("Login form", "Text", labels=["loopcoder", "blocked-by:#7"])
    assert (made.number, made.title, made.body, made.state) == (1, "Login form", "Text", "open")
    assert {label.name for label in made.labels} == {"loopcoder", "blocked-by:#7"}
    assert made.user.login == BOT and made.id != made.number
    assert [event.event for event in made.get_events()] == ["labeled", "labeled"]


def test_an_outsider_files_but_does_not_sort(github: World) -> None:
    with client(github, EVE) as eve:
        theirs = eve.get_repo(github.full_name).create_issue("Mine", labels=["loopcoder"])
        assert theirs.labels == []
        with pytest.raises(GithubException) as refused:
            theirs.add_to_labels("loopcoder")
        assert refused.value.status == 403


def test_a_closed_issue_says_why_and_by_whom(repo: Repository, github: World) -> None:
    made = repo.create_issue("One")
    github.person(ANA).reject(made.number)
    seen = repo.get_issue(made.number)
    assert (seen.state, seen.state_reason, seen.closed_by and seen.closed_by.login) == (
        "closed",
        "not_planned",
        ANA,
    )
    seen.edit(state="open")
    assert (seen.state, seen.state_reason) == ("open", "reopened")


def test_lists_have_pages_and_both_kinds(repo: Repository, github: World) -> None:
    for number in range(1, 8):
        repo.create_issue(f"Issue {number}")
    head = github.commit(repo.get_branch("main").commit.sha, {"a": "1"})
    github.put_branch("loopcoder/a", head)
    repo.create_pull(base="main", head="loopcoder/a", title="Do a")
    repo.requester.per_page = 3
    found = list(repo.get_issues(state="all", sort="created", direction="asc"))
    assert [issue.number for issue in found] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [issue.number for issue in found if issue.pull_request] == [8]
    assert len(github.requests("issues/list-for-repo")) == 3


def test_the_enterprise_address_serves_the_same(github: World) -> None:
    with client(github, path="/api/v3") as enterprise:
        made = enterprise.get_repo(github.full_name).create_issue("One")
        assert made.url == f"{github.api_url}/api/v3/repos/{github.full_name}/issues/1"
