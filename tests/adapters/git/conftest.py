"""A real repository with real files, and a fingerprint of everything that must stay as it is."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from loopcoder.adapters.git.repository import Repository
from loopcoder.adapters.git.workspace import GitWorkspaces
from loopcoder.domain.unit import UnitId
from loopcoder.ports.workspace import CommitDraft, Workspace, WorkspaceKey

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@dataclass
class Project:
    """A user's repository and our cache beside it."""

    root: Path
    cache: Path
    before: dict[str, tuple[int, bytes]] = field(default_factory=dict)

    def git(self, *args: str, check: bool = True) -> str:
        done = subprocess.run(["git", *args], cwd=self.root, capture_output=True, check=False)
        assert not check or done.returncode == 0, done.stderr.decode()
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    def commit(self, files: dict[str, str | bytes | None], message: str = "change") -> str:
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                path.unlink()
            else:
                path.write_bytes(content.encode() if isinstance(content, str) else content)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)
        return self.git("rev-parse", "HEAD")

    @property
    def repository(self) -> Repository:
        return Repository.discover(self.root)

    @property
    def workspaces(self) -> GitWorkspaces:
        return GitWorkspaces(self.repository, self.cache)

    def open(self, start: str = "HEAD", unit: str = "unit", attempt: int = 1) -> Workspace:
        key = WorkspaceKey(UnitId(unit), attempt)
        return self.workspaces.open(key, self.git("rev-parse", start))

    def draft(self, message: str = "subject\n\nLoopcoder-Unit: unit") -> CommitDraft:
        return CommitDraft(message, AT)

    def fingerprint(self) -> dict[str, tuple[int, bytes]]:
        """Every file of the repository, our own refs and new objects left out."""
        found = {}
        for path in sorted(self.root.rglob("*")):
            name = str(path.relative_to(self.root))
            ours = name.startswith((".git/refs/loopcoder", ".git/loopcoder", ".git/objects"))
            if path.is_symlink():
                found[name] = (0, str(path.readlink()).encode())
            elif path.is_file() and not ours:
                found[name] = (path.stat().st_mode, path.read_bytes())
        return found

    def assert_untouched(self) -> None:
        assert self.fingerprint() == self.before
        assert self.git("fsck", "--strict", "--no-dangling") == ""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person's home of its own, so that nobody's git configuration takes part."""
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(
        "[user]\n\tname = Ana Example\n\temail = ana@example.org\n[init]\n\tdefaultBranch = main\n"
    )
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return home


@pytest.fixture
def new_project(tmp_path: Path) -> Callable[..., Project]:
    def make(*options: str, name: str = "proj ect é") -> Project:
        root = tmp_path / name
        root.mkdir()
        project = Project(root, tmp_path / "cache")
        project.git("init", "-q", "-b", "main", *options)
        return project

    return make


@pytest.fixture
def project(new_project: Callable[..., Project]) -> Project:
    project = new_project()
    project.commit({"a.txt": "one\ntwo\n", "src/b.py": "print(1)\n", ".gitignore": "*.log\nout/\n"})
    hook = project.root / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text('#!/bin/sh\ntouch "$HOME/hooked"\n')
    hook.chmod(0o755)
    (project.root / "untracked").write_text("mine")
    (project.root / "a.txt").write_text("one\ntwo\nedited by the user\n")
    project.before = project.fingerprint()
    return project
