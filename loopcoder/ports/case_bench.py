"""A place where calibration cases become commits, away from the user's repository."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from loopcoder.domain.review.calibration import Case
from loopcoder.ports.workspace import Workspaces


@dataclass(frozen=True, slots=True)
class LaidOut:
    """A case as commits: the change is what `head` differs from `start`."""

    start: str
    head: str


class CaseBench(Protocol):
    @property
    def workspaces(self) -> Workspaces:
        """Diffs and checkouts of what was laid out."""

    def lay_out(self, case: Case) -> LaidOut:
        """Commit the case's base and its change; the same case gives the same hashes. Raises
        ConfigurationError when the patch does not apply. May be called from several threads."""
