"""A server with one repository, and the few things that tests say to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from loopcoder.adapters.memory.people import Person
from loopcoder.domain.issues.issue import Actor
from tests.github_server.account import App, Role
from tests.github_server.checks import Job
from tests.github_server.desk import HubDesk
from tests.github_server.faults import Fault, How
from tests.github_server.git_store import GitStore
from tests.github_server.hub import Hub, Logged
from tests.github_server.limits import SECONDARY, Limits
from tests.github_server.people import HubTracker
from tests.github_server.records import Item
from tests.github_server.refusal import DOCS
from tests.github_server.repository import Repository
from tests.github_server.server import Server
from tests.github_server.verbs import issues, pulls
from tests.github_server.verbs.branches import sync
from tests.github_server.verbs.checks import run_workflow

OWNER, NAME = "acme", "rocket"
BOT, ANA, BEN, EVE = "loopcoder-bot", "ana", "ben", "eve"
TOKEN = {BOT: "ghp_bot", ANA: "ghp_ana", BEN: "ghp_ben", EVE: "ghp_eve"}
AREAS = ("issues", "pull_requests", "contents", "checks", "statuses", "actions")
_IDS = {BOT: 1_000_007, ANA: 1001, BEN: 1002, EVE: 1003}


@dataclass(slots=True)
class Github:
    """`acme/rocket`: bot, ana and ben write; eve is an outsider."""

    server: Server
    hub: Hub
    repo: Repository

    @classmethod
    def start(
        cls,
        root: Path,
        seed: Path | None = None,
        *,
        now: Callable[[], datetime] | None = None,
        limits: Limits | None = None,
        private: bool = False,
        port: int = 0,
    ) -> Github:
        """A listening server; with no seed the repository has one empty commit on `main`."""
        hub = Hub(root, limits=limits or Limits(rest=1_000_000, graphql=1_000_000))
        if now is not None:
            hub.now_from = now
        repo = hub.add_repository(OWNER, NAME, seed=seed, private=private)
        if seed is None:
            repo.git.move("refs/heads/main", repo.git.add_commit(None, {}, "Start"))
            repo.known_refs = repo.git.refs("refs/heads", "refs/tags")
        for login, token in TOKEN.items():
            account = hub.add_account(login, number=_IDS[login])
            hub.add_token(account, token)
            if login != EVE:
                hub.grant(repo, login, Role.WRITE)
        return cls(Server(hub, port), hub, repo)

    # --- addresses

    @property
    def api_url(self) -> str:
        """What GITHUB_API_URL is set to; the same API answers under `/api/v3` as well."""
        return self.server.url

    @property
    def full_name(self) -> str:
        return self.repo.full_name

    def remote(self, login: str = BOT) -> str:
        """The address to clone from, with the account's token in it."""
        host = self.server.url.removeprefix("http://")
        return f"http://x-access-token:{TOKEN[login]}@{host}/{self.full_name}.git"

    @property
    def git(self) -> GitStore:
        return self.repo.git

    # --- people

    def actor(self, login: str) -> Actor:
        account = self.hub.account(login)
        assert account is not None, login
        return Actor(account.id, account.login)

    def person(self, login: str) -> Person:
        """Somebody at work on the web site: no token, no limits, no faults, no lag."""
        tracker = HubTracker(self.hub, self.repo, login)
        return Person(self.actor(login), tracker, HubDesk(self.hub, self.repo, login))

    def put_branch(self, branch: str, commit: str | None, by: str = ANA) -> None:
        """Somebody moves (or with None deletes) a branch, by force if need be."""
        with self.hub.lock:
            self.git.move(f"refs/heads/{branch}", commit)
            sync(self.repo, self.hub.acting(by))

    def commit(self, parent: str, files: Mapping[str, str], message: str = "Change") -> str:
        return self.git.add_commit(parent, files, message)

    def propose(
        self, branch: str, files: Mapping[str, str], body: str = "", *, by: str = BOT,
        base: str = "main", draft: bool = False,
    ) -> int:  # fmt: skip
        """A branch with one commit on the base, and its pull request's number."""
        tip = self.git.head(base)
        assert tip is not None, base
        self.put_branch(branch, self.commit(tip, files), by)
        with self.hub.lock:
            made = pulls.PullDraft(f"Do {branch}", branch, base, body, draft)
            return pulls.create(self.hub, self.repo, self.hub.acting(by), made).number

    def open_pull(self, branch: str, base: str, by: str = ANA) -> int:
        """Somebody's pull request from a branch that is there; its number."""
        with self.hub.lock:
            made = pulls.PullDraft(f"{branch} for {base}", branch, base)
            return pulls.create(self.hub, self.repo, self.hub.acting(by), made).number

    def describe(self, number: int, body: str, by: str = ANA) -> None:
        """Somebody edits the text of an issue or a pull request."""
        with self.hub.lock:
            issues.edit(self.repo, self.hub.acting(by), number, body=body)

    def point_at(self, number: int, base: str, by: str = ANA) -> None:
        """Somebody has a pull request go into another branch."""
        with self.hub.lock:
            pulls.change_base(self.repo, self.hub.acting(by), number, base)

    def item(self, number: int) -> Item:
        found = self.repo.item(number)
        assert found is not None, f"there is no #{number}"
        return found

    # --- trouble

    def fail(
        self, match: str = "*", *, times: int = 1, status: int = 502, after: bool = False,
        skip: int = 0, headers: dict[str, str] | None = None, data: object = None,
    ) -> None:  # fmt: skip
        """The next matching requests are answered with a status; see `Fault`."""
        self.hub.faults.add(
            Fault(match, times, skip, How.STATUS, after, status, headers or {}, data)
        )

    def cut(self, match: str = "*", *, times: int = 1, after: bool = False, skip: int = 0) -> None:
        """The connection breaks before (or, with `after`, after) the effect."""
        self.hub.faults.add(Fault(match, times, skip, How.CUT, after))

    def truncate(self, match: str = "*", *, times: int = 1, skip: int = 0) -> None:
        """Half of the answer arrives."""
        self.hub.faults.add(Fault(match, times, skip, How.TRUNCATE, True))

    def hang(self, match: str = "*", *, seconds: float, after: bool = False) -> None:
        """No answer for a while, then the connection breaks."""
        self.hub.faults.add(Fault(match, how=How.HANG, after=after, seconds=seconds))

    def call(
        self, match: str, do: Callable[[], object], *, after: bool = False, skip: int = 0,
        times: int = 1,
    ) -> None:  # fmt: skip
        """Do something before (or after) the effect of the next matching request."""
        self.hub.faults.add(Fault(match, times, skip, How.NOTHING, after, do=do))

    def lag(self, seconds: float, *, gets: bool = False) -> None:
        """From now on lists (with `gets`: single objects too) are that old."""
        self.hub.lag.seconds, self.hub.lag.gets = seconds, gets

    def refuse(
        self, match: str = "*", *, times: int = 1, status: int = 403,
        retry_after: int | None = None, reset_in: int | None = None, skip: int = 0,
    ) -> None:  # fmt: skip
        """Refuse by a limit: with `reset_in` the primary one, else the secondary one."""
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        message = SECONDARY
        if reset_in is not None:
            reset = int(self.hub.now().timestamp()) + reset_in
            headers |= {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset)}
            message = "API rate limit exceeded for user ID 1."
        data = {"message": message, "documentation_url": DOCS, "status": str(status)}
        self.fail(match, times=times, status=status, headers=headers, data=data, skip=skip)

    def fail_graphql(self, message: str = "Something went wrong.", *, times: int = 1) -> None:
        """Status 200 with errors."""
        data = {"data": None, "errors": [{"message": message}]}
        self.fail("graphql", times=times, status=200, data=data)

    def compete(self, ref: str, *, times: int = 1, by: str = ANA) -> None:
        """Somebody else moves a ref after a pusher has looked at it and before the push."""

        def move() -> None:
            with self.hub.lock:
                old = self.git.refs(ref).get(ref)
                name = f"theirs-{self.hub.ids.next()}"
                self.git.move(ref, self.git.add_commit(old, {name: "theirs"}, "Theirs"))
                sync(self.repo, self.hub.acting(by))

        self.call("git/receive-pack", move, times=times)

    def add_app(self, slug: str = "loopcoder", **permissions: str) -> App:
        """An App installed on the repository; it may write what is named (default: all we use)."""
        with self.hub.lock:
            held = permissions or dict.fromkeys(AREAS, "write")
            app = self.hub.add_app(slug, {"metadata": "read", **held})
            self.repo.roles[app.bot.id] = Role.WRITE
            return app

    def run_ci(
        self, sha: str, branch: str, *, conclusion: str | None = "success", workflow: str = "CI",
        job: str = "test", step: str = "Run tests", log: str = "", event: str = "push",
    ) -> int:  # fmt: skip
        """A workflow run with one job, and its check run on the commit; the run's id."""
        with self.hub.lock:
            steps = (("Set up job", "success"), (step, conclusion))
            made = Job(self.hub.ids.next(), job, conclusion, log, steps)
            return run_workflow(
                self.repo, self.hub.now(), sha, branch, workflow=workflow,
                conclusion=conclusion, event=event, jobs=[made],
            ).id  # fmt: skip

    def expire(self, login: str = BOT) -> None:
        """The account's token is worth nothing any more."""
        del self.hub.tokens[TOKEN[login]]

    # --- what was asked

    def requests(self, operation: str = "") -> list[Logged]:
        return [each for each in self.hub.log if operation in ("", each.operation)]

    def forget_requests(self) -> None:
        self.hub.log.clear()

    @property
    def quota_used(self) -> int:
        """Points of the primary limits that our token used so far."""
        meter = self.hub.meter(self.hub.account(BOT))
        return sum(window.used for window in meter.windows.values())

    def violations(self) -> list[str]:
        return self.hub.violations

    def close(self, **_: Any) -> None:
        self.server.close()
