"""Git's smart HTTP protocol, answered by git's own `http-backend`."""

from __future__ import annotations

import base64
import re
import subprocess
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.github_server.account import Account, Role, Token
from tests.github_server.exchange import Reply, Request
from tests.github_server.git_store import clean_environ
from tests.github_server.hub import Hub
from tests.github_server.repository import Acting, Repository
from tests.github_server.verbs.branches import sync

_PATH = re.compile(
    r"/(?P<owner>[^/]+)/(?P<name>[^/]+?)(?:\.git)?"
    r"/(?P<service>info/refs|git-upload-pack|git-receive-pack)"
)


def operation_of(request: Request) -> str | None:
    """`git/info-refs`, `git/upload-pack`, `git/receive-pack`; None when it is no git request."""
    found = _PATH.fullmatch(request.path)
    if found is None:
        return None
    return "git/" + found["service"].removeprefix("git-").replace("/", "-")


@dataclass(slots=True)
class GitGate:
    hub: Hub

    def handle(self, request: Request) -> Reply:
        found = _PATH.fullmatch(request.path)
        assert found is not None
        pushing = "git-receive-pack" in request.target
        with self.hub.lock:
            token = self._token(request)
            repo = self.hub.repository(found["owner"], found["name"])
            refused = self._refused(request, repo, token, pushing)
        if refused is not None or repo is None:
            return refused or Reply(404, raw=b"Not Found")
        reply = _backend(repo, request, found["service"])
        if request.method == "POST" and pushing:
            account = token.account if token else repo.owner
            with self.hub.lock:
                sync(repo, Acting(account, self.hub.now(), token.app if token else None))
        return reply

    def _token(self, request: Request) -> Token | None:
        kind, _, value = request.headers.get("authorization", "").partition(" ")
        if kind.lower() == "basic":
            _, _, value = base64.b64decode(value).decode(errors="replace").partition(":")
        token = self.hub.tokens.get(value)
        if token and token.expires_at is not None and token.expires_at <= self.hub.now():
            return None
        return token

    def _refused(
        self, request: Request, repo: Repository | None, token: Token | None, pushing: bool
    ) -> Reply | None:
        account: Account | None = token.account if token else None
        if token is None and (request.headers.get("authorization") or pushing):
            return _unauthorized()
        if repo is None or repo.role(account) < Role.READ:
            return Reply(404, raw=b"Repository not found.") if token else _unauthorized()
        if pushing and token is not None:
            may = token.allows("contents", "write") and repo.role(account) >= Role.WRITE
            if not may or (token.scopes is not None and not token.scopes & {"repo", "public_repo"}):
                text = f"Permission to {repo.full_name}.git denied to {token.account.login}."
                return Reply(403, raw=text.encode())
        return None


def _unauthorized() -> Reply:
    headers = {"WWW-Authenticate": 'Basic realm="GitHub"'}
    return Reply(401, headers=headers, raw=b"Invalid username or token.")


def _backend(repo: Repository, request: Request, service: str) -> Reply:
    environ = {
        **clean_environ(),
        "GIT_PROJECT_ROOT": str(repo.git.folder),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": f"/{service}",
        "REQUEST_METHOD": request.method,
        "QUERY_STRING": urlsplit(request.target).query,
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(request.raw)),
        "REMOTE_USER": "git",
        "REMOTE_ADDR": "127.0.0.1",
    }
    for name in ("content-encoding", "git-protocol"):
        if name in request.headers:
            key = "GIT_PROTOCOL" if name == "git-protocol" else "HTTP_CONTENT_ENCODING"
            environ[key] = request.headers[name]
    done = subprocess.run(
        ["git", "http-backend"], env=environ, input=request.raw, capture_output=True
    )
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    reply = Reply(200, raw=body)
    for line in head.decode().split("\r\n"):
        name, _, value = line.partition(":")
        if name.lower() == "status":
            reply.status = int(value.split()[0])
        elif name:
            reply.headers[name] = value.strip()
    return reply if head else Reply(500, raw=done.stderr)
