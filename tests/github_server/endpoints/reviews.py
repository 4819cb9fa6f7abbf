"""Reviews and review comments over HTTP."""

from __future__ import annotations

from tests.github_server.call import Call
from tests.github_server.exchange import Reply
from tests.github_server.records import ReviewComment
from tests.github_server.refusal import not_found
from tests.github_server.registry import answers
from tests.github_server.verbs import reviews
from tests.github_server.verbs.guards import demand_pull
from tests.github_server.wire.pulls import review, review_comment


@answers("pulls/list-reviews")
def list_reviews(call: Call) -> Reply:
    number = call.number("pull_number")
    demand_pull(call.repo, number)
    viewer = call.token.account.id if call.token else None
    found = reviews.reviews_of(call.repo, number, viewer)
    return call.page(found, lambda each: review(call.view, call.repo, each))


@answers("pulls/create-review")
def create_review(call: Call) -> Reply:
    body = call.body
    made = reviews.review(
        call.repo, call.who, call.number("pull_number"), body.get("event"),
        body.get("body"), body.get("comments", ()), body.get("commit_id"),
    )  # fmt: skip
    return Reply(200, review(call.view, call.repo, made))


@answers("pulls/get-review")
def get_review(call: Call) -> Reply:
    found = reviews.demand_review(call.repo, call.number("pull_number"), call.number("review_id"))
    return Reply(200, review(call.view, call.repo, found))


@answers("pulls/submit-review")
def submit_review(call: Call) -> Reply:
    body = call.body
    made = reviews.submit(
        call.repo, call.who, call.number("pull_number"), call.number("review_id"),
        body["event"], body.get("body", ""),
    )  # fmt: skip
    return Reply(200, review(call.view, call.repo, made))


@answers("pulls/dismiss-review")
def dismiss_review(call: Call) -> Reply:
    number, key = call.number("pull_number"), call.number("review_id")
    made = reviews.dismiss(call.repo, call.who, number, key)
    return Reply(200, review(call.view, call.repo, made))


@answers("pulls/list-review-comments")
def list_remarks(call: Call) -> Reply:
    number = call.number("pull_number")
    demand_pull(call.repo, number)
    return _page(call, [each for each in _published(call) if each.number == number])


@answers("pulls/list-review-comments-for-repo")
def list_all_remarks(call: Call) -> Reply:
    return _page(call, _published(call))


@answers("pulls/list-comments-for-review")
def list_remarks_of_review(call: Call) -> Reply:
    number, key = call.number("pull_number"), call.number("review_id")
    reviews.demand_review(call.repo, number, key)
    found = [each for each in call.repo.review_comments.values() if each.review == key]
    return _page(call, found)


@answers("pulls/create-review-comment")
def create_remark(call: Call) -> Reply:
    made = reviews.remark(call.repo, call.who, call.number("pull_number"), call.body)
    return Reply(201, review_comment(call.view, call.repo, made))


@answers("pulls/create-reply-for-review-comment")
def create_reply(call: Call) -> Reply:
    number, key = call.number("pull_number"), call.number("comment_id")
    made = reviews.reply(call.repo, call.who, number, key, call.body["body"])
    return Reply(201, review_comment(call.view, call.repo, made))


@answers("pulls/get-review-comment")
def get_remark(call: Call) -> Reply:
    found = call.repo.review_comments.get(call.number("comment_id"))
    if found is None:
        raise not_found()
    return Reply(200, review_comment(call.view, call.repo, found))


def _published(call: Call) -> list[ReviewComment]:
    """The remarks whose review was submitted, or is the viewer's own."""
    viewer = call.token.account.id if call.token else None
    return [
        each
        for each in call.repo.review_comments.values()
        if call.repo.reviews[each.review].state != "PENDING" or each.author == viewer
    ]


def _page(call: Call, found: list[ReviewComment]) -> Reply:
    return call.page(found, lambda each: review_comment(call.view, call.repo, each))
