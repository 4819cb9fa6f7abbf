"""What a person sees of a running tick: plain lines in a pipe, a live table on a terminal."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from loopcoder.domain.tick.action import Dispatch
from loopcoder.domain.tick.report import UnitLine, UnitOutcome
from loopcoder.domain.unit import UnitId
from loopcoder.entrypoints.views.terminal import Terminal
from loopcoder.entrypoints.views.text import clean, fit, width_of
from loopcoder.ports.worker import Progress

if TYPE_CHECKING:
    from rich.live import Live

MARKS = {
    UnitOutcome.PROPOSED: ("✓", "green"),
    UnitOutcome.UPDATED: ("✓", "green"),
    UnitOutcome.COMMITTED: ("✓", "green"),
    UnitOutcome.FAILED: ("✗", "red"),
    UnitOutcome.NEEDS_HUMAN: ("!", "yellow"),
}

STAGE_WORDS = {
    "work": "working",
    "commit": "collecting",
    "policy": "checking policy",
    "verify": "verifying",
    "review": "reviewing",
    "ended": "waiting for its wave",
}


def ended_line(line: UnitLine, terminal: Terminal) -> str:
    """`✓ changelog  proposed  #21  verified 3/3, approved (claude), $0.11`."""
    mark, colour = MARKS.get(line.outcome, ("·", "dim"))
    number = f"#{line.pull}" if line.pull else ""
    parts = [terminal.style(mark, colour), line.unit.ljust(20), line.outcome.value.ljust(11)]
    parts += [number, clean(ended_detail(line))]
    return "  " + " ".join(part for part in parts if part)


def ended_detail(line: UnitLine) -> str:
    """What there is to know about the unit, in one line."""
    if line.outcome not in (UnitOutcome.PROPOSED, UnitOutcome.UPDATED, UnitOutcome.COMMITTED):
        tried = f"attempt {line.attempt}: " if line.attempt else ""
        return f"{tried}{line.reason}"
    green = sum(check.passed for check in line.checks)
    reviewer = f" ({line.reviewer})" if line.reviewer else ""
    verdict = "approved" if line.verdict == "approve" else line.verdict
    return f"verified {green}/{len(line.checks)}, {verdict}{reviewer}, ${line.usd:.2f}"


@dataclass(slots=True)
class LineListener:
    """One line for each thing that happens: what CI logs and pipes get."""

    terminal: Terminal
    verbose: bool = False
    _scanned: tuple[int, str, bool | None] | None = None

    def scanned(self, units: int, base: str, green: bool | None) -> None:
        seen = (units, base, green)
        if seen != self._scanned:
            state = {True: " green", False: " red", None: ""}[green]
            self.terminal.say(f"scan      {units} units · base {base[:7]}{state}")
        self._scanned = seen

    def said(self, text: str) -> None:
        self.terminal.say(f"          {clean(text)}")

    def wave_began(self, number: int, steps: Sequence[Dispatch]) -> None:
        for index, step in enumerate(steps):
            label = f"wave {number}" if index == 0 else ""
            self.terminal.say(f"{label:<9} {step.unit:<20} {step.worker}  {clean(step.reason)}")

    def stage_began(self, unit: UnitId, stage: str, round_: int) -> None:
        again = f" (round {round_})" if round_ > 1 else ""
        if self.verbose or stage in ("work", "verify", "review"):
            self.terminal.say(f"          {unit:<20} {STAGE_WORDS.get(stage, stage)}{again}")

    def progressed(self, unit: UnitId, progress: Progress) -> None:
        if self.verbose and progress.line:
            self.terminal.say(f"          {unit:<20} | {clean(progress.line)[:200]}")

    def unit_ended(self, line: UnitLine) -> None:
        self.terminal.say(ended_line(line, self.terminal))


@dataclass(slots=True)
class _Row:
    worker: str
    stage: str = "starting"
    began: float = field(default_factory=time.monotonic)
    used: str = ""
    note: str = ""
    usd: Decimal = Decimal(0)
    ended: float | None = None


_UNIT, _STAGE = 1, 3
_COLUMNS = tuple(range(7))
"""Label, unit, worker, stage, clock, money and steps, what the agent printed."""
_FEW = (0, _UNIT, _STAGE, 4, 5)
_NARROW = 72
"""Columns of a terminal; on one with fewer, worker and output give way to time and money."""


def _note(line: str) -> str:
    """What an agent printed, for a person to glance at: protocols and verdicts are not."""
    shown = clean(line).strip()
    return "" if shown.startswith(("{", "[{", "}", "]", '"')) else shown


def _fit_into(width: int, rows: Sequence[list[str]]) -> None:
    """Cut units and stages so that how long and for how much is whole."""
    widest = {c: max((width_of(row[c]) for row in rows), default=0) for c in _FEW}
    room = width - sum(widest[c] + 2 for c in _FEW if c not in (_UNIT, _STAGE)) - 2
    stage = min(widest[_STAGE], max(room // 2, 1))
    for row in rows:
        row[_STAGE] = fit(row[_STAGE], stage)
        row[_UNIT] = fit(row[_UNIT], max(room - stage, 1))


def _clock(seconds: float) -> str:
    minutes, left = divmod(int(seconds), 60)
    return f"{minutes}:{left:02d}"


def _used(progress: Progress) -> str:
    """`$0.41 12 steps`, as far as the agent says so while it works."""
    steps = f"{progress.steps} step{'' if progress.steps == 1 else 's'}" if progress.steps else ""
    return f"{f'${progress.usd:.2f}' if progress.usd else ''} {steps}".strip()


@dataclass(slots=True)
class LiveListener:
    """A table that is drawn over while a wave runs; what has ended scrolls away above it."""

    terminal: Terminal
    _rows: dict[UnitId, _Row] = field(default_factory=dict)
    _live: Live | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _lines: LineListener | None = None
    _began: float = 0.0
    _over: int = 0
    _spent: Decimal = Decimal(0)
    _still: Live | None = None

    def __post_init__(self) -> None:
        self._lines = LineListener(self.terminal)

    def scanned(self, units: int, base: str, green: bool | None) -> None:
        assert self._lines is not None
        self._go_on()
        self._lines.scanned(units, base, green)

    def said(self, text: str) -> None:
        if self._live is not None:
            self._live.console.print(f"          {clean(text)}", markup=False, highlight=False)
        else:
            self._go_on()
            self.terminal.say(f"          {clean(text)}")
            self._wait()

    def _wait(self) -> None:
        """A clock below what was said, until something else happens: it may take long."""
        from rich.text import Text

        began = time.monotonic()
        self._still = self._drawn_over(
            lambda: Text(f"          {_clock(time.monotonic() - began)}", style="dim")
        )

    def _go_on(self) -> None:
        if self._still is not None:
            self._still.stop()
            self._still = None

    def _drawn_over(self, shown: Callable[[], Any]) -> Live:
        from rich.console import Console
        from rich.live import Live

        console = Console(file=self.terminal.stream, highlight=False)
        live = Live(get_renderable=shown, console=console, refresh_per_second=4, transient=True)
        live.start()
        return live

    def wave_began(self, number: int, steps: Sequence[Dispatch]) -> None:
        self._go_on()
        self._rows = {step.unit: _Row(step.worker) for step in steps}
        self._began, self._over, self._spent = time.monotonic(), 0, Decimal(0)
        self._live = self._drawn_over(lambda: self._table(number))

    def _table(self, number: int) -> Any:
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 2))
        rows = [(list(cells), style) for cells, style in self._cells(number, time.monotonic())]
        narrow = self.terminal.width < _NARROW
        columns = _FEW if narrow else _COLUMNS
        if narrow:
            _fit_into(self.terminal.width, [cells for cells, _ in rows])
        for column in columns:
            # What an agent printed is cut at the edge: a row that grows makes the others jump.
            ratio = 1 if column == columns[-1] else None
            table.add_column(no_wrap=True, overflow="ellipsis", ratio=ratio)
        table.expand = True
        for cells, style in rows:
            table.add_row(*(Text(cells[column], style=style) for column in columns))
        return table

    def _cells(self, number: int, now: float) -> Iterator[tuple[tuple[str, ...], str]]:
        """The rows, and how each is painted."""
        with self._lock:
            for index, (unit, row) in enumerate(self._rows.items()):
                label = f"wave {number}" if index == 0 else ""
                clock = _clock((row.ended or now) - row.began)
                yield (label, unit, row.worker, row.stage, clock, row.used, row.note), ""
            if self._rows and len(self._rows) + self._over > 1:
                yield self._sum(now), "dim"

    def _sum(self, now: float) -> tuple[str, ...]:
        """The wave as a whole: how many are at work, how long, and for how much so far."""
        spent = self._spent + sum((row.usd for row in self._rows.values()), Decimal(0))
        over = f", {self._over} ended" if self._over else ""
        told = f"{len(self._rows)} at work{over}"
        return ("", told, "", "", _clock(now - self._began), f"${spent:.2f}" if spent else "", "")

    def stage_began(self, unit: UnitId, stage: str, round_: int) -> None:
        with self._lock:
            if unit in self._rows:
                again = f" (round {round_})" if round_ > 1 else ""
                self._rows[unit].stage = STAGE_WORDS.get(stage, stage) + again
                self._rows[unit].note = ""
                if stage == "ended":
                    self._rows[unit].ended = time.monotonic()

    def progressed(self, unit: UnitId, progress: Progress) -> None:
        with self._lock:
            if unit in self._rows:
                self._rows[unit].note = _note(progress.line)
                self._rows[unit].used = _used(progress)
                self._rows[unit].usd = progress.usd or Decimal(0)

    def unit_ended(self, line: UnitLine) -> None:
        """The line stays above the table, which goes on with the units that are still at work."""
        self._go_on()
        with self._lock:
            self._rows.pop(line.unit, None)
            self._over, self._spent = self._over + 1, self._spent + line.usd
        if not self._rows:
            self.close()
        if self._live is None:
            self.terminal.say(ended_line(line, self.terminal))
        else:
            from rich.text import Text

            self._live.console.print(Text.from_ansi(ended_line(line, self.terminal)))

    def close(self) -> None:
        """Take what is drawn over off the screen."""
        self._go_on()
        if self._live is not None:
            self._live.stop()
            self._live = None
