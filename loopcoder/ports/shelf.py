"""Where the commits of open attempts are kept, so that another machine can go on with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from loopcoder.domain.unit import UnitId


@dataclass(frozen=True, slots=True)
class Kept:
    """The one commit of an attempt."""

    unit: UnitId
    attempt: int
    commit: str


class Shelf(Protocol):
    """One commit per attempt, under `refs/loopcoder/attempts/<unit>/<attempt>`, shared by all."""

    def keep(self, kept: Sequence[Kept]) -> None:
        """Put commits there, in place of what the same attempts had there."""

    def fetch(self, kept: Kept) -> bool:
        """Bring exactly this commit here; False when it is not there."""

    def drop(self, kept: Sequence[Kept]) -> None:
        """The attempts are over; dropping what is not there changes nothing."""
