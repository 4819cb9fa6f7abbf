"""Clones that share a journal through a bare repository in a folder."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from loopcoder.adapters.journal.git_ref import REF, GitRefJournal
from loopcoder.adapters.journal.ref_store import RefStore
from loopcoder.adapters.memory.clock import FixedClock


def bare_repository(path: Path) -> Path:
    subprocess.run(["git", "init", "-q", "--bare", "--template=", str(path)], check=True)
    return path


def git(repository: Path, *args: str) -> str:
    done = subprocess.run(
        ["git", f"--git-dir={repository}", *args], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@dataclass(frozen=True)
class Clone:
    """One machine's place: its copy of the journal and its git directory."""

    folder: Path
    remote: Path
    clock: FixedClock

    def store(self, kind: type[RefStore] = RefStore) -> RefStore:
        return kind(self.side, "origin", lambda: str(self.remote), REF, dict)

    def open(self, store: RefStore | None = None, seed: int = 0, **options: Any) -> GitRefJournal:
        return GitRefJournal(
            self.cache, store or self.store(), self.clock, random=Random(seed), **options
        )

    @property
    def cache(self) -> Path:
        return self.folder / "shared-journal.db"

    @property
    def side(self) -> Path:
        return self.folder / "journal.git"
