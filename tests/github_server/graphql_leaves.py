"""GraphQL nodes that lead nowhere else: accounts, labels, comments, refs, commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.github_server.account import Account
from tests.github_server.graphql_connection import connection
from tests.github_server.limits import Window
from tests.github_server.records import Comment, Label, Review, ReviewComment
from tests.github_server.repository import Acting, Repository
from tests.github_server.sequence import node_id
from tests.github_server.verbs.checks import latest_statuses, runs_of
from tests.github_server.view import View, maybe_stamp

GraphNode = dict[str, Any]
"""A mapping whose values may be functions of a field's arguments."""


@dataclass(slots=True)
class Leaves:
    """What one viewer sees. `cost` is what the present document was charged."""

    view: View
    who: Acting
    window: Window
    cost: int

    def user(self, account: Account | None) -> GraphNode | None:
        if account is None:
            return None
        return {
            "__typename": account.kind,
            "id": node_id(account.kind, account.id),
            "databaseId": account.id,
            "login": account.login.removesuffix("[bot]") if account.is_bot else account.login,
            "name": account.login,
            "url": f"{self.view.web}/{account.login}",
        }

    def user_of(self, number: int | None) -> GraphNode | None:
        return self.user(self.view.hub.accounts.get(number or 0))

    def label(self, repo: Repository, made: Label | None) -> GraphNode | None:
        if made is None:
            return None
        return {
            "id": node_id("Label", made.id),
            "name": made.name,
            "color": made.color,
            "description": made.description,
        }

    def comment(self, made: Comment | Review | ReviewComment) -> GraphNode:
        at = made.submitted_at if isinstance(made, Review) else made.created_at
        return {
            "id": node_id("Comment", made.id),
            "databaseId": made.id,
            "fullDatabaseId": str(made.id),
            "author": lambda: self.user_of(made.author),
            "body": made.body,
            "createdAt": maybe_stamp(at),
            "updatedAt": maybe_stamp(at),
        }

    def ref(self, repo: Repository, name: str) -> GraphNode | None:
        name = name if name.startswith("refs/") else f"refs/heads/{name}"
        sha = repo.git.refs(name).get(name)
        if sha is None:
            return None
        prefix, _, short = name.removeprefix("refs/").partition("/")
        return {
            "id": node_id("Ref", name),
            "name": short,
            "prefix": f"refs/{prefix}/",
            "target": lambda: self.commit(repo, sha),
        }

    def commit(self, repo: Repository, sha: str | None) -> GraphNode | None:
        if sha is None:
            return None
        return {
            "__typename": "Commit",
            "id": node_id("Commit", sha),
            "oid": sha,
            "message": lambda: repo.git.git("show", "-s", "--format=%B", sha),
            "statusCheckRollup": lambda: self._rollup(repo, sha),
        }

    def _rollup(self, repo: Repository, sha: str) -> GraphNode | None:
        contexts: list[GraphNode] = [
            {
                "__typename": "CheckRun",
                "name": each.name,
                "status": each.status.upper(),
                "conclusion": each.conclusion.upper() if each.conclusion else None,
                "databaseId": each.id,
                "detailsUrl": each.details_url,
            }
            for each in runs_of(repo, sha)
        ]
        contexts += [
            {
                "__typename": "StatusContext",
                "context": each.context,
                "state": each.state.upper(),
                "targetUrl": each.target_url,
                "description": each.description,
            }
            for each in latest_statuses(repo, sha)
        ]
        if not contexts:
            return None
        return {
            "state": _rolled_up(contexts),
            "contexts": lambda **given: connection(contexts, lambda each: each, given),
        }


def _rolled_up(contexts: Sequence[GraphNode]) -> str:
    found = {each.get("conclusion") or each.get("state") or "PENDING" for each in contexts}
    if found <= {"SUCCESS", "NEUTRAL", "SKIPPED"}:
        return "SUCCESS"
    return "PENDING" if found <= {"SUCCESS", "NEUTRAL", "SKIPPED", "PENDING"} else "FAILURE"
