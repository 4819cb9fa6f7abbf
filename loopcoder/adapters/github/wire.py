"""The network, and nothing else: one request by PyGithub, one answer, no second try.

PyGithub brings the ways to authenticate and the rules for addresses. Its retries, which repeat a
POST whose answer was lost, its waiting and its following of redirects are left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from github import Auth, Github, GithubException
from github.Requester import HTTPRequestsConnectionClass, HTTPSRequestsConnectionClass
from jwt import PyJWTError
from urllib3.exceptions import MaxRetryError, NewConnectionError

from loopcoder.adapters.github.answer import Answer
from loopcoder.adapters.github.credentials import Credentials
from loopcoder.domain.diagnostic import ConfigurationError

if TYPE_CHECKING:
    from github.Requester import Requester, RequestsResponse

API_VERSION = "2022-11-28"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it is to be made. `address` is a path below the API's root, or an address
    from an answer; of a query of GraphQL it does not count."""

    verb: str
    address: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    is_query: bool = False


def query(document: str, variables: Mapping[str, Any]) -> Call:
    body = {"query": document, "variables": dict(variables)}
    return Call("POST", "/graphql", body=body, is_query=True)


class Cut(Exception):
    """The connection failed. `sent` is false where the request surely never arrived."""

    def __init__(self, why: str, sent: bool) -> None:
        super().__init__(why)
        self.sent = sent


class _Redirected(Exception):
    """Raised past PyGithub, which would follow with a write and drop the query of a read."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


class Wire:
    """One host, one account. Not safe for use by two threads at once."""

    def __init__(
        self, api_url: str, credentials: Credentials, repository: str, *, timeout_s: int = 30
    ) -> None:
        self.api_url = api_url.rstrip("/")
        self._credentials, self._repository = credentials, repository
        self._timeout_s = timeout_s
        self._auth: Auth.Auth | None = None
        self._connection = self._connect()
        self._requester: Requester | None = None

    def send(self, call: Call) -> Answer:
        """One request. Raises `Cut` when no whole answer came back."""
        requester = self._ready()
        if call.is_query:
            call = replace(call, address=requester.graphql_url)
        return self._exchange(requester, call)

    def token(self) -> str:
        """The token of this moment: an App's changes every hour.

        Raises `Cut`, or `Denied` with GitHub's answer, when an App gets none.
        """
        try:
            if self._auth is None:
                self._auth = self._authenticate(self._credentials, self._repository)
            return self._auth.token
        except GithubException as error:
            raise Denied(Answer(error.status, error.headers or {}, error.data)) from error
        except requests.RequestException as error:
            raise Cut(_reason(error), sent=False) from error

    def fetch(self, url: str, limit: int) -> bytes:
        """The last `limit` bytes of what is at an address anywhere, asked for as nobody.

        Raises `Cut` when it does not come. Only an API without TLS sends to addresses without.
        """
        if urlsplit(url).scheme not in ("https", urlsplit(self.api_url).scheme):
            raise Cut("the address is not secure", sent=False)
        kept = bytearray()
        try:
            with requests.get(
                url, timeout=self._timeout_s, stream=True, allow_redirects=False, auth=_as_nobody
            ) as answer:
                if answer.status_code != 200:
                    raise Cut(f"status {answer.status_code}", sent=True)
                for chunk in answer.iter_content(1 << 16):
                    kept += chunk
                    if len(kept) > 2 * limit:
                        del kept[:-limit]
        except requests.RequestException as error:
            raise Cut(_reason(error), sent=True) from error
        return bytes(kept[-limit:])

    def close(self) -> None:
        self._connection.close()

    def _ready(self) -> Requester:
        """The requester; `token` was called before, so that there is somebody to be."""
        if self._requester is None:
            self._requester = self._build(self._auth)
        return self._requester

    def _exchange(self, requester: Requester, call: Call) -> Answer:
        parameters, headers = dict(call.parameters), dict(call.headers)
        try:
            status, answered, text = requester.requestJson(
                call.verb, call.address, parameters, headers, call.body, self._connection
            )
        except _Redirected as moved:
            return moved.answer
        except requests.RequestException as error:
            raise Cut(_reason(error), sent=not _never_sent(error)) from error
        return Answer(status, {str(k).lower(): str(v) for k, v in answered.items()}, _decode(text))

    def _authenticate(self, credentials: Credentials, repository: str) -> Auth.Auth:
        if not credentials.is_app:
            return Auth.Token(credentials.token)
        try:
            app = Auth.AppAuth(credentials.app_id, credentials.private_key)
            _ = app.token
        except (ValueError, PyJWTError) as error:
            raise ConfigurationError(
                "The GitHub App's private key cannot be used.",
                "It is the whole PEM file that GitHub made, lines and all.",
            ) from error
        installation = credentials.installation or self._installation(app, repository)
        return app.get_installation_auth(installation, requester=self._build(app))

    def _installation(self, app: Auth.AppAuth, repository: str) -> int:
        call = Call("GET", f"/repos/{repository}/installation")
        answer = self._exchange(self._build(app), call)
        if answer.status != 200:
            raise Denied(answer)
        return int(answer.data["id"])

    def _build(self, auth: Auth.Auth | None) -> Requester:
        hub = Github(
            auth=auth,
            base_url=self.api_url,
            timeout=self._timeout_s,
            user_agent="loopcoder",
            retry=None,
            seconds_between_requests=None,
            seconds_between_writes=None,
            api_version=API_VERSION,
        )
        return hub.requester

    def _connect(self) -> HTTPRequestsConnectionClass:
        parts = urlsplit(self.api_url)
        kind = _Https if parts.scheme == "https" else _Http
        return kind(  # type: ignore[return-value]
            parts.hostname or "", parts.port, timeout=self._timeout_s, retry=None, pool_size=1
        )


class Denied(Exception):
    """GitHub gave an App no token; `answer` says why."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.message)
        self.answer = answer


class _Http(HTTPRequestsConnectionClass):
    def getresponse(self) -> RequestsResponse:
        return _straight(super().getresponse())


class _Https(HTTPSRequestsConnectionClass):
    def getresponse(self) -> RequestsResponse:
        return _straight(super().getresponse())


def _as_nobody(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Otherwise the library looks for a password in the user's netrc."""
    return request


def _straight(response: RequestsResponse) -> RequestsResponse:
    if response.status not in _REDIRECTS:
        return response
    headers = {key.lower(): value for key, value in response.getheaders()}
    raise _Redirected(Answer(response.status, headers, _decode(response.read())))


def _decode(text: str) -> Any:
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return {"message": text[:200]}


def _never_sent(error: requests.RequestException) -> bool:
    inner = error.args[0] if error.args else None
    reason = inner.reason if isinstance(inner, MaxRetryError) else inner
    return isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError)


def _reason(error: requests.RequestException) -> str:
    """The kind of failure alone: the library's sentences show addresses and memory places."""
    if isinstance(error, requests.Timeout):
        return "it took too long"
    return "GitHub cannot be reached" if _never_sent(error) else "the connection was cut"
