"""`loopcoder run`: tick after tick until there is nothing left that needs no person."""

from __future__ import annotations

import json
import sys
import time
from decimal import Decimal

import click

from loopcoder.domain.tick.report import WORKED, StopReason, TickReport
from loopcoder.domain.views.report import duration, why_ended
from loopcoder.engine.tick.gathered import TickOptions
from loopcoder.entrypoints.cli.context import pass_house
from loopcoder.entrypoints.running.ticking import Stopper, new_run, run_tick, stoppable
from loopcoder.entrypoints.views.quantities import parse_money
from loopcoder.entrypoints.views.terminal import Terminal, stderr, stdout
from loopcoder.entrypoints.views.tick import exit_code, report_json, say_errors, say_report
from loopcoder.entrypoints.wiring.bootstrap import House

INTERRUPTED = 130


def _money(context: click.Context, option: click.Parameter, value: str | None) -> Decimal | None:
    if value is None:
        return None
    try:
        return parse_money(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command("run")
@click.option("--max-ticks", type=click.IntRange(min=1), help="End after N ticks.")
@click.option("--max-units", type=click.IntRange(min=1), help="End after N units worked on.")
@click.option("--max-minutes", type=click.FloatRange(min=0), help="Begin no tick after N minutes.")
@click.option("--max-usd", callback=_money, help="Begin no tick after spending this much.")
@click.option("--json", "as_json", is_flag=True, help="Print one report a line.")
@pass_house(from_base=True)
def run_command(
    house: House,
    max_ticks: int | None,
    max_units: int | None,
    max_minutes: float | None,
    max_usd: Decimal | None,
    as_json: bool,
) -> None:
    """Tick until nothing is ready, a limit is reached, or the roadmap is sealed."""
    terminal = stderr() if as_json else stdout()
    began = time.monotonic()
    units, spent, ticks = 0, Decimal(0), 0
    with stoppable(terminal) as stopper:
        while True:
            left = None if max_units is None else max_units - units
            report = run_tick(house, TickOptions(new_run(), max_units=left), terminal, stopper)
            _show(report, terminal, as_json)
            ticks += 1
            worked = sum(line.outcome in WORKED for line in report.units)
            units, spent = units + worked, spent + report.spent
            minutes = (time.monotonic() - began) / 60
            why = _end(report, worked, stopper) or _limit(
                (max_ticks, ticks, "ticks"),
                (max_units, units, "units"),
                (max_minutes, minutes, "minutes"),
                (max_usd, spent, "dollars"),
            )
            if why:
                break
    took = duration(time.monotonic() - began)
    counts = f"{_count(ticks, 'tick')}, {_count(units, 'attempt')}, {took}, ${spent:.2f}"
    terminal.say(f"run ended after {counts}: {why}")
    sys.exit(INTERRUPTED if stopper.interrupted else exit_code(report))


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _show(report: TickReport, terminal: Terminal, as_json: bool) -> None:
    say_errors(report, stderr())
    if as_json:
        click.echo(json.dumps(report_json(report)))
    else:
        say_report(report, terminal)


def _end(report: TickReport, worked: int, stopper: Stopper) -> str:
    """Why another tick would be no use; empty when it would."""
    if stopper.interrupted:
        return "it was stopped"
    if report.stop_reason is StopReason.SEALED:
        return "the roadmap is sealed"
    if worked == 0 or report.stop_reason is StopReason.RATE_LIMIT:
        return why_ended(report)
    return ""


def _limit(*limits: tuple[float | Decimal | None, float | Decimal, str]) -> str:
    for most, used, name in limits:
        if most is not None and used >= most:
            return f"the limit of {most} {name} is reached"
    return ""
