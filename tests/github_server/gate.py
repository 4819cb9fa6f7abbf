"""From request to answer: who asks, may they, what happens, and does it keep to the contract."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from urllib.parse import unquote

from tests.github_server.account import Token
from tests.github_server.call import Call
from tests.github_server.exchange import Reply, Request
from tests.github_server.faults import is_write
from tests.github_server.hub import Hub
from tests.github_server.limits import Meter, Window
from tests.github_server.openapi import Operation, Published, published
from tests.github_server.permissions import demand_permission
from tests.github_server.refusal import Refusal, bad_credentials
from tests.github_server.registry import load_endpoints
from tests.github_server.repository import Repository
from tests.github_server.verbs.guards import Moved
from tests.github_server.view import View

_CREATES = ("create", "add-labels", "add-sub-issue", "add-blocked-by-dependency", "request-")


@dataclass(slots=True)
class Gate:
    """`handle` is the REST API; `origin` is where it is reached, without a slash at the end."""

    hub: Hub
    origin: str
    contract: Published = field(default_factory=published)

    def handle(self, request: Request) -> tuple[str, Reply]:
        """The operation (or `unknown`) and its answer."""
        prefix = "/api/v3" if request.path.startswith("/api/v3/") else ""
        path = self.by_name(request.path.removeprefix(prefix))
        found = self.contract.find(request.method, path)
        if found is None:
            return "unknown", self._unknown(request)
        operation, params = found
        with self.hub.lock:
            return operation.id, self._answer(request, prefix, operation, params)

    def token_of(self, request: Request) -> Token | None:
        """The token of a request; 401 for one that is unknown or no longer valid."""
        kind, _, value = request.headers.get("authorization", "").partition(" ")
        if not kind:
            return None
        token = self.hub.tokens.get(value.strip())
        if kind.lower() not in ("token", "bearer") or token is None:
            raise bad_credentials()
        if token.expires_at is not None and token.expires_at <= self.hub.now():
            raise bad_credentials()
        return token

    def _answer(
        self, request: Request, prefix: str, operation: Operation, params: dict[str, str]
    ) -> Reply:
        call_headers: dict[str, str] = {}
        free = operation.id == "rate-limit/get" or operation.id.startswith("apps/")
        try:
            token = None if operation.id.startswith("apps/") else self.token_of(request)
            meter = self.hub.meter(token.account if token else None)
            window = meter.window("core", self.hub.now(), anonymous=token is None)
            call_headers |= _token_headers(token)
            if not free:
                _count(self.hub, meter, window, operation, token)
            reply = self._reply(request, prefix, operation, params, token)
            etag = _etag(request, reply, token)
            if etag:
                reply.headers["ETag"] = etag
                if _matches(request.headers.get("if-none-match", ""), etag):
                    reply = Reply(304, None, {**reply.headers})
            if not free and reply.status != 304:
                window.used += 1
            call_headers |= window.headers("core")
        except Refusal as refusal:
            reply = Reply(refusal.status, refusal.body, dict(refusal.headers))
        except Moved as moved:
            reply = self._moved(moved, prefix)
        reply.headers = {**call_headers, **reply.headers}
        for error in self.contract.response_errors(operation, reply):
            self._violation(request, f"answer {reply.status}: {error}")
        return reply

    def _reply(
        self,
        request: Request,
        prefix: str,
        operation: Operation,
        params: dict[str, str],
        token: Token | None,
    ) -> Reply:
        errors = list(self.contract.request_errors(operation, request, params))
        if errors:
            self._violation(request, "request: " + "; ".join(errors))
            raise Refusal(422, "Invalid request.\n\n" + "\n".join(errors))
        web = self.origin
        view = View(self.hub, web + prefix, web, token.account if token else None)
        decoded = {name: unquote(value) for name, value in params.items()}
        call = Call(self.hub, request, operation.id, decoded, token, view)
        if "repo" in params:
            demand_permission(call, _demanded(operation))
        return load_endpoints()[operation.id](call)

    def by_name(self, path: str) -> str:
        """GitHub's own links name a repository by its number."""
        parts = path.split("/")
        if len(parts) > 2 and parts[1] == "repositories" and parts[2].isdecimal():
            repo = self.hub.repositories.get(int(parts[2]))
            if repo is not None:
                return "/".join(["", "repos", repo.full_name, *parts[3:]])
        return path

    def _moved(self, moved: Moved, prefix: str) -> Reply:
        target: Repository = self.hub.repositories[moved.repository]
        url = f"{self.origin}{prefix}/repositories/{target.id}/issues/{moved.number}"
        data = {
            "message": "Moved Permanently",
            "url": url,
            "documentation_url": "https://docs.github.com/rest",
        }
        return Reply(301, data, {"Location": url})

    def _unknown(self, request: Request) -> Reply:
        self._violation(request, "no such operation is served here")
        return Reply(404, {"message": "Not Found", "status": "404"})

    def _violation(self, request: Request, text: str) -> None:
        self.hub.violations.append(f"{request.method} {request.target}: {text}")


def _count(
    hub: Hub, meter: Meter, window: Window, operation: Operation, token: Token | None
) -> None:
    login = token.account.login if token else "nobody"
    meter.demand_primary(window, "core", login)
    writes = is_write(operation.id, operation.method)
    verb = operation.id.partition("/")[2]
    creates = writes and verb.startswith(_CREATES)
    meter.demand_secondary(hub.now(), 5 if writes else 1, creates)


def _demanded(operation: Operation) -> str:
    return "write" if is_write(operation.id, operation.method) else "read"


def _token_headers(token: Token | None) -> dict[str, str]:
    if token is None:
        return {}
    headers = {}
    if token.scopes is not None:
        headers["X-OAuth-Scopes"] = ", ".join(sorted(token.scopes))
        headers["X-Accepted-OAuth-Scopes"] = "repo"
    if token.expires_at is not None:
        at = token.expires_at.strftime("%Y-%m-%d %H:%M:%S UTC")
        headers["GitHub-Authentication-Token-Expiration"] = at
    return headers


def _etag(request: Request, reply: Reply, token: Token | None) -> str:
    """Different for each token, as GitHub's are."""
    if request.method != "GET" or reply.status != 200:
        return ""
    digest = hashlib.sha256((token.value if token else "").encode())
    digest.update(reply.headers.get("Link", "").encode())
    digest.update(reply.payload())
    return f'W/"{digest.hexdigest()}"'


def _matches(header: str, etag: str) -> bool:
    given = {each.strip().removeprefix("W/") for each in header.split(",")}
    return etag.removeprefix("W/") in given
