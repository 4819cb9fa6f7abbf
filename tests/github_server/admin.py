"""The server's own levers over HTTP, for tests that run it as a process of its own.

POST /_test/fault   {"match": "issues/create", "status": 502, "after": true, "times": 1}
POST /_test/faults/clear
POST /_test/lag     {"seconds": 30, "gets": true}
POST /_test/limits  {"rest": 10, "content_per_minute": 80}
POST /_test/clock   {"advance": 90}
POST /_test/token   {"login": "ana", "value": "…", "scopes": ["repo"], "expires_in": 60}
POST /_test/user    {"login": "ana", "repository": "o/r", "role": "write"}
POST /_test/repository {"owner": "o", "name": "r", "seed": "/path", "private": false}
GET  /_test/log     every request so far
GET  /_test/violations
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.github_server.account import Role
from tests.github_server.exchange import Reply, Request
from tests.github_server.faults import Fault, How
from tests.github_server.hub import Hub
from tests.github_server.view import stamp


def administer(hub: Hub, request: Request) -> Reply:
    """Pull one lever."""
    lever = _LEVERS.get(request.path.removeprefix("/_test/"))
    if lever is None:
        return Reply(404, {"message": f"no lever {request.path}", "levers": sorted(_LEVERS)})
    with hub.lock:
        return Reply(200, lever(hub, request.json() or {}))


def _fault(hub: Hub, body: dict[str, Any]) -> Any:
    how = How(body.pop("how", "status"))
    hub.faults.add(Fault(how=how, **body))
    return {"ordered": len(hub.faults.ordered)}


def _clear(hub: Hub, body: dict[str, Any]) -> Any:
    hub.faults.clear()
    return {}


def _lag(hub: Hub, body: dict[str, Any]) -> Any:
    hub.lag.seconds = float(body.get("seconds", 0))
    hub.lag.gets = bool(body.get("gets", False))
    return {"seconds": hub.lag.seconds}


def _limits(hub: Hub, body: dict[str, Any]) -> Any:
    for name, value in body.items():
        setattr(hub.limits, name, value)
    return body


def _clock(hub: Hub, body: dict[str, Any]) -> Any:
    """The server's time from now on runs ahead of what it was."""
    before, ahead = hub.now_from, timedelta(seconds=float(body["advance"]))
    hub.now_from = lambda: before() + ahead
    return {"now": stamp(hub.now())}


def _token(hub: Hub, body: dict[str, Any]) -> Any:
    account = hub.account(body["login"])
    assert account is not None, body["login"]
    until = body.get("expires_in")
    token = hub.add_token(
        account,
        body.get("value", ""),
        scopes=frozenset(body.get("scopes", ["repo"])),
        permissions=body.get("permissions"),
        expires_at=None if until is None else hub.now() + timedelta(seconds=until),
    )
    return {"token": token.value}


def _user(hub: Hub, body: dict[str, Any]) -> Any:
    account = hub.account(body["login"]) or hub.add_account(body["login"], number=body.get("id"))
    if "repository" in body:
        repo = hub.repository(*body["repository"].split("/"))
        assert repo is not None, body["repository"]
        hub.grant(repo, account.login, Role[body.get("role", "write").upper()])
    return {"id": account.id, "login": account.login}


def _repository(hub: Hub, body: dict[str, Any]) -> Any:
    seed = Path(body["seed"]) if body.get("seed") else None
    repo = hub.add_repository(
        body["owner"], body["name"], seed=seed, private=body.get("private", False)
    )
    return {"id": repo.id, "git": str(repo.git.folder)}


def _log(hub: Hub, body: dict[str, Any]) -> Any:
    return [
        {
            "method": each.method,
            "path": each.path,
            "operation": each.operation,
            "status": each.status,
            "login": each.login,
            "at": stamp(each.at),
        }
        for each in hub.log
    ]


def _violations(hub: Hub, body: dict[str, Any]) -> Any:
    return list(hub.violations)


_LEVERS: dict[str, Callable[[Hub, dict[str, Any]], Any]] = {
    "fault": _fault,
    "faults/clear": _clear,
    "lag": _lag,
    "limits": _limits,
    "clock": _clock,
    "token": _token,
    "user": _user,
    "repository": _repository,
    "log": _log,
    "violations": _violations,
}
