"""`loopcoder tick`: one unattended pass."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import click

from loopcoder.domain.tick.report import StopReason
from loopcoder.domain.unit import UnitId
from loopcoder.engine.tick.gathered import TickOptions
from loopcoder.entrypoints.cli.context import pass_house
from loopcoder.entrypoints.running.inspection import Look, inspect
from loopcoder.entrypoints.running.ticking import new_run, run_tick, stoppable
from loopcoder.entrypoints.views.terminal import stderr, stdout
from loopcoder.entrypoints.views.text import clean
from loopcoder.entrypoints.views.tick import exit_code, report_json, say_errors, say_report
from loopcoder.entrypoints.wiring.bootstrap import House

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
@click.option(
    "--plan-wave",
    "wave_dir",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Hand the first wave out to other processes instead of working: write it to DIR.",
)
@click.option(
    "--base-checked",
    "base_dir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="With --plan-wave: what `loopcoder verify --base` left.",
)
@click.option(
    "--claim-minutes",
    type=click.FloatRange(min=0, min_open=True),
    default=360.0,
    show_default=True,
    help="With --plan-wave: how long the wave's jobs may take.",
)
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
    wave_dir: Path | None,
    base_dir: Path | None,
    claim_minutes: float,
    as_json: bool,
) -> None:
    """Do everything that can be done now without a person: compile, work, verify, review, propose.

    Nothing is merged: that is yours. Run it again whenever you like; it picks up where it stopped.
    """
    if jobs is not None:
        house = house.with_jobs(jobs)
    if dry_run:
        _dry_run(house, units, as_json)
        return
    terminal = stderr() if as_json else stdout()
    options = TickOptions(
        run=new_run(),
        units=_named(inspect(house), units) if units else frozenset(),
        max_units=max_units,
        max_minutes=max_minutes,
        once=once,
    )
    if wave_dir is not None:
        _plan_wave(house, options, wave_dir, base_dir, claim_minutes, as_json)
        return
    with stoppable(terminal) as stopper:
        report = run_tick(house, options, terminal, stopper)
    say_errors(report, stderr())
    if as_json:
        click.echo(json.dumps(report_json(report), indent=2))
    else:
        say_report(report, terminal)
    sys.exit(INTERRUPTED if stopper.interrupted else exit_code(report))


def _plan_wave(
    house: House,
    options: TickOptions,
    wave_dir: Path,
    base_dir: Path | None,
    minutes: float,
    as_json: bool,
) -> None:
    """The scheduler's part of a tick, for jobs on other machines."""
    from loopcoder.entrypoints.running.relay.jobs import plan
    from loopcoder.entrypoints.views.listening import LineListener

    terminal = stderr() if as_json else stdout()
    report, wave = plan(
        house,
        options,
        wave_dir,
        LineListener(terminal),
        lasting=timedelta(minutes=minutes),
        base=base_dir,
    )
    say_errors(report, stderr())
    units = sorted(wave.units) if wave else []
    if as_json:
        handed_out = {"units": units, "until": wave.until.isoformat()} if wave else None
        click.echo(json.dumps({**report_json(report), "wave": handed_out}, indent=2))
    else:
        say_report(report, terminal)
        terminal.say(f"wave      {', '.join(units) or 'nobody has anything to do'}")
    cut = wave is not None and report.stop_reason is StopReason.RATE_LIMIT
    sys.exit(0 if cut else exit_code(report))  # what was handed out before the limit goes on


def _named(look: Look, units: Sequence[str]) -> frozenset[UnitId]:
    """The units that a person named, by id or issue; a name that is none is their mistake."""
    return frozenset(look.view(unit).id for unit in units)


def _dry_run(house: House, units: Sequence[str], as_json: bool) -> None:
    """The decision, taken on what is there now and not carried out."""
    look = inspect(house)
    named = _named(look, units)
    rows = [row for row in look.action_rows() if not named or row["unit"] in named]
    if as_json:
        click.echo(json.dumps({"actions": rows}, indent=2))
        return
    terminal = stdout()
    terminal.table([(row["action"], row["unit"], row["reason"]) for row in rows], wrap=True)
    for note in look.notes:
        terminal.say(f"note      {clean(note)}")
    terminal.say("nothing was done")
