"""The live table of a wave, on a terminal that keeps everything it was sent."""

from __future__ import annotations

import io
from dataclasses import replace
from decimal import Decimal

import pytest

from loopcoder.domain.tick.action import Dispatch, Purpose
from loopcoder.domain.tick.report import UnitLine, UnitOutcome
from loopcoder.domain.unit import UnitId
from loopcoder.entrypoints.views.listening import LiveListener
from loopcoder.entrypoints.views.terminal import PLAIN, Terminal
from loopcoder.ports.worker import Progress


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Tty:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")
    monkeypatch.setenv("TERM", "xterm")
    return Tty()


def step(unit: str) -> Dispatch:
    return Dispatch(UnitId(unit), 1, Purpose.BUILD, "b" * 40, "b" * 40, "default", "ready")


def ended(unit: str, reason: str) -> UnitLine:
    return UnitLine(UnitId(unit), unit.title(), UnitOutcome.FAILED, reason)


def begun(screen: Tty, *units: str) -> LiveListener:
    listener = LiveListener(Terminal(screen, True, PLAIN, 80))
    listener.wave_began(1, [step(unit) for unit in units])
    return listener


def table_of(listener: LiveListener, width: int = 80) -> list[str]:
    """The table as it stands on the screen now."""
    from rich.console import Console

    out = io.StringIO()
    Console(file=out, width=width).print(listener._table(1))
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_the_others_stay_on_the_screen_when_one_has_ended(screen: Tty) -> None:
    listener = begun(screen, "first", "second")
    listener.unit_ended(ended("first", "red [bold] tests"))
    assert "first" in screen.getvalue()
    assert "red [bold] tests" in screen.getvalue()
    (row, whole) = table_of(listener)
    assert (row.split()[2], whole.split()[:5]) == ("second", ["1", "at", "work,", "1", "ended"])
    listener.unit_ended(ended("second", "red"))
    assert listener._live is None


def test_what_the_wave_costs_so_far_stands_below_it(screen: Tty) -> None:
    listener = begun(screen, "first", "second", "third")
    listener.unit_ended(replace(ended("first", "red"), usd=Decimal("0.50")))
    listener.progressed(UnitId("second"), Progress(usd=Decimal("0.41")))
    listener.progressed(UnitId("third"), Progress(steps=2))
    assert table_of(listener)[-1].split() == ["2", "at", "work,", "1", "ended", "0:00", "$0.91"]
    listener.close()


def test_a_clock_runs_while_nothing_else_is_to_be_seen(screen: Tty) -> None:
    listener = LiveListener(Terminal(screen, True, PLAIN, 80))
    listener.said("checking the base at 4be1d0a")
    assert listener._still is not None
    listener.scanned(3, "4be1d0a", True)
    assert listener._still is None
    assert screen.getvalue().index("checking") < screen.getvalue().index("0:00")
    assert screen.getvalue().endswith("scan      3 units · base 4be1d0a green\n")


def test_time_and_money_are_whole_on_a_narrow_terminal(screen: Tty) -> None:
    listener = LiveListener(Terminal(screen, True, PLAIN, 50))
    listener.wave_began(1, [step("a-unit-with-a-long-name"), step("second")])
    listener.stage_began(UnitId("second"), "ended", 2)
    listener.progressed(UnitId("second"), Progress("said", 12, Decimal("10.41")))
    rows = table_of(listener, 50)
    assert [row.split()[-4:] for row in rows[1:2]] == [["0:00", "$10.41", "12", "steps"]]
    assert all(len(row) <= 50 and "0:00" in row for row in rows)
    listener.close()


def test_a_row_is_one_line_however_much_an_agent_prints(screen: Tty) -> None:
    listener = begun(screen, "first")
    listener.stage_began(UnitId("first"), "policy", 2)
    listener.progressed(UnitId("first"), Progress(line="[red]word[/] " * 40))
    (row,) = table_of(listener)
    assert "checking policy (round 2)" in row
    assert "[red]word" in row
    assert len(row) <= 80
    listener.progressed(UnitId("first"), Progress('{"verdict": "approve"}', 12, Decimal("0.41")))
    assert "$0.41 12 steps" in table_of(listener)[0]
    assert "verdict" not in table_of(listener)[0]
    listener.close()
