"""Accounts and apps as GitHub writes them."""

from __future__ import annotations

from typing import Any

from tests.github_server.account import Account, App
from tests.github_server.sequence import node_id
from tests.github_server.view import View

_BORN = "2020-01-01T00:00:00Z"


def user(view: View, account: Account) -> dict[str, Any]:
    """The short form, wherever somebody is mentioned."""
    login = account.login
    page = login.removesuffix("[bot]")
    api = f"{view.api}/users/{login.replace('[', '%5B').replace(']', '%5D')}"
    html = f"{view.web}/apps/{page}" if account.is_bot else f"{view.web}/{login}"
    return {
        "login": login,
        "id": account.id,
        "node_id": node_id(account.kind, account.id),
        "avatar_url": f"{view.web}/avatars/{account.id}",
        "gravatar_id": "",
        "url": api,
        "html_url": html,
        "followers_url": f"{api}/followers",
        "following_url": f"{api}/following{{/other_user}}",
        "gists_url": f"{api}/gists{{/gist_id}}",
        "starred_url": f"{api}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{api}/subscriptions",
        "organizations_url": f"{api}/orgs",
        "repos_url": f"{api}/repos",
        "events_url": f"{api}/events{{/privacy}}",
        "received_events_url": f"{api}/received_events",
        "type": account.kind,
        "user_view_type": "public",
        "site_admin": False,
    }


def user_of(view: View, number: int | None) -> dict[str, Any] | None:
    """Whoever has a number; an account that was deleted is a ghost."""
    if number is None:
        return None
    return user(view, view.hub.accounts.get(number) or Account(10137, "ghost"))


def profile(view: View, account: Account) -> dict[str, Any]:
    """The long form, of one account."""
    return {
        **user(view, account),
        "name": account.login,
        "company": None,
        "blog": "",
        "location": None,
        "email": None,
        "hireable": None,
        "bio": None,
        "twitter_username": None,
        "public_repos": 0,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": _BORN,
        "updated_at": _BORN,
    }


def own_profile(view: View, account: Account) -> dict[str, Any]:
    return {
        **profile(view, account),
        "private_gists": 0,
        "total_private_repos": 0,
        "owned_private_repos": 0,
        "disk_usage": 0,
        "collaborators": 0,
        "two_factor_authentication": True,
    }


def app(view: View, made: App) -> dict[str, Any]:
    owner = next(iter(view.hub.accounts.values()))
    return {
        "id": made.id,
        "slug": made.slug,
        "client_id": f"Iv1.{made.id:x}",
        "node_id": node_id("App", made.id),
        "owner": user(view, owner),
        "name": made.slug,
        "description": "",
        "external_url": f"{view.web}/apps/{made.slug}",
        "html_url": f"{view.web}/apps/{made.slug}",
        "created_at": _BORN,
        "updated_at": _BORN,
        "permissions": dict(made.permissions),
        "events": [],
    }


def app_of(view: View, number: int | None) -> dict[str, Any] | None:
    return None if number is None else app(view, view.hub.apps[number])


def association(view: View, repo: Any, number: int) -> str:
    """What somebody is to a repository."""
    role = repo.roles.get(number)
    if number == repo.owner.id:
        return "OWNER"
    return "COLLABORATOR" if role else "NONE"
