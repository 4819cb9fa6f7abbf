"""What a token may be used for, apart from what its account may do."""

from __future__ import annotations

from tests.github_server.call import Call
from tests.github_server.refusal import Refusal, forbidden, not_found

_AREAS = {
    "issues": ("issues", "pull_requests"),
    "pulls": ("pull_requests",),
    "git": ("contents",),
    "checks": ("checks",),
    "actions": ("actions",),
}
_REPOS = {
    "repos/get": "metadata",
    "repos/get-collaborator-permission-level": "metadata",
    "repos/check-collaborator": "metadata",
    "repos/get-combined-status-for-ref": "statuses",
    "repos/list-commit-statuses-for-ref": "statuses",
    "repos/create-commit-status": "statuses",
    "repos/get-branch-protection": "administration",
    "repos/get-branch-rules": "metadata",
}


def areas_of(operation: str) -> tuple[str, ...]:
    """The fine-grained permissions any one of which is enough."""
    if operation in _REPOS:
        return (_REPOS[operation],)
    if operation.startswith("repos/"):
        return ("contents",)
    return _AREAS.get(operation.partition("/")[0], ("metadata",))


def demand_permission(call: Call, access: str) -> None:
    """403 or 404 where the token was not given what the operation needs."""
    token = call.token
    if token is None:
        return
    areas = areas_of(call.operation)
    if token.permissions is not None:
        if areas == ("metadata",) or any(token.allows(area, access) for area in areas):
            return
        kind = "integration" if token.app else "personal access token"
        needed = "; ".join(f"{area}={access}" for area in areas)
        raise Refusal(
            403,
            f"Resource not accessible by {kind}",
            headers={"X-Accepted-GitHub-Permissions": needed},
        )
    scopes = token.scopes or frozenset()
    if "repo" in scopes or ("public_repo" in scopes and not call.repo.private):
        return
    if call.repo.private:
        raise not_found()
    if access == "write":
        raise forbidden()
