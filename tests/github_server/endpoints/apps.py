"""What an App asks for: itself, its installation, and tokens for it. Its JWT is not verified."""

from __future__ import annotations

from datetime import timedelta

from tests.github_server.account import App
from tests.github_server.call import Call
from tests.github_server.exchange import Reply
from tests.github_server.json_web_token import issuer_of
from tests.github_server.refusal import Refusal, not_found
from tests.github_server.registry import answers
from tests.github_server.view import stamp
from tests.github_server.wire.accounts import app as write_app
from tests.github_server.wire.accounts import user

_LIFE = timedelta(hours=1)


@answers("apps/get-authenticated")
def get_app(call: Call) -> Reply:
    return Reply(200, write_app(call.view, _app(call)))


@answers("apps/get-repo-installation")
def get_repo_installation(call: Call) -> Reply:
    app = _app(call)
    repo = call.hub.repository(call.params["owner"], call.params["repo"])
    if repo is None or app.bot.id not in repo.roles:
        raise not_found()
    return Reply(200, _installation(call, app))


@answers("apps/get-installation")
def get_installation(call: Call) -> Reply:
    app = _app(call)
    if call.number("installation_id") != app.installation:
        raise not_found()
    return Reply(200, _installation(call, app))


@answers("apps/list-installations")
def list_installations(call: Call) -> Reply:
    return Reply(200, [_installation(call, _app(call))])


@answers("apps/create-installation-access-token")
def create_token(call: Call) -> Reply:
    """A token for an hour, with the permissions asked for or all that there are."""
    app = _app(call)
    if call.number("installation_id") != app.installation:
        raise not_found()
    wanted = call.body.get("permissions") or app.permissions
    if any(app.permissions.get(area) not in (held, "write") for area, held in wanted.items()):
        raise Refusal(422, "The permissions requested are not granted to this installation.")
    until = call.hub.now() + _LIFE
    value = f"ghs_{call.hub.ids.next():x}{'0' * 28}"
    token = call.hub.add_token(app.bot, value, permissions=dict(wanted), expires_at=until, app=app)
    data = {
        "token": token.value,
        "expires_at": stamp(until),
        "permissions": dict(wanted),
        "repository_selection": "selected",
    }
    return Reply(201, data)


def _app(call: Call) -> App:
    kind, _, value = call.request.headers.get("authorization", "").partition(" ")
    issuer = issuer_of(value, call.hub.now()) if kind.lower() == "bearer" else None
    app = call.hub.apps.get(int(issuer)) if issuer and issuer.isdecimal() else None
    if app is None:
        raise Refusal(401, "A JSON web token could not be decoded")
    return app


def _installation(call: Call, app: App) -> dict[str, object]:
    owner = next(iter(call.hub.repositories.values())).owner
    api, born = call.view.api, "2020-01-01T00:00:00Z"
    return {
        "id": app.installation,
        "app_id": app.id,
        "app_slug": app.slug,
        "client_id": f"Iv1.{app.id:x}",
        "target_id": owner.id,
        "target_type": owner.kind,
        "account": user(call.view, owner),
        "repository_selection": "selected",
        "access_tokens_url": f"{api}/app/installations/{app.installation}/access_tokens",
        "repositories_url": f"{api}/installation/repositories",
        "html_url": f"{call.view.web}/settings/installations/{app.installation}",
        "permissions": dict(app.permissions),
        "events": [],
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "created_at": born,
        "updated_at": born,
        "suspended_by": None,
        "suspended_at": None,
    }
