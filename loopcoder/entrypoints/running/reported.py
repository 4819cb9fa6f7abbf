"""What a verb reports beside what it prints, for whoever started it in the same process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

from loopcoder.domain.tick.report import TickReport
from loopcoder.domain.unit import UnitId


@dataclass(slots=True)
class Reported:
    """`reports` of the ticks that ended, `folder` where the last one's papers are, `wave` the
    units that were handed out to jobs."""

    reports: list[TickReport] = field(default_factory=list)
    folder: Path | None = None
    wave: tuple[UnitId, ...] = ()


_listening: ContextVar[Reported | None] = ContextVar("reported", default=None)


@contextmanager
def reporting() -> Iterator[Reported]:
    """Collect what verbs report meanwhile."""
    reported = Reported()
    token = _listening.set(reported)
    try:
        yield reported
    finally:
        _listening.reset(token)


def report_ended(report: TickReport, folder: Path) -> None:
    found = _listening.get()
    if found is not None:
        found.reports.append(report)
        found.folder = folder


def wave_handed_out(units: tuple[UnitId, ...]) -> None:
    found = _listening.get()
    if found is not None:
        found.wave = units
