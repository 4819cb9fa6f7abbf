"""A clone of the test server's repository, with loopcoder's GitHub adapters opened on it."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from loopcoder.adapters.git.command import Git
from loopcoder.adapters.github.address import address_of
from loopcoder.adapters.github.ci import GitHubCi
from loopcoder.adapters.github.code_host import GitHubCodeHost
from loopcoder.adapters.github.credentials import Credentials
from loopcoder.adapters.github.limits import Manners, Pace
from loopcoder.adapters.github.remote import Remote
from loopcoder.adapters.github.scan import Scan
from loopcoder.adapters.github.session import Session
from loopcoder.adapters.github.state import State
from loopcoder.adapters.github.tracker import GitHubTracker
from loopcoder.adapters.github.wire import Wire
from loopcoder.ports.clock import Clock
from tests.github_server.world import BOT, TOKEN, Github
from tests.support.plumbing import commit_in, git_in

UNHURRIED = Manners(Pace(gap_s=0.0, per_minute=10_000, per_hour=10_000))


@dataclass
class Clone:
    """`sessions` are those opened so far, newest last; each is what one process would have."""

    folder: Path
    github: Github
    sessions: list[Session] = field(default_factory=list)
    ci: GitHubCi = field(init=False)

    @classmethod
    def make(cls, folder: Path, github: Github) -> Clone:
        made = cls(folder, github)
        subprocess.run(
            ["git", "clone", "-q", str(github.git.folder), str(folder)],
            check=True,
            capture_output=True,
        )
        for key, value in (("user.name", "ana"), ("user.email", "ana@example.org")):
            made.run("config", key, value)
        return made

    def open(
        self,
        clock: Clock,
        *,
        token: str = TOKEN[BOT],
        fresh_s: float = 0.0,
        manners: Manners = UNHURRIED,
        credentials: Credentials | None = None,
    ) -> tuple[GitHubTracker, GitHubCodeHost]:
        """Tracker and code host, as a new process would open them."""
        address = address_of(self.github.full_name, self.github.api_url)
        wire = Wire(address.api, credentials or Credentials(token), address.repository)
        state = State(self.folder / ".git" / "github.db", address.git)
        session = Session(wire, address.repository, state, clock, manners)
        self.sessions.append(session)
        git = Git(self.folder, trusted=True)
        scan = Scan(session, fresh_s=fresh_s)
        remote = Remote(git, address.git, session.token, clock, fresh_s=fresh_s)
        host = GitHubCodeHost(session, scan, remote, git, "main")
        self.ci = GitHubCi(session, fresh_s=fresh_s)
        return GitHubTracker(session, scan), host

    @property
    def session(self) -> Session:
        return self.sessions[-1]

    def run(self, *args: str) -> str:
        return git_in(self.folder, *args)

    def commit(self, parent: str, files: Mapping[str, str]) -> str:
        """A commit in the clone that no branch points to."""
        return commit_in(self.folder, parent, files)

    def upload(self, commit: str) -> None:
        """Bring a commit to the server without any branch."""
        self.run("push", "-q", str(self.github.git.folder), f"{commit}:refs/test/{commit}")

    def close(self) -> None:
        for session in self.sessions:
            session.close()
