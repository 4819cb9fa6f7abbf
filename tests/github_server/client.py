"""A client that hides nothing: one request, and whatever came back."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.github_server.world import BOT, TOKEN, Github


@dataclass(frozen=True, slots=True)
class Answer:
    """`headers` have lower-case names; `data` is None where the body is no JSON."""

    status: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def data(self) -> Any:
        try:
            return json.loads(self.raw)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Repo:
    """Requests below the repository's address."""

    github: Github

    def __call__(self, method: str, path: str, body: Any = None, login: str = BOT) -> Answer:
        address = f"/repos/{self.github.full_name}/{path}"
        return ask(self.github, method, address, body, login=login)


def ask(
    github: Github,
    method: str,
    path: str,
    body: Any = None,
    *,
    login: str | None = BOT,
    token: str = "",
    headers: Mapping[str, str] | None = None,
    timeout_s: float = 20.0,
) -> Answer:
    """Raises what `http.client` raises when the connection breaks."""
    sent = dict(headers or {})
    value = token or (TOKEN[login] if login else "")
    if value:
        sent["Authorization"] = f"Bearer {value}"
    connection = http.client.HTTPConnection("localhost", github.server.port, timeout=timeout_s)
    try:
        raw = None if body is None else json.dumps(body).encode()
        connection.request(method, path, raw, sent)
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, response.read())
    finally:
        connection.close()
