"""Issues, labels, milestones, comments and events as GitHub writes them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from tests.github_server.records import Comment, Event, Item, Label, Milestone
from tests.github_server.repository import Repository
from tests.github_server.sequence import node_id
from tests.github_server.verbs.relations import blocked_by, blockers, parent_of
from tests.github_server.view import View, maybe_stamp, stamp
from tests.github_server.wire.accounts import app_of, association, user_of
from tests.github_server.wire.repositories import minimal


def label(view: View, repo: Repository, made: Label) -> dict[str, Any]:
    return {
        "id": made.id,
        "node_id": node_id("Label", made.id),
        "url": f"{view.repo_url(repo)}/labels/{quote(made.name, safe='')}",
        "name": made.name,
        "color": made.color,
        "default": False,
        "description": made.description,
    }


def labels_of(view: View, repo: Repository, item: Item) -> list[dict[str, Any]]:
    found = [repo.labels.get(each) for each in item.labels]
    return [label(view, repo, each) for each in sorted(filter(None, found), key=lambda e: e.name)]


def milestone(view: View, repo: Repository, made: Milestone) -> dict[str, Any]:
    url = f"{view.repo_url(repo)}/milestones/{made.number}"
    within = [each for each in repo.all_items() if each.milestone == made.number]
    return {
        "url": url,
        "html_url": f"{view.repo_page(repo)}/milestone/{made.number}",
        "labels_url": f"{url}/labels",
        "id": made.id,
        "node_id": node_id("Milestone", made.id),
        "number": made.number,
        "title": made.title,
        "description": made.description,
        "creator": user_of(view, made.creator),
        "open_issues": sum(1 for each in within if each.is_open),
        "closed_issues": sum(1 for each in within if not each.is_open),
        "state": made.state,
        "created_at": stamp(made.created_at),
        "updated_at": stamp(made.updated_at),
        "due_on": maybe_stamp(made.due_on),
        "closed_at": maybe_stamp(made.closed_at),
    }


def milestone_of(view: View, repo: Repository, item: Item) -> dict[str, Any] | None:
    made = repo.milestones.get(item.milestone) if item.milestone is not None else None
    return milestone(view, repo, made) if made else None


def issue(view: View, repo: Repository, item: Item) -> dict[str, Any]:
    """An issue, or a pull request seen as one."""
    url = f"{view.repo_url(repo)}/issues/{item.number}"
    kind = "pull" if item.pull else "issues"
    page = f"{view.repo_page(repo)}/{kind}/{item.number}"
    assignees = [user_of(view, each) for each in item.assignees]
    data = {
        "url": url,
        "repository_url": view.repo_url(repo),
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": page,
        "id": item.id,
        "node_id": node_id("PullRequest" if item.pull else "Issue", item.id),
        "number": item.number,
        "title": item.title,
        "user": user_of(view, item.author),
        "labels": labels_of(view, repo, item),
        "state": item.state,
        "locked": item.locked,
        "assignee": assignees[0] if assignees else None,
        "assignees": assignees,
        "milestone": milestone_of(view, repo, item),
        "comments": len(repo.comments_of(item.number)),
        "created_at": stamp(item.created_at),
        "updated_at": stamp(item.updated_at),
        "closed_at": maybe_stamp(item.closed_at),
        "author_association": association(view, repo, item.author),
        "active_lock_reason": item.lock_reason,
        "body": item.body,
        "closed_by": user_of(view, item.closed_by),
        "reactions": reactions(url),
        "timeline_url": f"{url}/timeline",
        "performed_via_github_app": app_of(view, item.app),
        "state_reason": item.state_reason,
    }
    if item.pull is not None:
        pull = f"{view.repo_url(repo)}/pulls/{item.number}"
        data["draft"] = item.pull.draft
        data["pull_request"] = {
            "url": pull,
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "merged_at": maybe_stamp(item.pull.merged_at),
        }
    else:
        data |= _relations(view, repo, item)
    return data


def _relations(view: View, repo: Repository, item: Item) -> dict[str, Any]:
    before, after = blockers(repo, item), blocked_by(repo, item)
    children = [repo.by_id(each) for each in item.sub_issues]
    done = sum(1 for each in children if each and not each.is_open)
    data: dict[str, Any] = {
        "type": None,
        "sub_issues_summary": {
            "total": len(children),
            "completed": done,
            "percent_completed": 100 * done // max(1, len(children)),
        },
        "issue_dependencies_summary": {
            "blocked_by": sum(1 for each in before if each.is_open),
            "total_blocked_by": len(before),
            "blocking": len(after) if item.is_open else 0,
            "total_blocking": len(after),
        },
    }
    if not view.hub.keeps_edges:  # an older server says nothing of what it does not know
        del data["issue_dependencies_summary"]
    if not view.hub.keeps_sub_issues:
        del data["sub_issues_summary"]
    parent = parent_of(repo, item)
    if parent is not None:
        data["parent_issue_url"] = f"{view.repo_url(repo)}/issues/{parent.number}"
    return data


def reactions(url: str) -> dict[str, Any]:
    kinds = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")
    return {"url": f"{url}/reactions", "total_count": 0, **dict.fromkeys(kinds, 0)}


def comment(view: View, repo: Repository, made: Comment) -> dict[str, Any]:
    base = view.repo_url(repo)
    item = repo.item(made.number)
    kind = "pull" if item and item.pull else "issues"
    return {
        "url": f"{base}/issues/comments/{made.id}",
        "html_url": f"{view.repo_page(repo)}/{kind}/{made.number}#issuecomment-{made.id}",
        "issue_url": f"{base}/issues/{made.number}",
        "id": made.id,
        "node_id": node_id("Comment", made.id),
        "user": user_of(view, made.author),
        "created_at": stamp(made.created_at),
        "updated_at": stamp(made.updated_at),
        "author_association": association(view, repo, made.author),
        "body": made.body,
        "reactions": reactions(f"{base}/issues/comments/{made.id}"),
        "performed_via_github_app": app_of(view, made.app),
    }


def _reference(view: View, repo: Repository, item: Item) -> dict[str, Any]:
    """An issue as events name it."""
    return {
        "number": item.number,
        "title": item.title,
        "state": item.state,
        "state_reason": item.state_reason,
        "repository": minimal(view, repo),
        "issue_type": None,
    }


def event(view: View, repo: Repository, made: Event) -> dict[str, Any]:
    """An event of an issue; people and issues in its detail are written out."""
    detail = dict(made.detail)
    for name in ("assignee", "requested_reviewer"):
        if name in detail:
            detail[name] = user_of(view, detail[name])
    if "assignee" in detail:
        detail["assigner"] = user_of(view, made.actor)
    if "requested_reviewer" in detail:
        detail["review_requester"] = user_of(view, made.actor)
    for name in ("blocked_by", "blocking", "sub_issue", "parent_issue"):
        other = repo.by_id(detail.pop(name)) if name in detail else None
        if other is not None:
            detail[name] = _reference(view, repo, other)
    commit = detail.get("commit_id")
    return {
        "id": made.id,
        "node_id": node_id("Event", made.id),
        "url": f"{view.repo_url(repo)}/issues/events/{made.id}",
        "actor": user_of(view, made.actor),
        "event": made.kind,
        "commit_id": commit,
        "commit_url": f"{view.repo_url(repo)}/commits/{commit}" if commit else None,
        "created_at": stamp(made.at),
        **{key: value for key, value in detail.items() if key != "commit_id"},
        "performed_via_github_app": app_of(view, made.app),
    }
