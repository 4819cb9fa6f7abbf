"""The records as GraphQL nodes: mappings whose values may be functions of a field's arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.github_server.account import Account, Role
from tests.github_server.limits import Window
from tests.github_server.records import Comment, Event, Item, Label, Review, ReviewComment
from tests.github_server.refusal import Refusal, not_found
from tests.github_server.repository import Acting, Repository
from tests.github_server.sequence import node_id, read_node_id
from tests.github_server.verbs import pulls
from tests.github_server.verbs.checks import latest_statuses, runs_of
from tests.github_server.verbs.closing import closed_by_text
from tests.github_server.verbs.reviews import reviews_of
from tests.github_server.view import View, maybe_stamp, stamp

GraphNode = dict[str, Any]
_EVENTS = {
    "labeled": "LabeledEvent",
    "unlabeled": "UnlabeledEvent",
    "closed": "ClosedEvent",
    "reopened": "ReopenedEvent",
}


@dataclass(slots=True)
class Nodes:
    """What one viewer sees. `cost` is what the present document was charged."""

    view: View
    who: Acting
    window: Window
    cost: int

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
            "reviewDecision": lambda: self._decision(repo, item),
            "reviews": lambda **given: self._reviews(repo, item, given),
            "reviewRequests": lambda **given: connection(requests, lambda each: each, given),
            "reviewThreads": lambda **given: self._threads(repo, item, given),
            "commits": lambda **given: self._commits(repo, item, given),
            "closingIssuesReferences": lambda **given: connection(
                closing, lambda each: self.issue(repo, each), given
            ),
        }

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
        names = given.get("itemTypes") or [f"{kind}_event".upper() for kind in _EVENTS]
        kinds = {name.lower().removesuffix("_event") for name in names}
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
        }

    def _reviews(self, repo: Repository, item: Item, given: dict[str, Any]) -> GraphNode:
        states = given.get("states")
        found = [
            each
            for each in reviews_of(repo, item.number, self.who.id)
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

    def _threads(self, repo: Repository, item: Item, given: dict[str, Any]) -> GraphNode:
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

    def _commits(self, repo: Repository, item: Item, given: dict[str, Any]) -> GraphNode:
        assert item.pull is not None
        found = repo.git.commits_between(item.pull.base_sha, item.pull.head_sha)
        return connection(found, lambda sha: {"commit": self.commit(repo, sha)}, given)

    def _decision(self, repo: Repository, item: Item) -> str | None:
        latest = {
            each.author: each.state
            for each in reviews_of(repo, item.number, None)
            if each.state in ("APPROVED", "CHANGES_REQUESTED")
        }
        if "CHANGES_REQUESTED" in latest.values():
            return "CHANGES_REQUESTED"
        return "APPROVED" if latest else None

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


def connection(
    values: Sequence[Any], make: Callable[[Any], Any], given: dict[str, Any]
) -> GraphNode:
    """A page of a list: `first` after a cursor, or the `last` ones before one."""
    start, end = 0, len(values)
    if given.get("after"):
        start = int(given["after"])
    if given.get("before"):
        end = int(given["before"]) - 1
    if given.get("first") is not None:
        end = min(end, start + given["first"])
    if given.get("last") is not None:
        start = max(start, end - given["last"])
    return {
        "totalCount": len(values),
        "nodes": lambda: [make(each) for each in values[start:end]],
        "edges": lambda: [
            {"cursor": str(index), "node": make(each)}
            for index, each in enumerate(values[start:end], start + 1)
        ],
        "pageInfo": {
            "hasNextPage": end < len(values),
            "hasPreviousPage": start > 0,
            "startCursor": str(start + 1) if end > start else None,
            "endCursor": str(end) if end > start else None,
        },
    }


def _word(mergeable: bool | None) -> str:
    return {None: "UNKNOWN", True: "MERGEABLE", False: "CONFLICTING"}[mergeable]


def _state(item: Item) -> str:
    return "MERGED" if item.pull and item.pull.merged_at else item.state.upper()


def _rolled_up(contexts: Sequence[GraphNode]) -> str:
    found = {each.get("conclusion") or each.get("state") or "PENDING" for each in contexts}
    if found <= {"SUCCESS", "NEUTRAL", "SKIPPED"}:
        return "SUCCESS"
    return "PENDING" if found <= {"SUCCESS", "NEUTRAL", "SKIPPED", "PENDING"} else "FAILURE"
