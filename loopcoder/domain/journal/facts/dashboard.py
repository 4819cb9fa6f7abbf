"""The issue that shows where everything stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from loopcoder.domain.journal.fact import Fact


@dataclass(frozen=True, slots=True)
class DashboardBound(Fact):
    """The issue that shows where everything stands."""

    kind: ClassVar[str] = "dashboard.bound"
    number: int
    database_id: int


@dataclass(frozen=True, slots=True)
class DashboardNoted(Fact):
    """What the dashboard says of boxes that were ticked and not taken as a word; empty: nothing
    any more."""

    kind: ClassVar[str] = "dashboard.noted"
    note: str
