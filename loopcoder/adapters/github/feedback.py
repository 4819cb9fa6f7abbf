"""What people said on a pull request that expects an answer, from reviews and their comments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from loopcoder.adapters.github.mapping import Payload, read_actor, read_time
from loopcoder.domain.issues.issue import Feedback

_NEVER = "1970-01-01T00:00:00Z"
_ENDS = frozenset({"APPROVED", "DISMISSED"})


def read_feedback(reviews: Sequence[Payload], comments: Sequence[Payload]) -> list[Feedback]:
    """Oldest first. A review that its author has answered with an approval asks for nothing.

    The comments of a review that asks for changes ask for them too, and stand for the review
    where it says nothing itself.
    """
    by_review: dict[object, list[Payload]] = {}
    for comment in comments:
        by_review.setdefault(comment.get("pull_request_review_id"), []).append(comment)
    said: list[Feedback] = []
    for review in reviews:
        own = by_review.pop(review["id"], [])
        if not _settled(review, reviews):
            said += _of_review(review, own)
    # Some comments are listed before their review is.
    said += [_comment(each) for rest in by_review.values() for each in rest]
    return sorted(said, key=lambda item: (item.at, item.id))


def _of_review(review: Payload, comments: Sequence[Payload]) -> list[Feedback]:
    """One that says nothing has comments that are not listed yet, or were deleted: it waits."""
    whole = _review(review)
    said = [_comment(each, whole.requests_changes) for each in comments]
    words = whole.body.strip()
    if whole.requests_changes and len(said) == 1 and words in ("", said[0].body.strip()):
        return [replace(whole, body=said[0].body, file=said[0].file, line=said[0].line)]
    spoken = words and review["state"] in ("CHANGES_REQUESTED", "COMMENTED")
    return [whole, *said] if spoken else said


def _settled(review: Payload, reviews: Sequence[Payload]) -> bool:
    """Whether it is not sent yet, its author has approved since, or it was dismissed."""
    if review["state"] != "CHANGES_REQUESTED":
        return review["state"] in ("DISMISSED", "PENDING")
    author, at = read_actor(review.get("user")).id, review["submitted_at"]
    return any(
        other["state"] in _ENDS
        and read_actor(other.get("user")).id == author
        and other["submitted_at"] > at
        for other in reviews
        if other.get("submitted_at")
    )


def _review(payload: Payload) -> Feedback:
    return Feedback(
        id=f"review-{payload['id']}",
        author=read_actor(payload.get("user")),
        body=payload.get("body") or "",
        at=read_time(payload.get("submitted_at") or _NEVER),
        requests_changes=payload["state"] == "CHANGES_REQUESTED",
        head=str(payload.get("commit_id") or ""),
    )


def _comment(payload: Payload, requests_changes: bool = False) -> Feedback:
    return Feedback(
        id=f"comment-{payload['id']}",
        author=read_actor(payload.get("user")),
        body=payload.get("body") or "",
        at=read_time(payload["created_at"]),
        requests_changes=requests_changes,
        file=str(payload.get("path") or ""),
        line=int(payload.get("line") or payload.get("original_line") or 0),
        head=str(payload.get("original_commit_id") or payload.get("commit_id") or ""),
    )
