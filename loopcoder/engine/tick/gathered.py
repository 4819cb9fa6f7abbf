"""How a tick is bounded, and what it has gathered so far."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from loopcoder.domain.diagnostic import Diagnostic
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
    the upkeep that was tried, `faults` what is wrong with the roadmap."""

    state: TickState
    seen: Snapshot | None = None
    lines: list[UnitLine] = field(default_factory=list)
    tidied: set[act.Upkeep | act.ProposeFixBase] = field(default_factory=set)
    waves: int = 0
    writes: int = 0
    diagnostics: tuple[Diagnostic, ...] = ()
    faults: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def warn(self, warnings: Iterable[str]) -> None:
        """Keep what everybody must read, each sentence once."""
        self.warnings = tuple(dict.fromkeys((*self.warnings, *warnings)))
