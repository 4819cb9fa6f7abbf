"""The records as GraphQL nodes, from where a document begins."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.github_server.account import Role
from tests.github_server.graphql_connection import connection
from tests.github_server.graphql_leaves import GraphNode
from tests.github_server.graphql_pulls import PullParts
from tests.github_server.records import BodyEdit, Event, Item
from tests.github_server.refusal import Refusal, not_found
from tests.github_server.repository import Repository
from tests.github_server.sequence import node_id, read_node_id
from tests.github_server.verbs import pulls
from tests.github_server.verbs.closing import closed_by_text
from tests.github_server.view import maybe_stamp, stamp

_EVENTS = {
    "labeled": "LabeledEvent",
    "unlabeled": "UnlabeledEvent",
    "closed": "ClosedEvent",
    "reopened": "ReopenedEvent",
    "renamed": "RenamedTitleEvent",
}


class Nodes(PullParts):
    """Roots, repositories, issues and pull requests."""

    __slots__ = ()

    def root(self) -> GraphNode:
        return {
            "viewer": lambda: self.user(self.who.account),
            "rateLimit": lambda dryRun=False: self._rate_limit(),  # noqa: N803
            "repository": self._find_repository,
            "node": self._find_node,
            "markPullRequestReadyForReview": lambda input: self._set_draft(input, False),
            "convertPullRequestToDraft": lambda input: self._set_draft(input, True),
        }

    # --- where a document begins

    def _rate_limit(self) -> GraphNode:
        return {
            "limit": self.window.limit,
            "cost": self.cost,
            "remaining": self.window.remaining,
            "used": self.window.used,
            "resetAt": stamp(self.window.reset),
            "nodeCount": 0,
        }

    def _find_repository(self, owner: str, name: str, **_: Any) -> GraphNode:
        repo = self.view.hub.repository(owner, name)
        if repo is None or repo.role(self.who.account) < Role.READ:
            raise Refusal(404, f"Could not resolve to a Repository with the name '{owner}/{name}'.")
        return self.repository(repo)

    def _find_node(self, id: str) -> GraphNode:
        repo, item = self._item_by_node(id)
        return self.pull(repo, item) if item.pull else self.issue(repo, item)

    def _set_draft(self, input: dict[str, Any], draft: bool) -> GraphNode:
        repo, item = self._item_by_node(input["pullRequestId"])
        changed = pulls.set_draft(repo, self.who, item.number, draft)
        return {"pullRequest": self.pull(repo, changed), "clientMutationId": None}

    def _item_by_node(self, text: str) -> tuple[Repository, Item]:
        read = read_node_id(text)
        for repo in self.view.hub.repositories.values():
            item = repo.by_id(int(read[1])) if read and read[1].isdecimal() else None
            if item is not None and repo.role(self.who.account) >= Role.READ:
                return repo, item
        raise Refusal(404, f"Could not resolve to a node with the global id of '{text}'")

    # --- nodes

    def repository(self, repo: Repository) -> GraphNode:
        def items(pull: bool) -> Callable[..., GraphNode]:
            make = self.pull if pull else self.issue

            def listed(**given: Any) -> GraphNode:
                found = [i for i in self._items(repo, given) if (i.pull is not None) == pull]
                return connection(found, lambda item: make(repo, item), given)

            return listed

        return {
            "__typename": "Repository",
            "id": node_id("Repository", repo.id),
            "databaseId": repo.id,
            "name": repo.name,
            "nameWithOwner": repo.full_name,
            "owner": lambda: self.user(repo.owner),
            "url": self.view.repo_page(repo),
            "isPrivate": repo.private,
            "viewerPermission": lambda: self._permission(repo),
            "issue": lambda number: self.issue(repo, self._demand(repo, number, False)),
            "pullRequest": lambda number: self.pull(repo, self._demand(repo, number, True)),
            "issueOrPullRequest": lambda number: self._either(repo, number),
            "issues": items(False),
            "pullRequests": items(True),
            "labels": lambda **given: connection(
                list(repo.labels.values()), lambda each: self.label(repo, each), given
            ),
            "label": lambda name: self.label(repo, repo.label_named(name)),
            "defaultBranchRef": lambda: self.ref(repo, f"refs/heads/{repo.default_branch}"),
            "ref": lambda qualifiedName: self.ref(repo, qualifiedName),  # noqa: N803
        }

    def issue(self, repo: Repository, item: Item) -> GraphNode:
        reason = "completed" if item.state == "closed" else None
        return {
            **self._item(repo, item),
            "__typename": "Issue",
            "id": node_id("Issue", item.id),
            "databaseId": item.id,
            "fullDatabaseId": str(item.id),
            "state": item.state.upper(),
            "stateReason": (item.state_reason or reason or "").upper() or None,
            "timelineItems": lambda **given: self._timeline(repo, item, given),
            "includesCreatedEdit": item.number in repo.edits,
            "userContentEdits": lambda **given: self._edits(repo, item, given),
        }

    def pull(self, repo: Repository, item: Item) -> GraphNode:
        made = item.pull
        assert made is not None
        found = [repo.item(number) for number in closed_by_text(item.body)]
        closing = [each for each in found if each is not None and each.pull is None]
        requests = [{"requestedReviewer": self.user_of(each)} for each in made.reviewers]
        return {
            **self._item(repo, item),
            "__typename": "PullRequest",
            "id": node_id("PullRequest", item.id),
            "databaseId": made.id,
            "fullDatabaseId": str(made.id),
            "state": "MERGED" if made.merged_at else item.state.upper(),
            "isDraft": made.draft,
            "merged": made.merged_at is not None,
            "mergedAt": maybe_stamp(made.merged_at),
            "mergedBy": lambda: self.user_of(made.merged_by),
            "mergeCommit": lambda: self.commit(repo, made.merge_commit),
            "mergeable": lambda: _word(pulls.mergeable(self.view.hub, repo, item)),
            "headRefName": made.head_ref,
            "headRefOid": made.head_sha,
            "headRef": lambda: self.ref(repo, f"refs/heads/{made.head_ref}"),
            "baseRefName": made.base_ref,
            "baseRefOid": made.base_sha,
            "baseRef": lambda: self.ref(repo, f"refs/heads/{made.base_ref}"),
            "isCrossRepository": False,
            "reviewDecision": lambda: self.decision_of(repo, item),
            "reviews": lambda **given: self.reviews_of(repo, item, given),
            "reviewRequests": lambda **given: connection(requests, lambda each: each, given),
            "reviewThreads": lambda **given: self.threads_of(repo, item, given),
            "commits": lambda **given: self.commits_of(repo, item, given),
            "closingIssuesReferences": lambda **given: connection(
                closing, lambda each: self.issue(repo, each), given
            ),
        }

    # --- parts of nodes

    def _item(self, repo: Repository, item: Item) -> GraphNode:
        kind = "pull" if item.pull else "issues"
        labels = [found for key in item.labels if (found := repo.labels.get(key))]
        return {
            "number": item.number,
            "title": item.title,
            "body": item.body or "",
            "url": f"{self.view.repo_page(repo)}/{kind}/{item.number}",
            "createdAt": stamp(item.created_at),
            "updatedAt": stamp(item.updated_at),
            "closedAt": maybe_stamp(item.closed_at),
            "closed": not item.is_open,
            "locked": item.locked,
            "author": lambda: self.user_of(item.author),
            "labels": lambda **given: connection(
                labels, lambda each: self.label(repo, each), given
            ),
            "assignees": lambda **given: connection(item.assignees, self.user_of, given),
            "comments": lambda **given: connection(
                repo.comments_of(item.number), self.comment, given
            ),
        }

    def _items(self, repo: Repository, given: dict[str, Any]) -> list[Item]:
        states = given.get("states")
        order = given.get("orderBy") or {"field": "CREATED_AT", "direction": "ASC"}
        field = "updated_at" if order["field"] == "UPDATED_AT" else "created_at"
        found = [
            item
            for item in repo.all_items(self.view.hub.as_of())
            if states is None or _state(item) in states
        ]
        found.sort(key=lambda item: (getattr(item, field), item.number))
        return found if order["direction"] == "ASC" else found[::-1]

    def _demand(self, repo: Repository, number: int, pull: bool) -> Item:
        item = repo.item(number)
        if item is None or (item.pull is not None) != pull or item.moved_to:
            kind = "a PullRequest" if pull else "an Issue"
            raise Refusal(404, f"Could not resolve to {kind} with the number of {number}.")
        return item

    def _either(self, repo: Repository, number: int) -> GraphNode:
        item = repo.item(number)
        if item is None:
            raise not_found()
        return self.pull(repo, item) if item.pull else self.issue(repo, item)

    def _permission(self, repo: Repository) -> str | None:
        role = repo.role(self.who.account)
        return role.name if role > Role.NONE else None

    def _timeline(self, repo: Repository, item: Item, given: dict[str, Any]) -> GraphNode:
        names = given.get("itemTypes") or [_item_type(kind) for kind in _EVENTS]
        kinds = {kind for kind in _EVENTS if _item_type(kind) in names}
        found = [
            e for e in repo.events.get(item.number, ()) if e.kind in kinds and e.kind in _EVENTS
        ]
        return connection(found, lambda each: self._event(repo, each), given)

    def _event(self, repo: Repository, made: Event) -> GraphNode:
        label = made.detail.get("label", {})
        return {
            "__typename": _EVENTS[made.kind],
            "id": node_id("Event", made.id),
            "actor": lambda: self.user_of(made.actor),
            "createdAt": stamp(made.at),
            "label": {"id": node_id("Label", 0), "description": None, **label},
            "stateReason": (made.detail.get("state_reason") or "").upper() or None,
            "previousTitle": made.detail.get("rename", {}).get("from", ""),
            "currentTitle": made.detail.get("rename", {}).get("to", ""),
        }

    def _edits(self, repo: Repository, item: Item, given: dict[str, Any]) -> GraphNode:
        """Newest first, as GitHub lists them."""
        found = list(reversed(repo.edits.get(item.number, ())))
        return connection(found, self._edit, given)

    def _edit(self, made: BodyEdit) -> GraphNode:
        return {
            "id": node_id("UserContentEdit", made.id),
            "createdAt": stamp(made.at),
            "editedAt": stamp(made.at),
            "updatedAt": stamp(made.at),
            "deletedAt": None,
            "deletedBy": None,
            "diff": made.body,
            "editor": lambda: self.user_of(made.editor),
        }


def _item_type(kind: str) -> str:
    """`RENAMED_TITLE_EVENT` of `renamed`: how an item type is asked for."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", _EVENTS[kind]).upper()


def _word(mergeable: bool | None) -> str:
    return {None: "UNKNOWN", True: "MERGEABLE", False: "CONFLICTING"}[mergeable]


def _state(item: Item) -> str:
    return "MERGED" if item.pull and item.pull.merged_at else item.state.upper()
