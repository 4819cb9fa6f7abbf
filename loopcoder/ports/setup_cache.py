"""What setup commands made, kept for checkouts that would make the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from loopcoder.domain.settings import Command


class SetupCache(Protocol):
    """Only what the base commit's own setup made may be kept: a change could poison it."""

    def key(
        self, command: Command, before: Sequence[str], tree: Path, env: Mapping[str, str]
    ) -> str:
        """Names what the command makes in this tree, from its lock files, the commands `before`
        it and the machine's tools; empty where that cannot be said."""

    def restore(self, key: str, command: Command, tree: Path) -> bool:
        """Put copies of what was kept into the tree; False where nothing was, or they would not
        fit. Nothing that the tree already holds is touched."""

    def keep(self, key: str, command: Command, tree: Path) -> None:
        """Keep copies of what the command made. Failing to costs time only, and raises nothing."""


class NoSetupCache:
    """Every checkout is set up anew."""

    def key(
        self, command: Command, before: Sequence[str], tree: Path, env: Mapping[str, str]
    ) -> str:
        return ""

    def restore(self, key: str, command: Command, tree: Path) -> bool:
        return False

    def keep(self, key: str, command: Command, tree: Path) -> None:
        return None
