"""`loopcoder tick`: one unattended pass."""

from __future__ import annotations

import json
import sys

import click

from loopcoder.domain.unit import UnitId
from loopcoder.engine.tick import TickOptions
from loopcoder.entrypoints.bootstrap import House
from loopcoder.entrypoints.cli.context import pass_house
from loopcoder.entrypoints.inspection import inspect
from loopcoder.entrypoints.terminal import stderr, stdout
from loopcoder.entrypoints.tick_view import exit_code, report_json, say_errors, say_report
from loopcoder.entrypoints.ticking import new_run, run_tick, stoppable

INTERRUPTED = 130


@click.command("tick")
@click.option("--once", is_flag=True, help="End after the first wave.")
@click.option("--max-units", type=click.IntRange(min=0), help="Work on at most N units.")
@click.option(
    "--max-minutes", type=click.FloatRange(min=0), help="Dispatch nothing after N minutes."
)
@click.option("--jobs", type=click.IntRange(1, 50), help="Attempts at once.")
@click.option("--unit", "units", multiple=True, help="Only this unit. May be repeated.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@pass_house(from_base=True)
def tick_command(
    house: House,
    once: bool,
    max_units: int | None,
    max_minutes: float | None,
    jobs: int | None,
    units: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
) -> None:
    """Do everything that can be done now without a person: compile, work, verify, review, propose.

    Nothing is merged: that is yours. Run it again whenever you like; it picks up where it stopped.
    """
    if jobs is not None:
        house = house.with_jobs(jobs)
    if dry_run:
        _dry_run(house, as_json)
        return
    terminal = stderr() if as_json else stdout()
    options = TickOptions(
        run=new_run(),
        units=frozenset(map(UnitId, units)),
        max_units=max_units,
        max_minutes=max_minutes,
        once=once,
    )
    with stoppable(terminal) as stopper:
        report = run_tick(house, options, terminal, stopper)
    say_errors(report, stderr())
    if as_json:
        click.echo(json.dumps(report_json(report), indent=2))
    else:
        say_report(report, terminal)
    sys.exit(INTERRUPTED if stopper.interrupted else exit_code(report))


def _dry_run(house: House, as_json: bool) -> None:
    """The decision, taken on what is there now and not carried out."""
    look = inspect(house)
    rows = look.action_rows()
    if as_json:
        click.echo(json.dumps({"actions": rows}, indent=2))
        return
    terminal = stdout()
    terminal.table([(row["action"], row["unit"], row["reason"]) for row in rows])
    terminal.say("nothing was done")
