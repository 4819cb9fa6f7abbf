"""Who watches a tick: a terminal, a log, a web page. Nothing here can change what happens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from loopcoder.domain.tick.action import Dispatch
from loopcoder.domain.tick.report import UnitLine
from loopcoder.domain.unit import UnitId
from loopcoder.ports.worker import Progress


class TickListener(Protocol):
    def scanned(self, units: int, base: str, green: bool | None) -> None:
        """The world was observed."""

    def said(self, text: str) -> None:
        """One line a person may want to read."""

    def wave_began(self, number: int, steps: Sequence[Dispatch]) -> None:
        """These attempts start together."""

    def stage_began(self, unit: UnitId, stage: str, round_: int) -> None:
        """A stage of an attempt starts."""

    def progressed(self, unit: UnitId, progress: Progress) -> None:
        """A worker or reviewer showed a sign of life. Called from worker threads."""

    def unit_ended(self, line: UnitLine) -> None:
        """Nothing more happens to this unit in this tick."""


class SilentListener:
    """Watches and says nothing."""

    def scanned(self, units: int, base: str, green: bool | None) -> None:
        pass

    def said(self, text: str) -> None:
        pass

    def wave_began(self, number: int, steps: Sequence[Dispatch]) -> None:
        pass

    def stage_began(self, unit: UnitId, stage: str, round_: int) -> None:
        pass

    def progressed(self, unit: UnitId, progress: Progress) -> None:
        pass

    def unit_ended(self, line: UnitLine) -> None:
        pass
