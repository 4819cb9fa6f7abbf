"""A real repository with `main` checked out, one commit, and the local tracker beside it."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from loopcoder.adapters.git.repository import Repository
from loopcoder.adapters.local.code_host import LocalCodeHost
from loopcoder.adapters.local.merging import PullDesk
from loopcoder.adapters.local.tracker import LocalTracker
from loopcoder.adapters.memory.clock import FixedClock
from loopcoder.domain.issues.issue import BOT, Actor, PullDraft, PullRequest

ANA = Actor(1001, "ana")
BOT_ENV = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "loopcoder"), ("EMAIL", "loopcoder@localhost"))
}


@dataclass
class Project:
    root: Path
    clock: FixedClock

    def git(self, *args: str, env: dict[str, str] | None = None, cwd: Path | None = None) -> str:
        done = subprocess.run(
            ["git", *args],
            cwd=cwd or self.root,
            env={**os.environ, **(env or {})},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    @property
    def repository(self) -> Repository:
        return Repository.discover(self.root)

    @property
    def path(self) -> Path:
        return self.root / ".git" / "loopcoder" / "local.db"

    def tracker(self, actor: Actor = BOT) -> LocalTracker:
        return LocalTracker(self.path, actor, self.clock)

    def host(self) -> LocalCodeHost:
        return LocalCodeHost(self.path, self.repository, "main", BOT, self.clock)

    def desk(self) -> PullDesk:
        return PullDesk(self.path, self.repository, "main", ANA, self.clock, guard=lambda: None)

    def commit(self, branch: str, message: str = "Change", **files: str) -> str:
        """A commit by the bot on a branch (from main when new), made beside the user's tree."""
        beside = self.root.parent / f"{self.root.name}-beside"
        start = branch if branch in self.git("branch", "--format=%(refname:short)") else "main"
        self.git("worktree", "add", "-q", "--detach", str(beside), start)
        for name, text in files.items():
            (beside / name.replace("_", ".")).write_text(text)
        self.git("add", "-A", cwd=beside)
        self.git("commit", "-q", "--allow-empty", "-m", message, env=BOT_ENV, cwd=beside)
        head = self.git("rev-parse", "HEAD", cwd=beside)
        self.git("worktree", "remove", "--force", str(beside))
        return head

    def propose(self, unit: str, message: str = "Change", **files: str) -> PullRequest:
        branch, host = f"loopcoder/{unit}", self.host()
        host.push_branch(branch, self.commit(branch, message, **files), None)
        return host.create_pull(PullDraft(f"Do {unit}", "", branch, "main"))

    def status(self) -> str:
        return self.git("status", "--porcelain")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    root = tmp_path / "project"
    root.mkdir()
    project = Project(root, FixedClock())
    project.git("init", "-q", "-b", "main")
    project.git("config", "user.name", "Ana Lima")
    project.git("config", "user.email", "ana@example.org")
    (root / "a.txt").write_text("one\n")
    project.git("add", "-A")
    project.git("commit", "-q", "-m", "Start")
    return project
