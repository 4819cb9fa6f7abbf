"""`loopcoder budget`: what was spent on what, what the caps leave, what the rest will cost."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal

import click

from loopcoder.domain.diagnostic import LoopcoderError
from loopcoder.domain.limits.budget import dollars
from loopcoder.domain.limits.spending import Forecast, Line, Spending, forecast, tabulate
from loopcoder.domain.settings import Caps
from loopcoder.domain.tick.lifecycle import State, state_of
from loopcoder.entrypoints.cli.context import pass_house
from loopcoder.entrypoints.running.inspection import inspect
from loopcoder.entrypoints.views.quantities import show_count
from loopcoder.entrypoints.views.terminal import Terminal, stdout
from loopcoder.entrypoints.wiring.bootstrap import House

DAYS = 14
"""Days that are listed for people; `--json` has them all."""

_PAID_FOR = frozenset({State.DONE, State.DROPPED, State.AWAITING_MERGE})


@click.command("budget")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@pass_house(from_base=True)
def budget_command(house: House, as_json: bool) -> None:
    """Show what was spent by unit, provider and day, what the caps leave, and a forecast."""
    history = house.journal_reader.history()
    spending = tabulate(history, house.settings.budget, house.clock.now())
    remaining, unknown = _remaining(house)
    outlook = None if remaining is None else forecast(history, remaining)
    if as_json:
        click.echo(json.dumps(_as_json(house.settings.budget, spending, outlook), indent=2))
        return
    terminal = stdout()
    _say_caps(terminal, house.settings.budget, spending)
    for name, lines in (("unit", spending.by_unit), ("provider", spending.by_provider)):
        _say_table(terminal, name, lines)
    _say_table(terminal, "day", spending.by_day[-DAYS:])
    terminal.say()
    terminal.say(f"forecast  {_outlook(outlook) if outlook else f'not known: {unknown}'}")


def _remaining(house: House) -> tuple[int | None, str]:
    """How many units nobody has paid for yet, or why that cannot be told."""
    try:
        look = inspect(house)
    except LoopcoderError as error:
        return None, error.summary
    history = look.snapshot.history
    states = [state_of(view, history) for view in look.snapshot.units]
    return sum(state not in _PAID_FOR for state in states), ""


def _say_caps(terminal: Terminal, caps: Caps, spending: Spending) -> None:
    limits = [f"{_cap(caps.attempt)} an attempt", f"{_cap(caps.unit)} a unit"]
    limits.append(f"{_cap(caps.tick)} a tick")
    if caps.tokens_per_attempt is not None:
        limits.append(f"{show_count(caps.tokens_per_attempt)} tokens an attempt")
    terminal.say(f"caps      {', '.join(limits)}")
    for line in spending.caps:
        left = "" if line.left is None else f", {dollars(line.left)} left"
        held = f" ({dollars(line.used.reserved)} of it set aside)" if line.used.reserved else ""
        spent = f"{dollars(line.used.usd)} of {_cap(line.cap)}{held}{left}"
        terminal.say(f"{_LABELS[line.name]:<10}{spent}")
    terminal.say(f"in all    {dollars(spending.total.usd)}, {spending.total.tokens:,} tokens")


_LABELS = {"tick": "this tick", "day": "today", "month": "month"}


def _cap(amount: Decimal | None) -> str:
    return "no cap" if amount is None else dollars(amount)


def _say_table(terminal: Terminal, name: str, lines: Sequence[Line]) -> None:
    if not lines:
        return
    terminal.say()
    terminal.table(
        [
            (
                line.name or "(no unit)",
                dollars(line.used.usd),
                dollars(line.used.reserved) if line.used.reserved else "",
                f"{line.used.tokens:,}",
            )
            for line in lines
        ],
        (name, "spent", "set aside", "tokens"),
    )


def _outlook(found: Forecast) -> str:
    if not found.units:
        return "nothing left to pay for"
    if found.low is None or found.high is None:
        return f"{found.units} to go; no finished unit yet to judge by"
    span = f"{dollars(found.low)} to {dollars(found.high)}"
    return f"{span} for {found.units} to go, judged by {found.basis} finished"


def _as_json(caps: Caps, spending: Spending, outlook: Forecast | None) -> dict[str, object]:
    return {
        "limits": {
            "attempt_usd": _number(caps.attempt),
            "unit_usd": _number(caps.unit),
            "tick_usd": _number(caps.tick),
            "day_usd": _number(caps.day),
            "month_usd": _number(caps.month),
            "tokens_per_attempt": caps.tokens_per_attempt,
        },
        "caps": [
            {
                "scope": line.name,
                "cap_usd": _number(line.cap),
                "spent_usd": _number(line.used.usd),
                "reserved_usd": _number(line.used.reserved),
                "left_usd": _number(line.left),
            }
            for line in spending.caps
        ],
        "units": _lines("unit", spending.by_unit),
        "providers": _lines("provider", spending.by_provider),
        "days": _lines("day", spending.by_day),
        "total": _lines("name", [Line("all", spending.total)])[0],
        "forecast": outlook
        and {
            "units": outlook.units,
            "basis": outlook.basis,
            "low_usd": _number(outlook.low),
            "high_usd": _number(outlook.high),
        },
    }


def _lines(key: str, lines: Sequence[Line]) -> list[dict[str, object]]:
    return [
        {
            key: line.name,
            "spent_usd": _number(line.used.usd),
            "reserved_usd": _number(line.used.reserved),
            "tokens": line.used.tokens,
        }
        for line in lines
    ]


def _number(amount: Decimal | None) -> float | None:
    return None if amount is None else round(float(amount), 6)
