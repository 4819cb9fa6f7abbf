"""GitHub's payloads in our words."""

from __future__ import annotations

from typing import Any

import pytest

from loopcoder.adapters.github.address import address_of, repository_of_remote, server_of
from loopcoder.adapters.github.feedback import read_feedback
from loopcoder.adapters.github.mapping import (
    GHOST,
    branch_of,
    read_issue,
    read_label_event,
    read_permission,
    read_pull,
    trim_item,
    trim_pull,
)
from loopcoder.domain.issues.issue import CloseReason, Permission, PullState

ANA = {"id": 1001, "login": "ana", "type": "User", "site_admin": False}
ITEM: dict[str, Any] = {
    "number": 7, "id": 70, "title": "Store", "body": None, "state": "open", "state_reason": None,
    "created_at": "2026-01-05T09:00:00Z", "updated_at": "2026-01-05T10:00:00Z", "user": ANA,
    "labels": [{"name": "P1"}, {"name": "blocked-by:#3"}], "assignees": [ANA], "reactions": {},
    "repository_url": "https://api.github.com/repos/acme/rocket",
}  # fmt: skip


def item(**changes: Any) -> dict[str, Any]:
    return trim_item({**ITEM, **changes})


def test_an_issue_is_read() -> None:
    issue = read_issue(item())
    assert (issue.number, issue.id, issue.body, issue.author.id) == (7, 70, "", 1001)
    assert issue.labels == {"P1", "blocked-by:#3"} and issue.blocked_by == {3}
    assert issue.assignees == (issue.author,) and issue.is_open
    assert issue.updated_at.isoformat() == "2026-01-05T10:00:00+00:00"
    assert read_issue(ITEM) == issue, "trimming takes nothing away that is read"


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("completed", CloseReason.COMPLETED),
        ("not_planned", CloseReason.NOT_PLANNED),
        ("duplicate", CloseReason.NOT_PLANNED),
        (None, None),
    ],
)
def test_why_an_issue_is_closed(reason: str | None, expected: CloseReason | None) -> None:
    issue = read_issue(item(state="closed", state_reason=reason, closed_by=ANA))
    assert issue.close_reason is expected and issue.closed_by is not None


def test_an_open_issue_has_no_reason_even_when_it_was_reopened() -> None:
    issue = read_issue(item(state_reason="reopened", closed_by=ANA))
    assert (issue.close_reason, issue.closed_by) == (None, None)


def test_a_deleted_account_is_the_ghost() -> None:
    assert read_issue(item(user=None)).author == GHOST


def pull(**changes: Any) -> dict[str, Any]:
    head = {"ref": "loopcoder/a", "sha": "a" * 40, "repo": {"full_name": "acme/rocket"}}
    return {
        "number": 7, "state": "open", "draft": False, "updated_at": "2026-01-05T10:00:00Z",
        "merged_at": None, "merge_commit_sha": "b" * 40, "head": head,
        "base": {"ref": "main", "repo": {"full_name": "Acme/Rocket"}}, **changes,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("repository", "branch"),
    [
        ({"full_name": "acme/rocket"}, "loopcoder/a"),
        ({"full_name": "eve/rocket"}, "eve:loopcoder/a"),
        (None, "unknown:loopcoder/a"),
    ],
)
def test_a_branch_of_a_fork_is_never_one_of_ours(repository: Any, branch: str) -> None:
    head = {"ref": "loopcoder/a", "sha": "a" * 40, "repo": repository}
    assert branch_of(trim_pull(pull(head=head))) == branch
    assert branch_of({}) == ""


def test_the_trial_merge_of_an_open_pull_request_is_no_merged_commit() -> None:
    listed = item(pull_request={"merged_at": None})
    assert read_pull(listed, trim_pull(pull()), None, True).merged_commit == ""
    done = item(state="closed", pull_request={"merged_at": "2026-01-05T10:00:00Z"})
    merged = read_pull(done, trim_pull(pull(state="closed", merged_by=ANA)), None, None)
    assert (merged.state, merged.merged_commit) == (PullState.MERGED, "b" * 40)
    assert merged.closed_by is not None and merged.closed_by.login == "ana"
    unknown = read_pull(done, None, None, None)
    assert (unknown.state, unknown.branch, unknown.head) == (PullState.MERGED, "", "")


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"permission": "admin"}, Permission.WRITE),
        ({"permission": "write"}, Permission.WRITE),
        ({"permission": "read"}, Permission.READ),
        ({"permission": "none"}, Permission.NONE),
        ({"permission": "custom"}, Permission.NONE),
        ({}, Permission.NONE),
    ],
)
def test_permissions(payload: dict[str, str], expected: Permission) -> None:
    assert read_permission(payload) is expected


def test_only_label_events_are_label_events() -> None:
    event = {"event": "labeled", "label": {"name": "x"}, "actor": None,
             "created_at": "2026-01-05T10:00:00Z"}  # fmt: skip
    found = read_label_event(event)
    assert found is not None and (found.added, found.actor) == (True, GHOST)
    assert read_label_event({"event": "closed", "actor": ANA}) is None


# --- feedback


def review(number: int, state: str, minute: int, body: str = "", who: Any = ANA) -> dict[str, Any]:
    at = f"2026-01-05T10:{minute:02}:00Z"
    return {"id": number, "state": state, "submitted_at": at, "body": body, "user": who,
            "commit_id": "c" * 40}  # fmt: skip


def comment(number: int, review: int, minute: int, body: str = "here") -> dict[str, Any]:
    return {"id": number, "pull_request_review_id": review, "body": body, "user": ANA,
            "created_at": f"2026-01-05T10:{minute:02}:00Z", "path": "a.py", "line": 3,
            "original_commit_id": "c" * 40}  # fmt: skip


BEN = {**ANA, "id": 1002, "login": "ben"}
CHANGES, COMMENTED, APPROVED = "CHANGES_REQUESTED", "COMMENTED", "APPROVED"


@pytest.mark.parametrize(
    ("situation", "reviews", "comments", "expected"),
    [
        ("nothing", [], [], []),
        ("changes", [review(1, CHANGES, 1, "no")], [], [("review-1", True)]),
        ("its comments are not listed yet", [review(1, CHANGES, 1)], [], []),
        ("a remark", [review(1, COMMENTED, 1, "hm")], [], [("review-1", False)]),
        ("an approval", [review(1, APPROVED, 1, "nice")], [], []),
        ("an approval with a nit", [review(1, APPROVED, 1)], [comment(2, 1, 1)],
         [("comment-2", False)]),
        ("not sent yet", [{**review(1, "PENDING", 1), "submitted_at": None}], [], []),
        ("one comment says it all", [review(1, CHANGES, 1)], [comment(2, 1, 1)],
         [("review-1", True)]),
        ("two comments", [review(1, CHANGES, 1, "see")], [comment(2, 1, 1), comment(3, 1, 2)],
         [("comment-2", True), ("review-1", True), ("comment-3", True)]),
        ("approved since", [review(1, CHANGES, 1, "no"), review(2, APPROVED, 2)],
         [comment(3, 1, 1)], []),
        ("approved by somebody else",
         [review(1, CHANGES, 1, "no"), review(2, APPROVED, 2, "", BEN)], [],
         [("review-1", True)]),
        ("approved before", [review(2, APPROVED, 1), review(1, CHANGES, 2, "no")], [],
         [("review-1", True)]),
        ("dismissed", [review(1, "DISMISSED", 1, "no")], [comment(2, 1, 1)], []),
        ("its review is not listed yet", [], [comment(2, 9, 1)], [("comment-2", False)]),
    ],
)  # fmt: skip
def test_what_expects_an_answer(
    situation: str, reviews: list[Any], comments: list[Any], expected: list[Any]
) -> None:
    said = read_feedback(reviews, comments)
    assert [(each.id, each.requests_changes) for each in said] == expected, situation


def test_a_comment_says_where() -> None:
    (said,) = read_feedback([review(1, CHANGES, 1)], [comment(2, 1, 1, "rename it")])
    assert (said.file, said.line, said.body, said.head) == ("a.py", 3, "rename it", "c" * 40)
    outdated = {**comment(2, 1, 1), "line": None, "original_line": 9}
    (said,) = read_feedback([review(1, COMMENTED, 1)], [outdated])
    assert said.line == 9


# --- addresses


@pytest.mark.parametrize(
    ("api", "site"),
    [
        ("https://api.github.com", "https://github.com"),
        ("https://git.acme.example/api/v3", "https://git.acme.example"),
        ("https://api.acme.ghe.com", "https://acme.ghe.com"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("https://api.acme.example/api/v3", "https://api.acme.example"),
    ],
)
def test_where_git_is(api: str, site: str) -> None:
    assert server_of(api) == site
    assert address_of("a/b", f"{api}/").git == f"{site}/a/b.git"
    assert address_of("a/b", api, "https://elsewhere/").git == "https://elsewhere/a/b.git"


@pytest.mark.parametrize(
    ("remote", "name"),
    [
        ("https://github.com/acme/rocket.git", "acme/rocket"),
        ("https://github.com/acme/rocket", "acme/rocket"),
        ("https://user:word@github.com/acme/rocket.git/", "acme/rocket"),
        ("git@github.com:acme/rocket.git", "acme/rocket"),
        ("ssh://git@github.com:22/acme/rocket.js.git", "acme/rocket.js"),
        ("github.com:acme/rocket", "acme/rocket"),
        ("https://gitlab.com/acme/rocket.git", ""),
        ("https://github.com.evil.example/acme/rocket.git", ""),
        ("https://github.com/acme/deep/rocket.git", ""),
        ("/srv/git/acme/rocket.git", ""),
        ("../rocket", ""),
        ("", ""),
    ],
)
def test_which_repository_a_remote_is(remote: str, name: str) -> None:
    assert repository_of_remote(remote, "https://github.com") == name
