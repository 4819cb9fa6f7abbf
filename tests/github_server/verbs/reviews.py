"""What people say about a change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tests.github_server.account import Role
from tests.github_server.records import Item, Review, ReviewComment
from tests.github_server.refusal import Refusal, invalid, not_found
from tests.github_server.repository import Acting, Repository
from tests.github_server.verbs.guards import demand_pull, demand_role, demand_unlocked
from tests.github_server.verbs.texts import checked_body

STATES = {
    "APPROVE": "APPROVED",
    "REQUEST_CHANGES": "CHANGES_REQUESTED",
    "COMMENT": "COMMENTED",
    None: "PENDING",
}


def review(
    repo: Repository,
    who: Acting,
    number: int,
    event: str | None,
    body: str | None = None,
    comments: Sequence[Mapping[str, Any]] = (),
    commit: str | None = None,
) -> Review:
    """Submit a review, or with no event keep it as a draft that only its author sees."""
    demand_role(repo, who, Role.READ)
    item = demand_pull(repo, number)
    assert item.pull is not None
    demand_unlocked(repo, who, item, "review")
    text = checked_body(body, "PullRequestReview") or ""
    if event in ("REQUEST_CHANGES", "COMMENT") and not (text or comments):
        raise Refusal(422, "Unprocessable Entity", errors=["Review body can't be blank"])
    if event in ("REQUEST_CHANGES", "APPROVE") and who.id == item.author:
        verb = "approve" if event == "APPROVE" else "request changes on"
        raise Refusal(
            422, "Unprocessable Entity", errors=[f"Review Can not {verb} your own pull request"]
        )
    made = Review(
        repo.ids.next(), number, who.id, text, STATES[event], commit or item.pull.head_sha,
        who.at if event else None,
    )  # fmt: skip
    repo.reviews[made.id] = made
    for each in comments:
        _remark(repo, who, item, made, each)
    if event:
        left = tuple(each for each in item.pull.reviewers if each != who.id)
        repo.save(item, who.at, pull=replace(item.pull, reviewers=left))
        repo.touch(number, who.at)
    return made


def submit(repo: Repository, who: Acting, number: int, key: int, event: str, body: str) -> Review:
    """Publish a draft review."""
    found = demand_review(repo, number, key)
    if found.author != who.id or found.state != "PENDING":
        raise not_found()
    done = replace(found, state=STATES[event], body=body or found.body, submitted_at=who.at)
    repo.reviews[key] = done
    repo.touch(number, who.at)
    return done


def dismiss(repo: Repository, who: Acting, number: int, key: int) -> Review:
    demand_role(repo, who, Role.WRITE)
    found = demand_review(repo, number, key)
    if found.state not in ("APPROVED", "CHANGES_REQUESTED"):
        raise Refusal(422, "Can not dismiss a commented pull request review")
    repo.reviews[key] = replace(found, state="DISMISSED")
    repo.record(number, "review_dismissed", who)
    repo.touch(number, who.at)
    return repo.reviews[key]


def remark(repo: Repository, who: Acting, number: int, comment: Mapping[str, Any]) -> ReviewComment:
    """A single comment on a line, which GitHub wraps into a review of its own."""
    made = review(repo, who, number, "COMMENT", "", (comment,), comment.get("commit_id"))
    return next(each for each in repo.review_comments.values() if each.review == made.id)


def reply(repo: Repository, who: Acting, number: int, key: int, body: str) -> ReviewComment:
    first = repo.review_comments.get(key)
    if first is None or first.number != number:
        raise not_found()
    fields = {"path": first.path, "line": first.line, "body": body, "in_reply_to": key}
    return remark(repo, who, number, fields)


def demand_review(repo: Repository, number: int, key: int) -> Review:
    demand_pull(repo, number)
    found = repo.reviews.get(key)
    if found is None or found.number != number:
        raise not_found()
    return found


def reviews_of(repo: Repository, number: int, viewer: int | None) -> list[Review]:
    """Those of a pull request that the viewer may see."""
    return [
        each
        for each in repo.reviews.values()
        if each.number == number and (each.state != "PENDING" or each.author == viewer)
    ]


def _remark(
    repo: Repository, who: Acting, item: Item, made: Review, fields: Mapping[str, Any]
) -> None:
    path, line = str(fields.get("path", "")), fields.get("line", fields.get("position"))
    if item.pull is None or not path:
        raise invalid("PullRequestReviewComment", "path", "missing_field")
    comment = ReviewComment(
        repo.ids.next(),
        item.number,
        made.id,
        who.id,
        checked_body(fields.get("body"), "PullRequestReviewComment", required=True) or "",
        path,
        line,
        str(fields.get("side") or "RIGHT"),
        made.commit,
        who.at,
        who.at,
        fields.get("in_reply_to"),
    )
    repo.review_comments[comment.id] = comment
