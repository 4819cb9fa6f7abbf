"""A real repository to work in, and the real program to call."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

CONFIG = """\
version: 1
verify: ["true"]
workers:
  default: {kind: command, run: ["true"]}
reviewer: {kind: command, run: ["true", "judge"], calibration: off}
"""
ROADMAP = "# Roadmap\n\n- [ ] Session store <!-- id: session-store -->\n"


@dataclass(frozen=True, slots=True)
class Project:
    """A repository in a folder of its own, with helpers to set a situation up."""

    root: Path
    home: Path

    def git(self, *args: str) -> str:
        done = subprocess.run(
            ["git", *args], cwd=self.root, env=self.env(), capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def env(self, **extra: str) -> dict[str, str]:
        kept = {k: os.environ[k] for k in ("PATH", "LANG", "TMPDIR") if k in os.environ}
        return {
            **kept,
            "HOME": str(self.home),
            "GIT_CONFIG_NOSYSTEM": "1",
            "PYTHONUTF8": "1",
            **extra,
        }

    def write(self, path: str, text: str) -> Path:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="")
        return target

    def commit(self, *paths: str, message: str = "Change") -> str:
        self.git("add", "--", *paths)
        self.git("commit", "-q", "-m", message, "--", *paths)
        return self.git("rev-parse", "HEAD")

    def loopcoder(self, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Call the program as a user does."""
        return subprocess.run(
            [sys.executable, "-m", "loopcoder", *args],
            cwd=self.root,
            env=self.env(**env),
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
        )


@pytest.fixture
def empty_repository(tmp_path: Path) -> Project:
    """`git init`, an identity, and nothing else."""
    project = Project(tmp_path / "project", tmp_path / "home")
    project.root.mkdir()
    project.home.mkdir()
    project.git("init", "-q", "-b", "main")
    project.git("config", "user.name", "Ana Example")
    project.git("config", "user.email", "ana@example.org")
    return project


@pytest.fixture
def project(empty_repository: Project) -> Project:
    """One commit with a configuration and a roadmap."""
    empty_repository.write("loopcoder.yml", CONFIG)
    empty_repository.write("ROADMAP.md", ROADMAP)
    empty_repository.commit("loopcoder.yml", "ROADMAP.md", message="Begin")
    return empty_repository


@pytest.fixture
def make_folder(tmp_path: Path) -> Callable[[], Path]:
    """A folder outside any repository."""

    def make() -> Path:
        folder = tmp_path / "elsewhere"
        folder.mkdir()
        return folder

    return make
