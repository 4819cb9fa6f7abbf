"""Real git over HTTP, and pull requests that follow it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from loopcoder.domain.diagnostic import Conflicted
from loopcoder.domain.issues.human import MergeMethod
from tests.github_server.client import ask
from tests.github_server.git_store import clean_environ
from tests.github_server.world import ANA, BOT, EVE, Github

_ENV = {
    **clean_environ(),
    "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.org",
    "GIT_TERMINAL_PROMPT": "0",
}  # fmt: skip


class Clone:
    def __init__(self, github: Github, folder: Path, login: str = BOT) -> None:
        self.folder = folder
        remote = github.remote(login)
        subprocess.run(["git", "clone", "-q", remote, str(folder)], check=True, env=_ENV)

    def git(self, *args: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["git", *args], cwd=self.folder, env=_ENV, capture_output=True, text=True, check=check
        )

    def commit(self, **files: str) -> str:
        for name, text in files.items():
            (self.folder / name).write_text(text)
        self.git("add", ".")
        self.git("commit", "-q", "-m", "Change")
        return self.git("rev-parse", "HEAD").stdout.strip()


@pytest.fixture
def clone(github: Github, tmp_path: Path) -> Clone:
    return Clone(github, tmp_path / "clone")


def test_a_large_push_arrives(github: Github, clone: Clone) -> None:
    head = clone.commit(big=os.urandom(1_500_000).hex())
    clone.git("push", "-q", "origin", "HEAD:refs/heads/loopcoder/a")
    assert github.git.head("loopcoder/a") == head
    assert [each.operation for each in github.requests() if each.method == "POST"][-1:] == [
        "git/receive-pack"
    ]


def test_any_ref_may_be_pushed_but_those_of_pull_requests(github: Github, clone: Clone) -> None:
    head = clone.commit(a="1")
    clone.git("push", "-q", "origin", "HEAD:refs/loopcoder/journal")
    assert github.git.refs("refs/loopcoder")["refs/loopcoder/journal"] == head
    assert clone.git("push", "origin", "HEAD:refs/pull/1/head", check=False).returncode != 0


def test_an_outsider_reads_and_cannot_push(github: Github, tmp_path: Path) -> None:
    eve = Clone(github, tmp_path / "eve", EVE)
    eve.commit(a="1")
    refused = eve.git("push", "origin", "HEAD:refs/heads/x", check=False)
    assert refused.returncode != 0 and "403" in refused.stderr
    assert github.git.head("x") is None


def test_nobody_gets_into_a_private_repository(github: Github, tmp_path: Path) -> None:
    github.repo.private = True
    address = github.remote().replace("x-access-token:ghp_bot@", "")
    for remote in (address, github.remote(EVE)):
        done = subprocess.run(["git", "ls-remote", remote], env=_ENV, capture_output=True)
        assert done.returncode != 0
    path = f"/repos/{github.full_name}"
    assert ask(github, "GET", path, login=EVE).status == 404
    assert ask(github, "GET", path).status == 200


def test_a_competing_update_wins_the_race(github: Github, clone: Clone) -> None:
    clone.commit(a="1")
    clone.git("push", "-q", "origin", "HEAD:refs/loopcoder/journal")
    before = github.git.refs("refs/loopcoder")["refs/loopcoder/journal"]
    clone.commit(a="2")
    github.compete("refs/loopcoder/journal")
    lost = clone.git("push", "origin", "HEAD:refs/loopcoder/journal", check=False)
    assert lost.returncode != 0
    now = github.git.refs("refs/loopcoder")["refs/loopcoder/journal"]
    assert now != before and github.git.is_ancestor(before, now)


def test_a_push_whose_answer_is_lost_has_happened(github: Github, clone: Clone) -> None:
    head = clone.commit(a="1")
    github.cut("git/receive-pack", after=True)
    assert clone.git("push", "origin", "HEAD:refs/heads/x", check=False).returncode != 0
    assert github.git.head("x") == head


def test_a_pull_request_follows_the_push(github: Github, clone: Clone) -> None:
    number = github.propose("loopcoder/a", {"a": "1"})
    clone.git("fetch", "-q", "origin", f"refs/pull/{number}/head")
    clone.git("switch", "-q", "-c", "a", "FETCH_HEAD")
    head = clone.commit(a="2")
    clone.git("push", "-q", "origin", "HEAD:loopcoder/a")
    pull = ask(github, "GET", f"/repos/{github.full_name}/pulls/{number}").data
    assert (pull["head"]["sha"], pull["commits"], pull["changed_files"]) == (head, 2, 1)
    assert github.git.refs("refs/pull")[f"refs/pull/{number}/head"] == head


def test_mergeable_is_unknown_first_and_then_true_or_false(github: Github) -> None:
    number = github.propose("loopcoder/a", {"a": "1"})
    path = f"/repos/{github.full_name}/pulls/{number}"
    assert [ask(github, "GET", path).data["mergeable"] for _ in range(2)] == [None, True]
    tip = github.git.head("main")
    assert tip is not None
    github.put_branch("main", github.commit(tip, {"a": "theirs"}))
    seen = [ask(github, "GET", path).data for _ in range(2)]
    assert [each["mergeable"] for each in seen] == [None, False]
    assert seen[1]["mergeable_state"] == "dirty"
    assert ask(github, "PUT", f"{path}/merge", {}).status == 405
    with pytest.raises(Conflicted):
        github.person(ANA).merge(number)


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_a_merge_is_a_real_one_and_closes_what_it_says(github: Github, method: str) -> None:
    for title in ("One", "Two"):
        github.person(ANA).file(title)
    number = github.propose("loopcoder/a", {"a": "1"}, "Closes #1, `fixes #2`")
    tip = github.git.head("main")
    assert tip is not None
    github.put_branch("main", github.commit(tip, {"b": "beside"}))
    done = ask(
        github, "PUT", f"/repos/{github.full_name}/pulls/{number}/merge",
        {"merge_method": method}, login=ANA,
    )  # fmt: skip
    assert done.data["sha"] == github.git.head("main")
    assert github.git.git("show", "main:a") == "1" and github.git.git("show", "main:b") == "beside"
    parents = github.git.git("rev-list", "--parents", "-n1", "main").split()[1:]
    assert len(parents) == (2 if method == "merge" else 1)
    issue = ask(github, "GET", f"/repos/{github.full_name}/issues/1").data
    assert (issue["state"], issue["state_reason"]) == ("closed", "completed")
    assert issue["closed_by"]["login"] == ANA
    assert github.item(2).is_open, "nothing inside code is read"
    pull = ask(github, "GET", f"/repos/{github.full_name}/pulls/{number}").data
    assert pull["merged"] and pull["merged_by"]["login"] == ANA


def test_a_merge_by_plain_git_is_seen(github: Github, clone: Clone) -> None:
    number = github.propose("loopcoder/a", {"a": "1"}, "Closes #99")
    clone.git("fetch", "-q", "origin", "loopcoder/a")
    clone.commit(b="1")
    clone.git("merge", "-q", "--no-ff", "-m", "By hand", "FETCH_HEAD")
    clone.git("push", "-q", "origin", "HEAD:main", ":loopcoder/a")
    pull = ask(github, "GET", f"/repos/{github.full_name}/pulls/{number}").data
    assert pull["merged"] and pull["merge_commit_sha"] == github.git.head("main")


def test_deleting_the_branch_closes_the_pull_request(github: Github, clone: Clone) -> None:
    number = github.propose("loopcoder/a", {"a": "1"})
    clone.git("push", "-q", "origin", "--delete", "loopcoder/a")
    item = github.item(number)
    assert item.state == "closed" and item.pull and item.pull.merged_at is None
    path = f"/repos/{github.full_name}/pulls/{number}"
    assert ask(github, "PATCH", path, {"state": "open"}).status == 422


def test_a_renamed_base_takes_its_pull_requests_along(github: Github) -> None:
    number = github.propose("loopcoder/a", {"a": "1"})
    github.repo.rename_branch("main", "trunk", github.hub.now())
    assert ask(github, "GET", f"/repos/{github.full_name}").data["default_branch"] == "trunk"
    pull = github.item(number).pull
    assert pull is not None and pull.base_ref == "trunk"
    github.person(ANA).merge(number, MergeMethod.SQUASH)
    assert github.git.git("show", "trunk:a") == "1"


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({"head": "loopcoder/a", "base": "main", "title": "Again"}, "already exists"),
        ({"head": "none", "base": "main", "title": "t"}, "head"),
        ({"head": "loopcoder/a", "base": "none", "title": "t"}, "base"),
        ({"head": "same", "base": "main", "title": "t"}, "No commits between"),
    ],
)
def test_a_wrong_proposal_is_refused(github: Github, body: dict[str, str], complaint: str) -> None:
    github.propose("loopcoder/a", {"a": "1"})
    github.put_branch("same", github.git.head("main"))
    refused = ask(github, "POST", f"/repos/{github.full_name}/pulls", body)
    assert refused.status == 422 and complaint in str(refused.data["errors"])
    assert len(github.repo.pulls()) == 1
