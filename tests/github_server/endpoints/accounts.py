"""Accounts, roles, limits and the repository itself over HTTP."""

from __future__ import annotations

from typing import Any

from tests.github_server.account import Account, Role
from tests.github_server.call import Call
from tests.github_server.exchange import Reply
from tests.github_server.refusal import Refusal, not_found
from tests.github_server.registry import answers
from tests.github_server.verbs.guards import demand_role
from tests.github_server.wire.accounts import own_profile, profile, user
from tests.github_server.wire.repositories import full


@answers("repos/get")
def get_repository(call: Call) -> Reply:
    return Reply(200, full(call.view, call.repo))


@answers("users/get-authenticated")
def get_me(call: Call) -> Reply:
    who = call.who
    if who.app is not None:
        raise Refusal(403, "Resource not accessible by integration")
    return Reply(200, own_profile(call.view, who.account))


@answers("users/get-by-id")
def get_by_id(call: Call) -> Reply:
    account = call.hub.accounts.get(call.number("account_id"))
    return _profile(call, account)


@answers("users/get-by-username")
def get_by_login(call: Call) -> Reply:
    return _profile(call, call.hub.account(call.params["username"]))


def _profile(call: Call, account: Account | None) -> Reply:
    if account is None:
        raise not_found()
    return Reply(200, profile(call.view, account))


@answers("repos/get-collaborator-permission-level")
def get_permission(call: Call) -> Reply:
    """Only those who may push may ask; a bot is no user."""
    if call.repo.role(call.who.account) < Role.WRITE:
        raise Refusal(403, "Must have push access to view collaborator permission.")
    account = call.hub.account(call.params["username"])
    if account is None or account.kind != "User":
        raise Refusal(404, f"{call.params['username']} is not a user")
    role = call.repo.role(account)
    data: dict[str, Any] = {
        "permission": role.legacy,
        "role_name": role.name.lower(),
        "user": {
            **user(call.view, account),
            "permissions": {
                "admin": role >= Role.ADMIN,
                "maintain": role >= Role.MAINTAIN,
                "push": role >= Role.WRITE,
                "triage": role >= Role.TRIAGE,
                "pull": role >= Role.READ,
            },
            "role_name": role.name.lower(),
        },
    }
    return Reply(200, data)


@answers("repos/check-collaborator")
def check_collaborator(call: Call) -> Reply:
    demand_role(call.repo, call.who, Role.WRITE)
    account = call.hub.account(call.params["username"])
    if account is None or account.id not in call.repo.roles:
        raise not_found()
    return Reply(204)


@answers("rate-limit/get")
def get_rate_limit(call: Call) -> Reply:
    """Asking for it costs nothing."""
    account = call.token.account if call.token else None
    meter, now = call.hub.meter(account), call.hub.now()

    def window(resource: str) -> dict[str, Any]:
        found = meter.window(resource, now, anonymous=account is None)
        return {
            "limit": found.limit,
            "used": found.used,
            "remaining": found.remaining,
            "reset": int(found.reset.timestamp()),
        }

    core = window("core")
    resources = {"core": core, "search": core, "graphql": window("graphql")}
    return Reply(200, {"resources": resources, "rate": core})
