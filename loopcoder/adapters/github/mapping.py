"""GitHub's payloads in our words. What is kept between processes is trimmed to what we read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from loopcoder.domain.issues.host_rules import parse_closes
from loopcoder.domain.issues.issue import (
    ELSEWHERE,
    Actor,
    CloseReason,
    Comment,
    EdgeCounts,
    EdgeEvent,
    Family,
    Issue,
    IssueState,
    LabelEvent,
    Permission,
    PullRequest,
    PullState,
    spelled,
)

Payload = Mapping[str, Any]

GHOST = Actor(10137, "ghost")
"""Whom GitHub names where an account was deleted."""

LABELLING = frozenset({"labeled", "unlabeled"})
"""The events that are about labels."""

_WRITERS = frozenset({"admin", "maintain", "write", "push"})
_ITEM = (
    "number", "id", "title", "body", "state", "state_reason", "created_at", "updated_at",
    "closed_at", "draft", "repository_url",
)  # fmt: skip
_DETAIL = (
    "number", "state", "draft", "updated_at", "merged_at", "merge_commit_sha"
)  # fmt: skip


def trim_item(payload: Payload) -> dict[str, Any]:
    """What of an issue (or of a pull request in the list of issues) is kept."""
    kept = {key: payload.get(key) for key in _ITEM}
    kept["user"] = _trim_user(payload.get("user"))
    kept["assignees"] = [_trim_user(each) for each in payload.get("assignees") or ()]
    kept["closed_by"] = _trim_user(payload.get("closed_by"))
    kept["labels"] = sorted(label_names(payload.get("labels") or ()))
    pull = payload.get("pull_request")
    kept["pull_request"] = {"merged_at": pull.get("merged_at")} if pull else None
    kept["edges"] = _trim_edges(payload)
    kept["family"] = _trim_family(payload)
    milestone = payload.get("milestone")
    kept["milestone"] = {"title": milestone["title"]} if milestone else None
    return kept


def _trim_edges(payload: Payload) -> dict[str, int] | None:
    """How many issues block it and are blocked by it; None from a server that keeps no edges."""
    found = payload.get("issue_dependencies_summary")
    if not found:
        return payload.get("edges")  # of an item that is trimmed already
    return {
        "blocked_by": int(found["total_blocked_by"]),
        "blocking": int(found["total_blocking"]),
    }


def _trim_family(payload: Payload) -> dict[str, int] | None:
    """What it is a sub-issue of, and how many it has; None from a server that has none."""
    found = payload.get("sub_issues_summary")
    if not found:
        return payload.get("family")  # of an item that is trimmed already
    url, own = str(payload.get("parent_issue_url") or ""), str(payload.get("repository_url") or "")
    where, _, number = url.rpartition("/issues/")
    near = where.lower() == own.lower() and number.isdecimal()
    parent = (int(number) if near else ELSEWHERE) if url else 0
    return {"parent": parent, "children": int(found["total"])}


def trim_pull(payload: Payload) -> dict[str, Any]:
    """What of a pull request is kept that the list of issues does not have."""
    kept = {key: payload.get(key) for key in _DETAIL}
    head, base = payload["head"], payload["base"]
    kept["head"] = {"ref": head["ref"], "sha": head["sha"], "repo": _repository(head)}
    kept["base"] = {"ref": base["ref"], "repo": _repository(base)}
    kept["merged_by"] = _trim_user(payload.get("merged_by"))
    return kept


def as_item(pull: Payload) -> dict[str, Any]:
    """A pull request's own payload as the list of issues would have it."""
    return {**pull, "pull_request": {"merged_at": pull.get("merged_at")}}


def label_names(labels: Any) -> list[str]:
    """Labels come as objects, and in some answers as bare names. Ours are in our spelling."""
    return [
        spelled(each if isinstance(each, str) else str(each.get("name", ""))) for each in labels
    ]


def is_pull(item: Payload) -> bool:
    return item.get("pull_request") is not None


def read_actor(user: Payload | None) -> Actor:
    return Actor(int(user["id"]), str(user["login"])) if user else GHOST


def read_time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


def write_time(at: datetime) -> str:
    """As GitHub writes times: to the second, in UTC. Such texts sort as the times do."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_issue(item: Payload) -> Issue:
    """An issue, from a trimmed payload or a whole one."""
    closed = item["state"] == "closed"
    closer = item.get("closed_by")
    return Issue(
        number=int(item["number"]),
        id=int(item["id"]),
        title=str(item["title"]),
        body=item.get("body") or "",
        author=read_actor(item.get("user")),
        created_at=read_time(item["created_at"]),
        updated_at=read_time(item["updated_at"]),
        state=IssueState.CLOSED if closed else IssueState.OPEN,
        close_reason=_close_reason(item.get("state_reason")) if closed else None,
        labels=frozenset(label_names(item.get("labels") or ())),
        assignees=tuple(read_actor(each) for each in item.get("assignees") or ()),
        closed_by=read_actor(closer) if closed and closer else None,
        edges=_read_edges(item),
        family=_read_family(item),
        milestone=str((item.get("milestone") or {}).get("title", "")),
        reopened=not closed and item.get("state_reason") == "reopened",
    )


def _read_family(item: Payload) -> Family | None:
    family = _trim_family(item)
    return Family(family["parent"], family["children"]) if family else None


def _read_edges(item: Payload) -> EdgeCounts | None:
    edges = _trim_edges(item)
    return EdgeCounts(edges["blocked_by"], edges["blocking"]) if edges else None


def read_pull(
    item: Payload, detail: Payload | None, head: str | None, mergeable: bool | None
) -> PullRequest:
    """A pull request, from its entry among the issues and (where known) its own payload.

    `head` overrules the payload's: git knows it earlier than the API does.
    """
    body = item.get("body") or ""
    state = pull_state(item)
    detail = detail or {}
    closer = detail.get("merged_by") if state is PullState.MERGED else None
    closer = closer or item.get("closed_by")
    closed = state is not PullState.OPEN
    ended = item.get("closed_at") if closed else None
    return PullRequest(
        number=int(item["number"]),
        title=str(item["title"]),
        body=body,
        branch=branch_of(detail),
        head=head or str(detail.get("head", {}).get("sha") or ""),
        base=str(detail.get("base", {}).get("ref") or ""),
        author=read_actor(item.get("user")),
        created_at=read_time(item["created_at"]),
        updated_at=read_time(item["updated_at"]),
        state=state,
        draft=bool(item.get("draft") or detail.get("draft")),
        labels=frozenset(label_names(item.get("labels") or ())),
        mergeable=mergeable if state is PullState.OPEN else None,
        merged_commit=_merged_commit(state, detail),
        closed_by=read_actor(closer) if closed and closer else None,
        closes=parse_closes(body),
        ended_at=read_time(ended) if ended else None,
    )


def pull_state(item: Payload) -> PullState:
    if (item.get("pull_request") or {}).get("merged_at") or item.get("merged_at"):
        return PullState.MERGED
    return PullState.CLOSED if item["state"] == "closed" else PullState.OPEN


def branch_of(detail: Payload) -> str:
    """The branch; one of another repository with its owner before it, so that it is never ours."""
    if not detail:
        return ""
    ref, repository = str(detail["head"]["ref"]), detail["head"]["repo"]
    if repository == detail["base"]["repo"]:
        return ref
    return f"{str(repository or 'unknown').partition('/')[0]}:{ref}"


def read_comment(payload: Payload) -> Comment:
    return Comment(
        id=int(payload["id"]),
        issue=int(str(payload["issue_url"]).rpartition("/")[2]),
        author=read_actor(payload.get("user")),
        body=payload.get("body") or "",
        created_at=read_time(payload["created_at"]),
        updated_at=read_time(payload.get("updated_at") or payload["created_at"]),
    )


def trim_event(payload: Payload) -> dict[str, Any]:
    """What of an event about a label is kept."""
    return {
        "event": payload["event"],
        "label": {"name": payload["label"]["name"]},
        "actor": _trim_user(payload.get("actor")),
        "created_at": payload["created_at"],
    }


def read_label_event(payload: Payload) -> LabelEvent | None:
    """The event, None when it is about something else than a label."""
    if payload.get("event") not in LABELLING:
        return None
    return LabelEvent(
        label=spelled(str(payload["label"]["name"])),
        added=payload["event"] == "labeled",
        actor=read_actor(payload.get("actor")),
        at=read_time(payload["created_at"]),
    )


def read_edge_event(payload: Payload, repository: str) -> EdgeEvent | None:
    """The event, None when it is about something else than a blocker in the repository."""
    kind, blocker = payload.get("event"), payload.get("blocked_by")
    if kind not in ("blocked_by_added", "blocked_by_removed") or not blocker:
        return None
    if str(blocker["repository"]["full_name"]).lower() != repository.lower():
        return None
    return EdgeEvent(
        blocker=int(blocker["number"]),
        added=kind == "blocked_by_added",
        actor=read_actor(payload.get("actor")),
        at=read_time(payload["created_at"]),
    )


def read_permission(payload: Payload) -> Permission:
    """What the answer about a collaborator's permission means to us."""
    if payload.get("permission") in _WRITERS:
        return Permission.WRITE
    return Permission.READ if payload.get("permission") == "read" else Permission.NONE


def _close_reason(reason: str | None) -> CloseReason | None:
    if reason == "completed":
        return CloseReason.COMPLETED
    # A duplicate is not worked on either; its reason is younger than the other two.
    return CloseReason.NOT_PLANNED if reason in ("not_planned", "duplicate") else None


def _merged_commit(state: PullState, detail: Payload) -> str:
    # While a pull request is open this is a trial merge that GitHub made for itself.
    return str(detail.get("merge_commit_sha") or "") if state is PullState.MERGED else ""


def _trim_user(user: Payload | None) -> dict[str, Any] | None:
    return {"id": user["id"], "login": user["login"]} if user else None


def _repository(side: Payload) -> str:
    found = side.get("repo")
    return str(found["full_name"]).lower() if found else ""
