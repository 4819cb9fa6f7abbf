"""Looking for secrets in what is about to be published."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from loopcoder.domain.guard.change_set import ChangeSet
from loopcoder.domain.guard.secret import SecretFinding


class SecretScanner(Protocol):
    def scan(self, change: ChangeSet) -> Sequence[SecretFinding]:
        """Where the added lines and paths of a change hold what is, or looks like, a secret."""
