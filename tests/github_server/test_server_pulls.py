"""Reviews, checks, statuses, runs, refs and contents."""

from __future__ import annotations

import base64

import pytest

from tests.github_server.client import Repo, ask
from tests.github_server.world import ANA, BEN, BOT, EVE, Github


@pytest.fixture
def repo(github: Github) -> Repo:
    return Repo(github)


@pytest.fixture
def pull(github: Github) -> int:
    return github.propose("loopcoder/a", {"a": "1"})


def head_of(github: Github) -> str:
    head = github.git.head("loopcoder/a")
    assert head is not None
    return head


def test_reviews_ask_approve_and_remark(repo: Repo, pull: int) -> None:
    path = f"pulls/{pull}/reviews"
    line = {"path": "a", "line": 1, "body": "Here"}
    asked = repo("POST", path, {"event": "REQUEST_CHANGES", "body": "No", "comments": [line]}, ANA)
    assert asked.data["state"] == "CHANGES_REQUESTED"
    assert repo("POST", path, {"event": "APPROVE"}, BEN).data["state"] == "APPROVED"
    assert repo("POST", path, {"event": "REQUEST_CHANGES", "body": "x"}).status == 422, "its own"
    assert repo("POST", path, {"event": "REQUEST_CHANGES"}, ANA).status == 422, "no words"
    said = repo("GET", f"pulls/{pull}/comments").data
    assert [(each["path"], each["line"], each["user"]["login"]) for each in said] == [("a", 1, ANA)]
    answer = repo("POST", f"pulls/{pull}/comments/{said[0]['id']}/replies", {"body": "Done"})
    assert answer.data["in_reply_to_id"] == said[0]["id"]
    states = [each["state"] for each in repo("GET", path).data]
    assert states == ["CHANGES_REQUESTED", "APPROVED", "COMMENTED"]
    dismissed = repo("PUT", f"{path}/{asked.data['id']}/dismissals", {"message": "Old"})
    assert dismissed.data["state"] == "DISMISSED"


def test_a_draft_review_is_its_authors_alone(repo: Repo, pull: int) -> None:
    path = f"pulls/{pull}/reviews"
    draft = repo("POST", path, {"body": "Hm"}, ANA).data
    assert draft["state"] == "PENDING" and "submitted_at" not in draft
    assert repo("GET", path).data == [] and len(repo("GET", path, login=ANA).data) == 1
    body = {"event": "COMMENT", "body": "Now"}
    assert repo("POST", f"{path}/{draft['id']}/events", body, ANA).status == 200
    assert [each["body"] for each in repo("GET", path).data] == ["Now"]


def test_reviews_are_requested_from_collaborators(repo: Repo, pull: int) -> None:
    path = f"pulls/{pull}/requested_reviewers"
    made = repo("POST", path, {"reviewers": [ANA, BEN]})
    assert [each["login"] for each in made.data["requested_reviewers"]] == [ANA, BEN]
    assert repo("POST", path, {"reviewers": [EVE]}).status == 422
    assert repo("POST", path, {"reviewers": [BOT]}).status == 422, "the author"
    repo("POST", f"pulls/{pull}/reviews", {"event": "APPROVE"}, ANA)
    assert [each["login"] for each in repo("GET", path).data["users"]] == [BEN]


def test_what_a_person_says_is_what_the_api_tells(repo: Repo, pull: int) -> None:
    said = repo.github.person(ANA).review(pull, "Handle empty input", "a", 1)
    review = repo("GET", f"pulls/{pull}/reviews").data[0]
    assert (review["body"], review["commit_id"]) == (said.body, said.head)
    assert review["submitted_at"] == said.at.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_pull_requests_are_found_by_branch_and_state(repo: Repo, pull: int) -> None:
    assert [each["number"] for each in repo("GET", "pulls?head=acme:loopcoder/a").data] == [pull]
    assert repo("GET", "pulls?head=acme:other").data == []
    assert "mergeable" not in repo("GET", "pulls").data[0]
    repo("PATCH", f"pulls/{pull}", {"state": "closed"})
    assert repo("GET", "pulls").data == []
    assert repo("GET", "pulls?state=closed").data[0]["merged_at"] is None
    assert repo("PATCH", f"pulls/{pull}", {"state": "open"}).data["state"] == "open"


def test_a_workflow_run_has_jobs_a_log_and_a_check(repo: Repo, pull: int) -> None:
    head = head_of(repo.github)
    run = repo.github.run_ci(head, "loopcoder/a", conclusion="failure", log="E  assert 1 == 2")
    (found,) = repo("GET", f"actions/runs?head_sha={head}&status=failure").data["workflow_runs"]
    assert (found["id"], found["conclusion"]) == (run, "failure")
    assert repo("GET", f"actions/runs/{run}").data["head_branch"] == "loopcoder/a"
    (job,) = repo("GET", f"actions/runs/{run}/jobs").data["jobs"]
    assert [each["conclusion"] for each in job["steps"]] == ["success", "failure"]
    link = repo("GET", f"actions/jobs/{job['id']}/logs")
    assert link.status == 302
    place = link.headers["location"].removeprefix(repo.github.api_url)
    assert ask(repo.github, "GET", place, login=None).raw == b"E  assert 1 == 2"
    checks = repo("GET", f"commits/{head}/check-runs").data
    assert [(each["name"], each["conclusion"]) for each in checks["check_runs"]] == [
        ("test", "failure")
    ]
    suites = repo("GET", f"commits/{head}/check-suites").data["check_suites"]
    assert [each["conclusion"] for each in suites] == ["failure"]


def test_only_an_app_makes_check_runs(repo: Repo, pull: int) -> None:
    head = head_of(repo.github)
    body = {"name": "lint", "head_sha": head, "status": "in_progress"}
    assert repo("POST", "check-runs", body).status == 403
    app = repo.github.add_app()
    token = repo.github.hub.add_token(app.bot, permissions=app.permissions, app=app).value
    address = f"/repos/{repo.github.full_name}/check-runs"
    made = ask(repo.github, "POST", address, body, token=token).data
    done = {"status": "completed", "conclusion": "success"}
    ask(repo.github, "PATCH", f"{address}/{made['id']}", done, token=token)
    assert repo("GET", f"check-runs/{made['id']}").data["conclusion"] == "success"


def test_statuses_combine(repo: Repo, pull: int) -> None:
    head = head_of(repo.github)
    assert repo("GET", f"commits/{head}/status").data["state"] == "pending"
    for context, state in (("a", "failure"), ("b", "success"), ("a", "success")):
        repo("POST", f"statuses/{head}", {"context": context, "state": state})
    combined = repo("GET", "commits/loopcoder/a/status").data
    assert (combined["state"], combined["total_count"]) == ("success", 2)
    assert len(repo("GET", f"commits/{head}/statuses").data) == 3


def test_refs_move_forward_unless_forced(repo: Repo, pull: int) -> None:
    head, main = head_of(repo.github), repo.github.git.head("main")
    assert repo("GET", "git/ref/heads/loopcoder/a").data["object"]["sha"] == head
    made = repo("POST", "git/refs", {"ref": "refs/heads/b", "sha": head})
    assert made.status == 201
    assert repo("POST", "git/refs", {"ref": "refs/heads/b", "sha": head}).status == 422
    assert repo("PATCH", "git/refs/heads/b", {"sha": main}).status == 422
    assert repo("PATCH", "git/refs/heads/b", {"sha": main, "force": True}).status == 200
    assert len(repo("GET", "git/matching-refs/heads/").data) == 3
    assert repo("DELETE", "git/refs/heads/b").status == 204
    assert repo("DELETE", "git/refs/heads/main").status == 422
    assert repo("GET", "git/ref/heads/b").status == 404
    assert repo("DELETE", "git/refs/heads/loopcoder/a", login=EVE).status == 403


def test_branches_commits_and_files_are_told(repo: Repo, pull: int) -> None:
    head = head_of(repo.github)
    assert repo("GET", "branches/loopcoder/a").data["commit"]["sha"] == head
    assert repo("GET", "branches/none").status == 404
    assert repo("GET", "branches/main/protection").status == 403
    assert [each["name"] for each in repo("GET", "branches").data] == ["loopcoder/a", "main"]
    assert repo("GET", f"commits/{head}").data["commit"]["message"] == "Change"
    assert repo("GET", f"git/commits/{head}").data["parents"]
    assert [each["sha"] for each in repo("GET", f"pulls/{pull}/commits").data] == [head]
    found = repo("GET", "contents/a?ref=loopcoder/a").data
    assert base64.b64decode(found["content"]) == b"1"
    assert repo("GET", "contents/a").status == 404
    listed = repo("GET", "contents/?ref=loopcoder/a")
    assert [each["name"] for each in listed.data] == ["a"]
