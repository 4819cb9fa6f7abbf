"""How a tick is bounded, and what it has gathered so far."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from loopcoder.domain.diagnostic import Diagnostic
from loopcoder.domain.roadmap.roadmap import Reading
from loopcoder.domain.tick import action as act
from loopcoder.domain.tick.report import UnitLine
from loopcoder.domain.tick.snapshot import Snapshot, TickState
from loopcoder.domain.unit import UnitId


@dataclass(frozen=True, slots=True)
class TickOptions:
    """How this tick is bounded beyond the configuration. `once` ends it after the first wave."""

    run: str
    units: frozenset[UnitId] = frozenset()
    max_units: int | None = None
    max_minutes: float | None = None
    once: bool = False


@dataclass(slots=True)
class Gathered:
    """What the tick has gathered so far. `seen` is the world as it was last looked at, `tidied`
    the upkeep that was tried, `reading` the roadmap as it stands at the commit `read_at`."""

    state: TickState
    seen: Snapshot | None = None
    lines: list[UnitLine] = field(default_factory=list)
    tidied: set[act.Upkeep | act.ProposeFixBase] = field(default_factory=set)
    waves: int = 0
    writes: int = 0
    reading: Reading | None = None
    read_at: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        return self.reading.diagnostics if self.reading else ()

    def warn(self, warnings: Iterable[str]) -> None:
        """Keep what everybody must read, each sentence once."""
        self.warnings = tuple(dict.fromkeys((*self.warnings, *warnings)))
