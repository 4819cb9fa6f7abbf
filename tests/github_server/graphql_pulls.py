"""What hangs on a pull request in GraphQL: its reviews, threads and commits."""

from __future__ import annotations

from typing import Any

from tests.github_server.graphql_connection import connection
from tests.github_server.graphql_leaves import GraphNode, Leaves
from tests.github_server.records import Item, Review, ReviewComment
from tests.github_server.repository import Repository
from tests.github_server.sequence import node_id
from tests.github_server.verbs.reviews import reviews_of as reviews_seen
from tests.github_server.view import maybe_stamp


class PullParts(Leaves):
    __slots__ = ()

    def reviews_of(self, repo: Repository, item: Item, given: dict[str, Any]) -> GraphNode:
        states = given.get("states")
        found = [
            each
            for each in reviews_seen(repo, item.number, self.who.id)
            if states is None or each.state in states
        ]

        def node(each: Review) -> GraphNode:
            return {
                **self.comment(each),
                "id": node_id("Review", each.id),
                "state": each.state,
                "submittedAt": maybe_stamp(each.submitted_at),
                "commit": lambda: self.commit(repo, each.commit),
            }

        return connection(found, node, given)

    def threads_of(self, repo: Repository, item: Item, given: dict[str, Any]) -> GraphNode:
        threads: dict[int, list[ReviewComment]] = {}
        for each in repo.review_comments.values():
            if each.number == item.number:
                threads.setdefault(each.reply_to or each.id, []).append(each)

        def node(said: list[ReviewComment]) -> GraphNode:
            return {
                "id": node_id("ReviewComment", said[0].id),
                "path": said[0].path,
                "line": said[0].line,
                "isResolved": False,
                "isOutdated": item.pull is not None and said[0].commit != item.pull.head_sha,
                "comments": lambda **inner: connection(said, self.comment, inner),
            }

        return connection(list(threads.values()), node, given)

    def commits_of(self, repo: Repository, item: Item, given: dict[str, Any]) -> GraphNode:
        assert item.pull is not None
        found = repo.git.commits_between(item.pull.base_sha, item.pull.head_sha)
        return connection(found, lambda sha: {"commit": self.commit(repo, sha)}, given)

    def decision_of(self, repo: Repository, item: Item) -> str | None:
        latest = {
            each.author: each.state
            for each in reviews_seen(repo, item.number, None)
            if each.state in ("APPROVED", "CHANGES_REQUESTED")
        }
        if "CHANGES_REQUESTED" in latest.values():
            return "CHANGES_REQUESTED"
        return "APPROVED" if latest else None
