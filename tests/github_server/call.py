"""A matched request on its way to an endpoint, with what endpoints ask for all the time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlencode

from tests.github_server.account import Role, Token
from tests.github_server.exchange import Reply, Request
from tests.github_server.hub import Hub
from tests.github_server.refusal import Refusal, not_found
from tests.github_server.repository import Acting, Repository
from tests.github_server.view import View

T = TypeVar("T")


@dataclass(slots=True)
class Call:
    """`params` come from the path, decoded; `token` is None for anonymous requests."""

    hub: Hub
    request: Request
    operation: str
    params: Mapping[str, str]
    token: Token | None
    view: View
    _repo: Repository | None = field(default=None)

    @property
    def query(self) -> Mapping[str, str]:
        return self.request.query

    @property
    def body(self) -> Any:
        value = self.request.json()
        return {} if value is None else value

    @property
    def who(self) -> Acting:
        """The account that asks; 401 for nobody."""
        if self.token is None:
            raise Refusal(401, "Requires authentication")
        return Acting(self.token.account, self.hub.now(), self.token.app)

    @property
    def repo(self) -> Repository:
        """The repository of the path; 404 for those who may not know of it."""
        if self._repo is None:
            found = self.hub.repository(self.params["owner"], self.params["repo"])
            account = self.token.account if self.token else None
            if found is None or found.role(account) < Role.READ:
                raise not_found()
            self._repo = found
        return self._repo

    def number(self, name: str = "issue_number") -> int:
        text = self.params[name]
        if not text.isdecimal():
            raise not_found()
        return int(text)

    def page(self, values: Sequence[T], render: Callable[[T], Any]) -> Reply:
        """One page of a list, with the links to its neighbours."""
        rows, headers = self.window(values)
        return Reply(200, [render(each) for each in rows], headers)

    def window(self, values: Sequence[T]) -> tuple[Sequence[T], dict[str, str]]:
        query = self.query
        size = min(max(_whole(query.get("per_page"), 30), 1), 100)
        page = max(_whole(query.get("page"), 1), 1)
        last = max(1, -(-len(values) // size))
        places = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
        if page >= last:
            del places["next"], places["last"]
        if page == 1:
            del places["prev"], places["first"]
        links = [
            f'<{self._own_address()}?{urlencode({**query, "page": number})}>; rel="{name}"'
            for name, number in places.items()
            if number <= last or name != "prev"
        ]
        headers = {"Link": ", ".join(links)} if links else {}
        return values[(page - 1) * size : page * size], headers

    def _own_address(self) -> str:
        """The request's path by the repository's number, as GitHub writes it into its links."""
        marker = f"/repos/{self.params.get('owner')}/{self.params.get('repo')}"
        _, found, rest = self.request.path.partition(marker)
        if not found:
            return self.view.api + self.request.path.removeprefix("/api/v3")
        return f"{self.view.api}/repositories/{self.repo.id}{rest}"


def _whole(text: str | None, default: int) -> int:
    return int(text) if text and text.isdecimal() else default
