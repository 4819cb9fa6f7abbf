"""What was saved of a damaged journal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from loopcoder.domain.journal.fact import Fact


@dataclass(frozen=True, slots=True)
class JournalRebuilt(Fact):
    """The journal was damaged: `kept` events were saved out of the file now called `quarantine`,
    `lost` were not (None when nobody can tell how many)."""

    kind: ClassVar[str] = "journal.rebuilt"
    quarantine: str
    kept: int
    lost: int | None = None
