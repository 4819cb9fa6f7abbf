"""What can happen to issues: labels, relations, milestones, locks, transfers, deletion."""

from __future__ import annotations

from typing import Any

import pytest

from tests.github_server.account import Role
from tests.github_server.client import Repo, ask
from tests.github_server.people import HubTracker
from tests.github_server.world import ANA, BOT, EVE, Github


@pytest.fixture
def repo(github: Github) -> Repo:
    return Repo(github)


def file(repo: Repo, count: int = 1) -> list[Any]:
    return [repo("POST", "issues", {"title": f"Issue {n}"}).data for n in range(count)]


# --- texts


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"title": "x" * 257}, "title"),
        ({"title": "  "}, "title"),
        ({"title": "t", "body": "x" * 65_537}, "body"),
        ({"title": "t", "labels": ["x" * 51]}, "name"),
        ({"title": "t", "assignees": ["nobody"]}, "assignees"),
        ({"title": "t", "milestone": 9}, "milestone"),
        ({"title": "t", "labels": [f"l{n}" for n in range(101)]}, "labels"),
    ],
)
def test_what_is_too_long_is_refused(repo: Repo, body: dict[str, Any], field: str) -> None:
    refused = repo("POST", "issues", body)
    assert refused.status == 422 and refused.data["errors"][0]["field"] == field
    assert not [item for item in repo.github.repo.all_items() if item.title != "t"]


def test_any_text_comes_back_as_it_was_sent(repo: Repo) -> None:
    text = "🦜 עברית \u202eevil\u202c\r\n  'quoted' \\ \x07 " + "x" * 60_000
    made = repo("POST", "issues", {"title": "🦜 emoji", "body": text}).data
    assert repo("GET", f"issues/{made['number']}").data["body"] == text
    assert repo("PATCH", f"issues/{made['number']}", {"body": ""}).data["body"] is None


# --- labels


def test_label_names_have_no_case_and_keep_their_first_spelling(repo: Repo) -> None:
    file(repo)
    assert repo("POST", "issues/1/labels", {"labels": ["Bug"]}).status == 200
    found = repo("POST", "issues/1/labels", {"labels": ["BUG", "blocked-by:#7"]}).data
    assert [each["name"] for each in found] == ["Bug", "blocked-by:#7"]
    assert repo("POST", "labels", {"name": "bug"}).data["errors"][0]["code"] == "already_exists"
    assert repo("DELETE", "issues/1/labels/blocked-by%3A%237").status == 200
    assert repo("DELETE", "issues/1/labels/blocked-by%3A%237").status == 404
    assert [each["name"] for each in repo("GET", "labels").data] == ["blocked-by:#7", "Bug"]


def test_a_renamed_label_is_renamed_everywhere(repo: Repo) -> None:
    file(repo)
    repo("POST", "issues/1/labels", {"labels": ["loopcoder:hold"]})
    repo("PATCH", "labels/loopcoder%3Ahold", {"new_name": "pause", "color": "ff0000"})
    assert [each["name"] for each in repo("GET", "issues/1").data["labels"]] == ["pause"]
    assert repo("GET", "labels/loopcoder%3Ahold").status == 404


def test_a_deleted_label_goes_off_every_issue_with_an_event(repo: Repo) -> None:
    file(repo)
    repo("POST", "issues/1/labels", {"labels": ["gone"]})
    assert repo("DELETE", "labels/gone", login=ANA).status == 204
    assert repo("GET", "issues/1").data["labels"] == []
    last = repo("GET", "issues/1/events").data[-1]
    assert (last["event"], last["label"]["name"], last["actor"]["login"]) == (
        "unlabeled", "gone", ANA,
    )  # fmt: skip


def test_only_writers_define_labels(repo: Repo) -> None:
    file(repo)
    repo.github.hub.grant(repo.github.repo, EVE, Role.TRIAGE)
    repo("POST", "labels", {"name": "known"})
    assert repo("POST", "issues/1/labels", {"labels": ["known"]}, EVE).status == 200
    assert repo("POST", "issues/1/labels", {"labels": ["new"]}, EVE).status == 403
    assert repo("POST", "labels", {"name": "new"}, EVE).status == 403


# --- states and people


def test_an_issue_is_closed_reopened_and_its_history_kept(repo: Repo) -> None:
    file(repo)
    assert repo("PATCH", "issues/1", {"state": "closed"}).data["state_reason"] == "completed"
    changed = repo("PATCH", "issues/1", {"state": "closed", "state_reason": "not_planned"}, ANA)
    assert changed.data["state_reason"] == "not_planned"
    assert repo("PATCH", "issues/1", {"state": "open"}).data["closed_by"] is None
    repo("PATCH", "issues/1", {"title": "Other"})
    timeline = repo("GET", "issues/1/timeline").data
    assert [each["event"] for each in timeline] == ["closed", "closed", "reopened", "renamed"]
    assert timeline[-1]["rename"] == {"from": "Issue 0", "to": "Other"}


def test_an_author_edits_the_text_and_nothing_else(repo: Repo) -> None:
    repo("POST", "issues", {"title": "Hers"}, EVE)
    file(repo)
    edited = repo("PATCH", "issues/1", {"body": "New", "labels": ["x"]}, EVE)
    assert (edited.data["body"], edited.data["labels"]) == ("New", [])
    assert repo("PATCH", "issues/1", {"state": "closed"}, EVE).status == 200
    assert repo("PATCH", "issues/2", {"body": "New"}, EVE).status == 403
    assert repo("POST", "issues/2/comments", {"body": "Hello"}, EVE).status == 201
    data = repo("GET", "issues/1").data
    assert data["author_association"] == "NONE"


def test_a_locked_issue_takes_comments_from_writers_only(repo: Repo) -> None:
    file(repo)
    assert repo("PUT", "issues/1/lock", {"lock_reason": "spam"}).status == 204
    assert repo("POST", "issues/1/comments", {"body": "x"}, EVE).status == 403
    assert repo("POST", "issues/1/comments", {"body": "x"}, ANA).status == 201
    data = repo("GET", "issues/1").data
    assert (data["locked"], data["active_lock_reason"]) == (True, "spam")
    repo("DELETE", "issues/1/lock")
    assert repo("POST", "issues/1/comments", {"body": "x"}, EVE).status == 201


def test_comments_are_rewritten_and_withdrawn(repo: Repo) -> None:
    file(repo)
    said = repo("POST", "issues/1/comments", {"body": "One"}).data
    path = f"issues/comments/{said['id']}"
    assert repo("PATCH", path, {"body": "Two"}).data["body"] == "Two"
    assert repo("PATCH", path, {"body": "Mine"}, EVE).status == 403
    assert repo("PATCH", path, {"body": ""}).status == 422
    assert repo("GET", "issues/1").data["comments"] == 1
    assert repo("DELETE", path).status == 204
    assert repo("GET", path).status == 404 and repo("GET", "issues/1/comments").data == []


def test_people_are_assigned(repo: Repo) -> None:
    file(repo)
    repo("POST", "issues/1/assignees", {"assignees": [ANA]})
    assert repo("GET", "issues/1").data["assignee"]["login"] == ANA
    assert [each["number"] for each in repo("GET", f"issues?assignee={ANA}").data] == [1]
    assert repo("GET", "issues?assignee=none").data == []
    repo("DELETE", "issues/1/assignees", {"assignees": [ANA]})
    events = repo("GET", "issues/1/events").data
    assert [each["event"] for each in events] == ["assigned", "unassigned"]


# --- relations


def test_dependencies_go_by_database_id(repo: Repo) -> None:
    one, two = file(repo, 2)
    path = "issues/2/dependencies/blocked_by"
    assert repo("POST", path, {"issue_id": one["id"]}).status == 201
    assert repo("POST", path, {"issue_id": one["id"]}).status == 422
    assert repo("POST", path, {"issue_id": 1}).status == 404
    back = repo("POST", "issues/1/dependencies/blocked_by", {"issue_id": two["id"]})
    assert back.status == 422, "a circle"
    assert [each["number"] for each in repo("GET", path).data] == [1]
    assert [each["number"] for each in repo("GET", "issues/1/dependencies/blocking").data] == [2]
    repo("PATCH", "issues/1", {"state": "closed"})
    summary = repo("GET", "issues/2").data["issue_dependencies_summary"]
    assert (summary["blocked_by"], summary["total_blocked_by"]) == (0, 1)
    assert repo("DELETE", f"{path}/{one['id']}").status == 200
    assert repo("GET", path).data == []


def test_fifty_dependencies_are_the_most(repo: Repo) -> None:
    issues = file(repo, 52)
    path = "issues/1/dependencies/blocked_by"
    answers = [repo("POST", path, {"issue_id": each["id"]}).status for each in issues[1:]]
    assert answers == [201] * 50 + [422]


def test_sub_issues_have_one_parent_and_an_order(repo: Repo) -> None:
    one, two, three = file(repo, 3)
    for child in (two, three):
        repo("POST", "issues/1/sub_issues", {"sub_issue_id": child["id"]})
    assert repo("POST", "issues/2/sub_issues", {"sub_issue_id": three["id"]}).status == 422
    body = {"sub_issue_id": three["id"], "before_id": two["id"]}
    assert repo("PATCH", "issues/1/sub_issues/priority", body).status == 200
    assert [each["number"] for each in repo("GET", "issues/1/sub_issues").data] == [3, 2]
    assert repo("GET", "issues/3/parent").data["id"] == one["id"]
    assert repo("GET", "issues/1").data["sub_issues_summary"]["total"] == 2
    repo("DELETE", "issues/1/sub_issue", {"sub_issue_id": two["id"]})
    assert repo("GET", "issues/2/parent").status == 404


def test_milestones_hold_issues(repo: Repo) -> None:
    file(repo)
    made = repo("POST", "milestones", {"title": "Now"}).data
    assert repo("POST", "milestones", {"title": "Now"}).status == 422
    repo("PATCH", "issues/1", {"milestone": made["number"]})
    assert repo("GET", "milestones/1").data["open_issues"] == 1
    assert repo("GET", "issues/1").data["milestone"]["title"] == "Now"
    closed = repo("PATCH", "milestones/1", {"state": "closed"}).data
    assert closed["closed_at"] and repo("GET", "milestones").data == []
    assert repo("DELETE", "milestones/1").status == 204
    assert repo("GET", "issues/1").data["milestone"] is None


# --- gone


def test_a_transferred_issue_leads_to_its_new_place(repo: Repo) -> None:
    file(repo, 2)
    other = repo.github.hub.add_repository("acme", "station")
    repo.github.hub.grant(other, BOT, Role.WRITE)
    tracker = HubTracker(repo.github.hub, repo.github.repo, ANA)
    assert tracker.transfer(1, other) == 1
    moved = repo("GET", "issues/1")
    assert moved.status == 301
    place = moved.headers["location"].removeprefix(repo.github.api_url)
    assert place == f"/repositories/{other.id}/issues/1"
    there = ask(repo.github, "GET", place)
    assert there.data["title"] == "Issue 0"
    assert there.data["repository_url"].endswith("/repos/acme/station")
    assert [each["number"] for each in repo("GET", "issues?state=all").data] == [2]


def test_a_deleted_issue_is_gone(repo: Repo) -> None:
    file(repo, 2)
    repo.github.hub.grant(repo.github.repo, ANA, Role.ADMIN)
    HubTracker(repo.github.hub, repo.github.repo, ANA).delete(1)
    assert repo("GET", "issues/1").status == 410
    assert [each["number"] for each in repo("GET", "issues?state=all").data] == [2]
    assert file(repo)[0]["number"] == 3
