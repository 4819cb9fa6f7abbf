"""A project whose issues and pull requests are on the test server, driven by the real commands."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from loopcoder.adapters.memory.people import Person
from loopcoder.domain.issues.issue import Issue
from tests.github_server.world import BOT, TOKEN, Github
from tests.support.project import Project

UNHURRIED = {"write_pause": 0, "list_lag": 0}


@dataclass
class GitHubProject(Project):
    """`folder` holds the clone, the server's repository, the agents' script, the workspaces."""

    github: Github = field(init=False)

    def begin(self, roadmap: str, **given: Any) -> GitHubProject:
        """As a local project begins; then it is on the server, and this is a clone of it."""
        config = {"tracker": "github", "github": UNHURRIED, **(given.pop("config", None) or {})}
        super().begin(roadmap, config=config, **given)
        self.connect()
        return self

    def connect(self) -> None:
        """Put what is committed on the server, and make this a clone of it."""
        self.github = Github.start(self.folder / "github", seed=self.root)
        self.git("remote", "add", "origin", f"{self.github.server.url}/{self.github.full_name}.git")
        self.env |= {"GITHUB_API_URL": self.github.api_url, "GITHUB_TOKEN": TOKEN[BOT]}
        for name in ("GITHUB_REPOSITORY", "GITHUB_SERVER_URL", "GH_TOKEN"):
            self.env.setdefault(name, "")

    @property
    def ana(self) -> Person:
        return self.github.person("ana")

    @property
    def issues(self) -> dict[str, Issue]:
        """The server's issues by title."""
        return {issue.title: issue for issue in self.ana.tracker.list_issues()}

    def later(self, seconds: int = 5) -> None:
        """The server's clock goes on: its times tell seconds apart, not what happens in one."""
        before = self.github.hub.now_from
        self.github.hub.now_from = lambda: before() + timedelta(seconds=seconds)

    def push(self) -> None:
        """The person's commits go to the server's main."""
        self.git("push", "-q", str(self.github.git.folder), "main")
        self.github.put_branch("main", self.git("rev-parse", "main"))

    def shallow_clone(self) -> GitHubProject:
        """The same project on another machine, with nothing but the newest commit of main."""
        runner = GitHubProject(self.folder / "runner", dict(self.env))
        runner.github = self.github
        source = self.github.git.folder.as_uri()
        runner.folder.mkdir()
        self.git("clone", "-q", "--depth", "1", source, str(runner.root))
        runner.git("remote", "set-url", "origin", self.git("remote", "get-url", "origin"))
        return runner

    def merge_all(self) -> None:
        """On the web site; the clone's own main stays where it was."""
        for number in self.pulls().values():
            self.ana.merge(number)

    def served(self, path: str, branch: str = "main") -> str:
        """A file on the server."""
        return self.github.git.git("show", f"{branch}:{path}")

    def close(self) -> None:
        self.github.close()
        self.github.server.check()
