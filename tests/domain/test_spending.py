"""Tables of what was spent, and what the rest will cost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from loopcoder.domain.journal import event as e
from loopcoder.domain.journal.history import History
from loopcoder.domain.limits.budget import Used
from loopcoder.domain.limits.spending import CapLine, Forecast, forecast, tabulate
from loopcoder.domain.settings import Caps
from loopcoder.domain.unit import UnitId

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


class Books:
    """A history written one fact at a time."""

    def __init__(self) -> None:
        self.history, self.at = History(), NOW

    def tell(self, fact: e.Fact, unit: str | None = None) -> str:
        number = f"{self.history.length + 1:026d}"
        name = UnitId(unit) if unit else None
        self.history.apply(e.Event(number, self.at, fact, name, 1, None, "scheduler", "", ""))
        return number

    def spend(
        self, unit: str, usd: str, provider: str = "p", run: str = "r1", settle: bool = True
    ) -> Books:
        reservation = self.tell(e.Reserved(run, "work", provider, Decimal(usd), 10), unit)
        if settle:
            self.tell(e.Settled(reservation, Decimal(usd), "metered", 10), unit)
        return self

    def made(self, unit: str, usd: str) -> Books:
        self.spend(unit, usd)
        self.tell(e.PullOpened(1, f"loopcoder/{unit}", "abc"), unit)
        return self


def test_the_tables_name_who_spent_what_and_when() -> None:
    books = Books().spend("a", "1").spend("b", "3", "q")
    books.at += timedelta(days=1)
    books.spend("a", "0.5", settle=False)
    found = tabulate(books.history, Caps(), books.at)
    named = [
        [(line.name, line.used.usd) for line in table]
        for table in (found.by_unit, found.by_provider, found.by_day)
    ]
    assert named == [
        [("b", 3), ("a", Decimal("1.5"))],
        [("q", 3), ("p", Decimal("1.5"))],
        [("2026-01-05", 4), ("2026-01-06", Decimal("0.5"))],
    ]
    assert found.total == Used(Decimal("4.5"), 30, Decimal("0.5"))


def test_caps_stand_beside_what_counts_against_them() -> None:
    books = Books().spend("a", "12", run="r0")
    found = tabulate(books.history, Caps(day=Decimal(10), month=None), NOW)
    day, month = found.caps
    assert (day.name, day.left, month.left) == ("day", 0, None)
    books.tell(e.TickBegun("r1", "main", e.Holder("h", "b", 1, 1.0)))
    books.spend("a", "2", run="r1")
    tick, *_ = tabulate(books.history, Caps(), NOW).caps
    assert tick == CapLine("tick", Decimal(10), Used(Decimal(2), 10))
    assert tick.left == 8


def test_a_forecast_spans_the_cheaper_and_the_dearer_half() -> None:
    books = Books().made("a", "1").made("b", "2").made("c", "3").made("d", "4")
    books.spend("unfinished", "40")
    assert forecast(books.history, 10) == Forecast(10, 4, Decimal(15), Decimal(35))


def test_few_finished_units_give_a_wide_forecast() -> None:
    books = Books().made("a", "1").made("b", "2")
    assert forecast(books.history, 2) == Forecast(2, 2, Decimal(2), Decimal(8))


def test_no_finished_unit_gives_none() -> None:
    assert forecast(Books().spend("a", "1").history, 2) == Forecast(2, 0)


def test_nothing_left_to_do_costs_nothing() -> None:
    assert forecast(History(), 0) == Forecast(0, 0, Decimal(0), Decimal(0))
