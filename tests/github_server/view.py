"""Where an answer is read from: the addresses in it, and who reads it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tests.github_server.account import Account
from tests.github_server.hub import Hub
from tests.github_server.repository import Repository


@dataclass(frozen=True, slots=True)
class View:
    """`api` and `web` are base addresses without a slash at the end."""

    hub: Hub
    api: str
    web: str
    viewer: Account | None

    def repo_url(self, repo: Repository) -> str:
        return f"{self.api}/repos/{repo.full_name}"

    def repo_page(self, repo: Repository) -> str:
        return f"{self.web}/{repo.full_name}"


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def maybe_stamp(at: datetime | None) -> str | None:
    return None if at is None else stamp(at)
