"""Pull requests, reviews and review comments as GitHub writes them."""

from __future__ import annotations

from typing import Any

from tests.github_server.records import Item, Review, ReviewComment
from tests.github_server.repository import Repository
from tests.github_server.sequence import node_id
from tests.github_server.verbs.pulls import mergeable
from tests.github_server.view import View, maybe_stamp, stamp
from tests.github_server.wire.accounts import association, user, user_of
from tests.github_server.wire.items import labels_of, milestone_of, reactions
from tests.github_server.wire.repositories import simple


def pull(view: View, repo: Repository, item: Item) -> dict[str, Any]:
    """The form in lists, which does not say whether it can be merged."""
    made = item.pull
    assert made is not None
    base, page = view.repo_url(repo), f"{view.repo_page(repo)}/pull/{item.number}"
    url, issue = f"{base}/pulls/{item.number}", f"{base}/issues/{item.number}"
    assignees = [user_of(view, each) for each in item.assignees]
    addresses = {
        "html": page,
        "issue": issue,
        "comments": f"{issue}/comments",
        "review_comments": f"{url}/comments",
        "review_comment": f"{base}/pulls/comments{{/number}}",
        "commits": f"{url}/commits",
        "statuses": f"{base}/statuses/{made.head_sha}",
    }
    return {
        "url": url,
        "id": made.id,
        "node_id": node_id("PullRequest", item.id),
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": issue,
        "commits_url": addresses["commits"],
        "review_comments_url": addresses["review_comments"],
        "review_comment_url": addresses["review_comment"],
        "comments_url": addresses["comments"],
        "statuses_url": addresses["statuses"],
        "number": item.number,
        "state": item.state,
        "locked": item.locked,
        "title": item.title,
        "user": user_of(view, item.author),
        "body": item.body,
        "labels": labels_of(view, repo, item),
        "milestone": milestone_of(view, repo, item),
        "active_lock_reason": item.lock_reason,
        "created_at": stamp(item.created_at),
        "updated_at": stamp(item.updated_at),
        "closed_at": maybe_stamp(item.closed_at),
        "merged_at": maybe_stamp(made.merged_at),
        "merge_commit_sha": made.merge_commit,
        "assignee": assignees[0] if assignees else None,
        "assignees": assignees,
        "requested_reviewers": [user_of(view, each) for each in made.reviewers],
        "requested_teams": [],
        "head": _side(view, repo, made.head_ref, made.head_sha),
        "base": _side(view, repo, made.base_ref, made.base_sha),
        "_links": {name: {"href": href} for name, href in {"self": url, **addresses}.items()},
        "author_association": association(view, repo, item.author),
        "auto_merge": None,
        "draft": made.draft,
    }


def full_pull(view: View, repo: Repository, item: Item) -> dict[str, Any]:
    """The one that was asked for. Asking sets GitHub to work out whether it can be merged."""
    made = item.pull
    assert made is not None
    can_merge = mergeable(view.hub, repo, item)
    state = {None: "unknown", True: "clean", False: "dirty"}[can_merge]
    tip = repo.known_refs.get(f"refs/heads/{made.base_ref}", made.base_sha)
    added, removed, files = _size(repo, made.base_sha, made.head_sha)
    return {
        **pull(view, repo, item),
        "merged": made.merged_at is not None,
        "mergeable": can_merge,
        "rebaseable": can_merge,
        "mergeable_state": "draft" if made.draft and can_merge else state,
        "merged_by": user_of(view, made.merged_by),
        "comments": len(repo.comments_of(item.number)),
        "review_comments": sum(
            1 for each in repo.review_comments.values() if each.number == item.number
        ),
        "maintainer_can_modify": False,
        "commits": max(1, len(repo.git.commits_between(tip, made.head_sha))),
        "additions": added,
        "deletions": removed,
        "changed_files": files,
    }


def _side(view: View, repo: Repository, ref: str, sha: str) -> dict[str, Any]:
    return {
        "label": f"{repo.owner.login}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": user(view, repo.owner),
        "repo": simple(view, repo),
    }


def _size(repo: Repository, base: str, head: str) -> tuple[int, int, int]:
    rows = [
        line.split("\t")
        for line in repo.git.git("diff", "--numstat", f"{base}...{head}").split("\n")
    ]
    rows = [row for row in rows if len(row) == 3]
    counts = [(int(a) if a.isdecimal() else 0, int(r) if r.isdecimal() else 0) for a, r, _ in rows]
    return sum(a for a, _ in counts), sum(r for _, r in counts), len(rows)


def review(view: View, repo: Repository, made: Review) -> dict[str, Any]:
    url = f"{view.repo_url(repo)}/pulls/{made.number}"
    page = f"{view.repo_page(repo)}/pull/{made.number}#pullrequestreview-{made.id}"
    data = {
        "id": made.id,
        "node_id": node_id("Review", made.id),
        "user": user_of(view, made.author),
        "body": made.body,
        "state": made.state,
        "html_url": page,
        "pull_request_url": url,
        "author_association": association(view, repo, made.author),
        "_links": {"html": {"href": page}, "pull_request": {"href": url}},
        "commit_id": made.commit,
    }
    if made.submitted_at is not None:
        data["submitted_at"] = stamp(made.submitted_at)
    return data


def review_comment(view: View, repo: Repository, made: ReviewComment) -> dict[str, Any]:
    base = view.repo_url(repo)
    url, pull_url = f"{base}/pulls/comments/{made.id}", f"{base}/pulls/{made.number}"
    page = f"{view.repo_page(repo)}/pull/{made.number}#discussion_r{made.id}"
    data = {
        "url": url,
        "pull_request_review_id": made.review,
        "id": made.id,
        "node_id": node_id("ReviewComment", made.id),
        "diff_hunk": "@@ -1 +1 @@",
        "path": made.path,
        "position": made.line or 1,
        "original_position": made.line or 1,
        "commit_id": made.commit,
        "original_commit_id": made.commit,
        "user": user_of(view, made.author),
        "body": made.body,
        "created_at": stamp(made.created_at),
        "updated_at": stamp(made.updated_at),
        "html_url": page,
        "pull_request_url": pull_url,
        "author_association": association(view, repo, made.author),
        "_links": {
            "self": {"href": url},
            "html": {"href": page},
            "pull_request": {"href": pull_url},
        },
        "reactions": reactions(url),
        "start_line": None,
        "original_start_line": None,
        "start_side": None,
        "line": made.line,
        "original_line": made.line,
        "side": made.side,
        "subject_type": "line" if made.line else "file",
    }
    if made.reply_to is not None:
        data["in_reply_to_id"] = made.reply_to
    for name in ("line", "original_line"):
        if data[name] is None:
            del data[name]
    return data
