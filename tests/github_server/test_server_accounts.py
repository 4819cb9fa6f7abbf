"""Tokens, Apps, roles and what each may do."""

from __future__ import annotations

from datetime import timedelta

import jwt
import pytest
from github import Auth, GithubIntegration
from github import Github as Client

from tests.github_server.account import Role
from tests.github_server.client import ask
from tests.github_server.world import ANA, BOT, EVE, TOKEN, Github


def test_a_token_says_whose_it_is_and_until_when(github: Github) -> None:
    until = github.hub.now() + timedelta(minutes=5)
    github.hub.add_token(github.hub.acting(ANA).account, "short", expires_at=until)
    answer = ask(github, "GET", "/user", token="short")
    assert (answer.data["login"], answer.data["id"]) == (ANA, 1001)
    assert answer.headers["x-oauth-scopes"] == "repo"
    assert answer.headers["github-authentication-token-expiration"].endswith("UTC")
    before = github.hub.now_from
    github.hub.now_from = lambda: before() + timedelta(minutes=6)
    assert ask(github, "GET", "/user", token="short").status == 401


def test_nobody_and_wrong_tokens_do_not_write(github: Github) -> None:
    path = f"/repos/{github.full_name}/issues"
    assert ask(github, "POST", path, {"title": "t"}, login=None).status == 401
    assert ask(github, "POST", path, {"title": "t"}, token="nonsense").status == 401
    assert ask(github, "GET", path, token="nonsense").status == 401
    assert ask(github, "GET", path, login=None).status == 200


def test_a_scope_that_is_too_small(github: Github) -> None:
    github.hub.add_token(github.hub.acting(ANA).account, "weak", scopes=frozenset({"read:org"}))
    path = f"/repos/{github.full_name}/issues"
    assert ask(github, "GET", path, token="weak").status == 200
    assert ask(github, "POST", path, {"title": "t"}, token="weak").status == 403
    github.repo.private = True
    assert ask(github, "GET", path, token="weak").status == 404


def test_a_fine_grained_token_names_what_it_lacks(github: Github) -> None:
    account = github.hub.acting(ANA).account
    held = {"issues": "read", "contents": "write", "metadata": "read"}
    github.hub.add_token(account, "fine", permissions=held)
    path = f"/repos/{github.full_name}/issues"
    assert ask(github, "GET", path, token="fine").status == 200
    refused = ask(github, "POST", path, {"title": "t"}, token="fine")
    assert (refused.status, refused.data["message"]) == (
        403, "Resource not accessible by personal access token",
    )  # fmt: skip
    assert "issues=write" in refused.headers["x-accepted-github-permissions"]
    assert "x-oauth-scopes" not in refused.headers


def test_an_app_writes_as_its_bot(github: Github) -> None:
    app = github.add_app("helper-app", issues="write")
    key = _private_key()
    integration = GithubIntegration(auth=Auth.AppAuth(app.id, key), base_url=github.api_url)
    owner, name = github.full_name.split("/")
    installation = integration.get_repo_installation(owner, name)
    token = integration.get_access_token(installation.id).token
    with Client(base_url=github.api_url, auth=Auth.Token(token)) as client:
        made = client.get_repo(github.full_name).create_issue("By the app")
    assert made.user.login == "helper-app[bot]" and made.user.type == "Bot"
    assert ask(github, "GET", "/user", token=token).status == 403
    query = {"query": "query { viewer { login databaseId } }"}
    viewer = ask(github, "POST", "/graphql", query, token=token).data["data"]["viewer"]
    assert viewer["databaseId"] == app.bot.id
    pulls = f"/repos/{github.full_name}/pulls"
    body = {"head": "main", "base": "main", "title": "t"}
    refused = ask(github, "POST", pulls, body, token=token)
    assert refused.data["message"] == "Resource not accessible by integration"
    integration.close()


def test_a_web_token_that_is_old_or_strange_is_refused(github: Github) -> None:
    app = github.add_app()
    now = int(github.hub.now().timestamp())
    for claims in (
        {"iat": now - 700, "exp": now - 100, "iss": str(app.id)},
        {"iat": now, "exp": now + 3600, "iss": str(app.id)},
        {"iat": now, "exp": now + 300, "iss": "4711"},
    ):
        token = jwt.encode(claims, "k" * 32, algorithm="HS256")
        assert ask(github, "GET", "/app", token=token).status == 401
    assert ask(github, "GET", "/app").status == 401


def test_roles_are_asked_by_login_and_only_by_those_who_may(github: Github) -> None:
    def permission(login: str, by: str = BOT) -> tuple[int, object]:
        path = f"/repos/{github.full_name}/collaborators/{login}/permission"
        answer = ask(github, "GET", path, login=by)
        return answer.status, answer.data.get("permission")

    github.hub.add_account("tess")
    github.hub.grant(github.repo, "tess", Role.TRIAGE)
    assert permission(ANA) == (200, "write")
    assert permission(EVE) == (200, "read"), "everybody reads what is public"
    assert permission("tess") == (200, "read"), "triage is no word of the old four"
    assert permission("acme") == (404, None), "an organisation is no user"
    assert permission("nobody") == (404, None)
    assert permission(ANA, by=EVE) == (403, None)


def test_a_renamed_person_keeps_the_number_and_loses_the_name(github: Github) -> None:
    github.person(ANA).file("One")
    github.hub.rename_account(ANA, "anna")
    github.hub.add_account(ANA)
    assert ask(github, "GET", "/user/1001").data["login"] == "anna"
    assert ask(github, "GET", f"/users/{ANA}").data["id"] != 1001
    issue = ask(github, "GET", f"/repos/{github.full_name}/issues/1").data
    assert (issue["user"]["login"], issue["user"]["id"]) == ("anna", 1001)
    path = f"/repos/{github.full_name}/collaborators/{ANA}/permission"
    assert ask(github, "GET", path).data["permission"] == "read"


@pytest.mark.parametrize("login", [BOT, EVE])
def test_the_repository_tells_what_one_may(github: Github, login: str) -> None:
    held = ask(github, "GET", f"/repos/{github.full_name}", login=login).data["permissions"]
    assert held["pull"] and held["push"] is (login == BOT) and not held["admin"]
    assert TOKEN[login] not in str(held)


def _private_key() -> str:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
