"""Everything the server knows: accounts, tokens, repositories, its clock, limits and log."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.github_server.account import Account, App, Role, Token
from tests.github_server.faults import Faults
from tests.github_server.git_store import GitStore
from tests.github_server.limits import Limits, Meter
from tests.github_server.repository import Acting, Repository
from tests.github_server.sequence import Sequence


@dataclass(frozen=True, slots=True)
class Logged:
    """A request that was answered; `status` 0 means that the client never got an answer."""

    method: str
    path: str
    operation: str
    status: int
    login: str
    token: str
    at: datetime


@dataclass(slots=True)
class Lag:
    """Lists (and, where `gets`, single objects) show the world as it was `seconds` ago."""

    seconds: float = 0.0
    gets: bool = False


@dataclass(slots=True)
class Hub:
    """State behind one lock. Hold it around whatever reads or writes."""

    root: Path
    now_from: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    limits: Limits = field(default_factory=Limits)
    lag: Lag = field(default_factory=Lag)
    mergeable_nulls: int = 1
    keeps_edges: bool = True
    keeps_sub_issues: bool = True
    lock: threading.RLock = field(default_factory=threading.RLock)
    ids: Sequence = field(default_factory=Sequence)
    faults: Faults = field(default_factory=Faults)
    accounts: dict[int, Account] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    apps: dict[int, App] = field(default_factory=dict)
    repositories: dict[int, Repository] = field(default_factory=dict)
    meters: dict[str, Meter] = field(default_factory=dict)
    log: list[Logged] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    mergeable: dict[tuple[int, str, str], tuple[int, bool]] = field(default_factory=dict)
    running: int = 0

    def now(self) -> datetime:
        """GitHub's times have no fraction of a second."""
        return self.now_from().astimezone(UTC).replace(microsecond=0)

    def as_of(self, single: bool = False) -> datetime | None:
        """The moment that reads are served from; None is the present."""
        if self.lag.seconds <= 0 or (single and not self.lag.gets):
            return None
        return self.now_from().astimezone(UTC) - timedelta(seconds=self.lag.seconds)

    # --- accounts

    def add_account(self, login: str, kind: str = "User", number: int | None = None) -> Account:
        account = Account(number or self.ids.next() % 100_000_007, login, kind)
        self.accounts[account.id] = account
        return account

    def account(self, login: str) -> Account | None:
        folded = login.casefold()
        return next((a for a in self.accounts.values() if a.login.casefold() == folded), None)

    def rename_account(self, old: str, new: str) -> Account:
        account = self.account(old)
        assert account is not None, old
        renamed = self.accounts[account.id] = Account(account.id, new, account.kind)
        return renamed

    def add_token(
        self,
        account: Account,
        value: str = "",
        *,
        scopes: frozenset[str] | None = frozenset({"repo"}),
        permissions: Mapping[str, str] | None = None,
        expires_at: datetime | None = None,
        app: App | None = None,
    ) -> Token:
        value = (
            value
            or "ghp_" + hashlib.sha256(f"{account.id}:{self.ids.next()}".encode()).hexdigest()[:36]
        )
        held = None if permissions is not None else scopes
        token = Token(value, account, held, permissions, expires_at, app)
        self.tokens[value] = token
        return token

    def add_app(self, slug: str, permissions: Mapping[str, str], number: int = 0) -> App:
        bot = self.add_account(f"{slug}[bot]", "Bot")
        app = App(number or self.ids.next(), slug, bot, self.ids.next(), dict(permissions))
        self.apps[app.id] = app
        return app

    def meter(self, account: Account | None) -> Meter:
        return self.meters.setdefault(str(account.id if account else 0), Meter(self.limits))

    # --- repositories

    def add_repository(
        self, owner: str, name: str, *, seed: Path | None = None, private: bool = False,
        default_branch: str = "main",
    ) -> Repository:  # fmt: skip
        holder = self.account(owner) or self.add_account(owner, "Organization")
        store = GitStore.create(self.root / owner / f"{name}.git", seed, default_branch)
        made = Repository(
            self.ids.next(), holder, name, store, self.ids, self.now(), private, default_branch
        )
        made.known_refs = store.refs()
        self.repositories[made.id] = made
        return made

    def repository(self, owner: str, name: str) -> Repository | None:
        folded = f"{owner}/{name}".casefold()
        return next(
            (each for each in self.repositories.values() if each.full_name.casefold() == folded),
            None,
        )

    def acting(self, login: str) -> Acting:
        """Somebody who does something now, past the HTTP surface."""
        account = self.account(login)
        assert account is not None, f"there is no {login}"
        return Acting(account, self.now())

    def grant(self, repository: Repository, login: str, role: Role) -> None:
        account = self.account(login)
        assert account is not None, login
        repository.roles[account.id] = role
