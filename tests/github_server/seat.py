"""Somebody's place in front of the web site of one repository."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from loopcoder.domain.diagnostic import LoopcoderError, NotFound
from loopcoder.domain.issues.issue import Actor
from tests.github_server import records
from tests.github_server.hub import Hub
from tests.github_server.refusal import Refusal
from tests.github_server.repository import Acting, Repository
from tests.github_server.verbs.guards import Moved


@dataclass(slots=True)
class Seat:
    """Somebody's place at one repository."""

    hub: Hub
    repo: Repository
    login: str

    @property
    def who(self) -> Acting:
        return self.hub.acting(self.login)

    @contextmanager
    def sitting(self) -> Iterator[Acting]:
        """The lock is held; a refusal is told in loopcoder's words."""
        with self.hub.lock:
            try:
                yield self.who
            except Moved as moved:
                raise NotFound(str(moved)) from moved
            except Refusal as refusal:
                kind = NotFound if refusal.status in (404, 410) else LoopcoderError
                raise kind(str(refusal)) from refusal

    def actor(self, number: int | None) -> Actor | None:
        if number is None:
            return None
        account = self.hub.accounts[number]
        return Actor(account.id, account.login)

    def demand_actor(self, number: int) -> Actor:
        found = self.actor(number)
        assert found is not None
        return found

    def names(self, item: records.Item) -> frozenset[str]:
        found = (self.repo.labels.get(each) for each in item.labels)
        return frozenset(each.name for each in found if each)
