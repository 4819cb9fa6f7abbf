"""Commits on their way between machines, as a pack that is checked object by object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from loopcoder.adapters.carried.parcel import COMMITS, MOST
from loopcoder.adapters.git.command import Git, GitError
from loopcoder.adapters.git.commit import keep_ref
from loopcoder.adapters.git.repository import Repository
from loopcoder.domain.tick.carried import Forged
from loopcoder.domain.unit import UnitId


@dataclass(frozen=True, slots=True)
class CommitCarrier:
    """Packs commits of one repository, and takes them in from a pack."""

    repository: Repository

    def pack(self, commits: Sequence[str], without: Sequence[str], folder: Path) -> None:
        """Write what the commits add over `without`; no file when that is nothing."""
        git = self.repository.git
        wanted = [*commits, *(f"^{each}" for each in without)]
        if not git.text("rev-list", "--max-count=1", *wanted):
            return
        asked = "".join(f"{line}\n" for line in wanted).encode()
        packed = git.run("pack-objects", "--revs", "--stdout", "-q", input=asked).stdout
        (folder / COMMITS).write_bytes(packed)

    def take(self, pack: Path | None, commits: Sequence[str], onto: Sequence[str]) -> None:
        """Take a pack in and see that the commits are whole over `onto`. Every object is checked
        as git checks a push. Raises `Forged`."""
        git = self.repository.git
        try:
            if pack is not None:
                limit = f"--max-input-size={MOST[COMMITS]}"
                git.run(
                    "index-pack", "--stdin", "--strict", "--fsck-objects", limit,
                    input=pack.read_bytes(), timeout=600,
                )  # fmt: skip
            for commit in commits:
                edges = [f"^{each}" for each in onto]
                git.run("rev-list", "--objects", "--quiet", commit, *edges, "--")
        except GitError as error:
            raise Forged(f"the commits cannot be taken in: {error.summary}") from error

    def keep(self, unit: UnitId, attempt: int, commit: str) -> None:
        """Keep an attempt's commit alive here, as if it had been made here."""
        keep_ref(self.repository, f"refs/loopcoder/attempts/{unit}/{attempt}", commit)

    @property
    def git(self) -> Git:
        return self.repository.git
