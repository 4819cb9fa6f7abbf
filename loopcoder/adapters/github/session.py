"""Requests to GitHub as a good guest makes them: conditional, paced, counted, no write repeated."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from loopcoder.adapters.github import wire
from loopcoder.adapters.github.answer import NOT_MODIFIED, Answer
from loopcoder.adapters.github.errors import (
    Asked,
    Rejected,
    failure,
    graphql_failure,
    limited,
    lost,
)
from loopcoder.adapters.github.etags import KeptAnswers, token_key
from loopcoder.adapters.github.limits import (
    Manners,
    Quota,
    Refusal,
    backoff_s,
    read_quota,
    read_refusal,
)
from loopcoder.adapters.github.paging import next_page
from loopcoder.adapters.github.state import State
from loopcoder.domain.diagnostic import LoopcoderError
from loopcoder.domain.tick.report import ApiUse
from loopcoder.ports.clock import Clock

PER_PAGE = 100
_MOST_TRIES = 5
_HOUR_S = 3600.0


class Session:
    """One repository on one host. Safe for use by threads; requests go one after the other.

    Reads are tried again after a 5xx or a cut connection. A write is tried again only where it
    was surely not carried out: refused by a limit, or never sent.
    """

    def __init__(
        self,
        link: wire.Wire,
        repository: str,
        state: State,
        clock: Clock,
        manners: Manners | None = None,
    ) -> None:
        self.repository, self.state, self.clock = repository, state, clock
        self._wire, self._manners = link, manners or Manners()
        self._answers = KeptAnswers(state)
        self._lock = threading.RLock()
        self._use = ApiUse()
        self._dead: LoopcoderError | None = None
        self._quotas: dict[str, Quota] = {}
        self._waited_s = 0.0
        self._token = ""

    def used(self) -> ApiUse:
        """What was asked of GitHub so far, in this process."""
        return self._use

    def path(self, *parts: object) -> str:
        """A path inside the repository."""
        return "/".join(["/repos", self.repository, *map(str, parts)])

    def token(self) -> str:
        """The token of this moment, for git."""
        with self._lock:
            return self._fresh_token(Asked("GET", "/app", self.repository))

    def token_key(self) -> str:
        """What the token of this moment is known by in the store."""
        return token_key(self.token())

    # --- reading

    def get(
        self, address: str, parameters: Mapping[str, Any] | None = None, etag: str = ""
    ) -> Answer:
        """Read once; with an ETag the answer may be `is_unchanged` and without data."""
        headers = {"If-None-Match": etag} if etag else {}
        return self._ask(wire.Call("GET", address, parameters or {}, headers))

    def read(self, address: str, parameters: Mapping[str, Any] | None = None) -> Answer:
        """Read, asking only whether anything changed where the last answer was kept."""
        key = self.token_key()
        url = f"{address}?{urlencode(sorted((parameters or {}).items()))}"
        kept = self._answers.get(url, key)
        answer = self.get(address, parameters, kept.etag if kept else "")
        if answer.is_unchanged and kept is not None:
            return kept
        self._answers.put(url, key, answer, self.clock.now().timestamp())
        return answer

    def pages(
        self, address: str, parameters: Mapping[str, Any] | None = None, *, keep: bool = True
    ) -> Iterator[Any]:
        """The pages of a list, each asked for when it is wanted."""
        ask = self.read if keep else self.get
        answer = ask(address, {"per_page": PER_PAGE, **(parameters or {})})
        yield answer.data
        while (following := next_page(answer.headers)) is not None:
            answer = ask(following)
            yield answer.data

    def all(self, address: str, parameters: Mapping[str, Any] | None = None) -> list[Any]:
        """A whole list."""
        return [each for page in self.pages(address, parameters) for each in page]

    def linked(self, address: str, limit: int) -> str:
        """The text behind an address that GitHub sends elsewhere, where no token is needed or
        sent. At most its last `limit` bytes; empty when nothing answers there."""
        answer = self._ask(wire.Call("GET", address), follows=True)
        place = answer.headers.get("location", "")
        if not place:
            return ""
        try:
            return self._wire.fetch(place, limit).decode("utf-8", "replace")
        except wire.Cut:
            return ""

    # --- writing

    def write(self, verb: str, address: str, body: Any = None) -> Answer:
        """Write once, at the pace that GitHub asks for. Never blindly repeated."""
        with self._lock:
            self._await_turn()
            return self._ask(wire.Call(verb, address, body=body))

    def lasts(self, writes: int) -> float:
        """Seconds that so many writes take from now on, at the pace that GitHub asks for."""
        now = self.clock.now().timestamp()
        with self.state.reading() as db:
            past = [row[0] for row in db.execute("SELECT at FROM writes ORDER BY at")]
        return self._manners.pace.lasts(writes, [at for at in past if at <= now], now)

    def graphql(self, document: str, variables: Mapping[str, Any] | None = None) -> Any:
        """The data of a query (no mutation)."""
        answer = self._ask(wire.query(document, variables or {}))
        if answer.data.get("errors"):
            raise graphql_failure(answer.data["errors"])
        return answer.data["data"]

    def close(self) -> None:
        self._wire.close()
        self.state.close()

    # --- one request, until it is answered

    def _ask(self, call: wire.Call, *, follows: bool = False) -> Answer:
        with self._lock:
            if self._dead is not None:
                raise self._dead
            verb = "GET" if call.is_query else call.verb
            asked = Asked(verb, urlsplit(call.address).path, self.repository, follows)
            self._fresh_token(asked)
            return self._until_answered(asked, call)

    def _until_answered(self, asked: Asked, call: wire.Call) -> Answer:
        refusals, failures = 0, 0
        self._respect_quota("graphql" if call.is_query else "core")
        while True:
            try:
                answer = self._wire.send(call)
            except wire.Cut as cut:
                self._count(None, asked)
                failures += 1
                if (asked.writes and cut.sent) or failures >= _MOST_TRIES:
                    raise lost(asked, str(cut)) from cut
                self._retry(backoff_s(failures))
                continue
            self._count(answer, asked)
            refusal = read_refusal(answer, self.clock.now(), refusals)
            if refusal is not None:
                refusals += 1
                self._wait_out(refusal)
                continue
            if answer.status >= 500 and not asked.writes and failures + 1 < _MOST_TRIES:
                failures += 1
                self._retry(backoff_s(failures))
                continue
            return self._settle(answer, asked)

    def _settle(self, answer: Answer, asked: Asked) -> Answer:
        if answer.status < 300 or answer.status == NOT_MODIFIED:
            return answer
        if asked.follows and answer.status in (302, 307):
            return answer
        error = failure(answer, asked)
        if isinstance(error, Rejected):
            self._dead = error  # asking on with it would only make GitHub suspicious
        raise error

    def _fresh_token(self, asked: Asked) -> str:
        failures = 0
        while True:
            try:
                token = self._wire.token()
            except wire.Denied as denied:
                self._dead = failure(denied.answer, asked)
                raise self._dead from denied
            except wire.Cut as cut:
                failures += 1
                if failures >= _MOST_TRIES:
                    raise lost(replace(asked, verb="GET"), str(cut)) from cut
                self._retry(backoff_s(failures))
                continue
            if self._token and token != self._token:
                self._use = replace(self._use, requests=self._use.requests + 1)
            self._token = token
            return token

    # --- counting and waiting

    def _count(self, answer: Answer | None, asked: Asked) -> None:
        use = self._use
        unchanged = answer is not None and answer.is_unchanged
        self._use = replace(
            use,
            requests=use.requests + 1,
            points=use.points + (0 if unchanged or answer is None else 1),
            not_modified=use.not_modified + unchanged,
            writes=use.writes + asked.writes,
        )
        quota = read_quota(answer) if answer is not None else None
        if quota is not None:
            self._quotas[quota.resource] = quota

    def _retry(self, seconds: float) -> None:
        self._use = replace(self._use, retries=self._use.retries + 1)
        self._sleep(seconds)

    def _wait_out(self, refusal: Refusal) -> None:
        self._wait(refusal.limit.value, refusal.wait_s)
        self._use = replace(self._use, retries=self._use.retries + 1)

    def _respect_quota(self, resource: str) -> None:
        """A request that is known to be refused is not made."""
        quota = self._quotas.get(resource)
        if quota is None or quota.remaining > 0:
            return
        left = (quota.reset - self.clock.now()).total_seconds() + 1
        if left > 0:
            self._wait("primary", left)
        self._quotas.pop(resource, None)

    def _await_turn(self) -> None:
        """Wait for the pace of writes, over all processes that share the state."""
        now = self.clock.now().timestamp()
        query = "SELECT at FROM writes WHERE at > ? ORDER BY at"
        with self.state.reading() as db:
            past = [row[0] for row in db.execute(query, (now - _HOUR_S,))]
        pause = self._manners.pace.pause([at for at in past if at <= now], now)
        if pause > self._manners.patience.one_s:
            raise limited("secondary", self.clock.now() + timedelta(seconds=pause))
        if pause > 0:
            self._sleep(pause)
        with self.state.writing() as db:
            db.execute("DELETE FROM writes WHERE at <= ?", (now - _HOUR_S,))
            db.execute("INSERT INTO writes VALUES (?)", (self.clock.now().timestamp(),))

    def _wait(self, limit: str, seconds: float) -> None:
        """Sleep as long as a limit asks for, or raise `TryLater` when that is too long."""
        if not self._manners.patience.allows(seconds, self._waited_s):
            raise limited(limit, self.clock.now() + timedelta(seconds=seconds))
        self._waited_s += seconds
        self._sleep(seconds)

    def _sleep(self, seconds: float) -> None:
        self.clock.sleep(seconds)
        self._use = replace(self._use, slept_s=self._use.slept_s + seconds)
