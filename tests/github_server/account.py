"""Who there is: people, organisations and bots, and the tokens they come with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum


class Role(IntEnum):
    """What an account may do in a repository, by GitHub's names."""

    NONE = 0
    READ = 1
    TRIAGE = 2
    WRITE = 3
    MAINTAIN = 4
    ADMIN = 5

    @property
    def legacy(self) -> str:
        """The four words that the API's `permission` still speaks."""
        return {1: "read", 2: "read", 3: "write", 4: "write", 5: "admin"}.get(self.value, "none")


@dataclass(frozen=True, slots=True)
class Account:
    id: int
    login: str
    kind: str = "User"

    @property
    def is_bot(self) -> bool:
        return self.kind == "Bot"


@dataclass(frozen=True, slots=True)
class App:
    """A GitHub App with one installation; `bot` is the account it writes as."""

    id: int
    slug: str
    bot: Account
    installation: int
    permissions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Token:
    """`scopes` for a classic token; `permissions` for a fine-grained or an installation's one."""

    value: str
    account: Account
    scopes: frozenset[str] | None = None
    permissions: Mapping[str, str] | None = None
    expires_at: datetime | None = None
    app: App | None = None

    def allows(self, area: str, access: str) -> bool:
        """Whether a fine-grained permission covers `read` or `write` in an area."""
        if self.permissions is None:
            return True
        held = self.permissions.get(area, "none")
        return held in ("write", "admin") or (access == "read" and held == "read")
