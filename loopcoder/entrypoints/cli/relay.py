"""`loopcoder work`, `verify`, `review`, `integrate`, `publish`: a tick's parts, each a process.

`loopcoder tick --plan-wave` hands the wave out; see docs/reference/action.md.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from loopcoder.entrypoints.cli.context import pass_house
from loopcoder.entrypoints.views.terminal import stderr, stdout
from loopcoder.entrypoints.wiring.bootstrap import House


def _folder(name: str, field: str, help_: str, *, exists: bool = True) -> Callable[..., Any]:
    kind = click.Path(exists=exists, file_okay=False, path_type=Path)
    return click.option(name, field, type=kind, metavar="DIR", required=True, help=help_)


_wave = _folder("--wave", "wave_dir", "The wave, as `loopcoder tick --plan-wave` wrote it.")
_given = _folder("--given", "given", "The folder with what earlier jobs left: work-UNIT and so on.")
_out = _folder("--out", "out", "The folder to leave the result in.", exists=False)
_unit = click.option("--unit", required=True, help="The unit of the wave that this job is for.")


@click.command("work")
@_wave
@_unit
@_out
@pass_house(defaults=True)
def work(house: House, wave_dir: Path, unit: str, out: Path) -> None:
    """Have one unit of a wave worked on: workspace, setup, work, commit.

    Needs no token. What comes of it is left in a folder for `loopcoder review`.
    """
    from loopcoder.entrypoints.running.relay.jobs import work as run
    from loopcoder.entrypoints.views.listening import LineListener

    terminal = stdout()
    terminal.say(f"{unit}: {run(house, wave_dir, unit, out, LineListener(terminal))}")


@click.command("verify")
@click.option("--base", "of_base", is_flag=True, required=True, help="Verify the base branch.")
@_out
@pass_house(from_base=True)
def verify(house: House, of_base: bool, out: Path) -> None:
    """Run the preflight, and the base's own gates where nobody has run them yet.

    Reads from the tracker and the journal, and writes to neither: the folder is for
    `loopcoder tick --plan-wave DIR --base-checked`.
    """
    from loopcoder.engine.tick.gathered import TickOptions
    from loopcoder.entrypoints.running.relay.base import look
    from loopcoder.entrypoints.running.ticking import new_run
    from loopcoder.entrypoints.views.listening import LineListener

    terminal = stdout()
    for warning in look(house, TickOptions(new_run()), out, LineListener(terminal)):
        terminal.say(f"note      {warning}")


@click.command("review")
@_wave
@_given
@_unit
@_out
@pass_house(defaults=True)
def review(house: House, wave_dir: Path, given: Path, unit: str, out: Path) -> None:
    """Judge what a work job left: change policy, gates on a fresh checkout, review.

    Needs no token. What was found is left in a folder for `loopcoder publish`.
    """
    from loopcoder.entrypoints.running.relay.jobs import judge
    from loopcoder.entrypoints.views.listening import LineListener

    terminal = stdout()
    said = judge(house, wave_dir, given, unit, out, LineListener(terminal))
    terminal.say(f"{unit}: {said}")


@click.command("integrate")
@_wave
@_given
@_out
@pass_house(defaults=True)
def integrate(house: House, wave_dir: Path, given: Path, out: Path) -> None:
    """Put the wave's commits together on the newest base, and verify the combination."""
    from loopcoder.entrypoints.running.relay.jobs import integrate as run
    from loopcoder.entrypoints.views.listening import LineListener

    terminal = stdout()
    fit, evicted = run(house, wave_dir, given, out, LineListener(terminal))
    terminal.say(f"together  {', '.join(fit) or 'nothing'}")
    for unit, reason in evicted:
        terminal.say(f"waits     {unit}: {reason}")


@click.command("publish")
@click.option(
    "--wave",
    "wave_dir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="The wave. Without one, only what the roadmap's boxes need is proposed.",
)
@click.option(
    "--given",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="The folder with what earlier jobs left: work-UNIT and so on.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@pass_house(from_base=True)
def publish(house: House, wave_dir: Path | None, given: Path | None, as_json: bool) -> None:
    """Check what the jobs of a wave left, record it, and propose what passed every gate.

    Nothing of the repository and nothing from an artifact is executed.
    """
    from loopcoder.entrypoints.running.relay.jobs import publish as run
    from loopcoder.entrypoints.views.listening import LineListener
    from loopcoder.entrypoints.views.tick import exit_code, report_json, say_report

    terminal = stderr() if as_json else stdout()
    report = run(house, wave_dir, given, LineListener(terminal))
    if as_json:
        click.echo(json.dumps(report_json(report), indent=2))
    else:
        say_report(report, terminal)
    sys.exit(exit_code(report))
