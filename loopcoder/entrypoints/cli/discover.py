"""`loopcoder discover`: turn what failed on the base branch's CI into issues."""

from __future__ import annotations

import json

import click

from loopcoder.adapters.local.attempt_guard import refuse_inside_attempt
from loopcoder.domain.diagnostic import ConfigurationError
from loopcoder.engine.tick.discover import Discovery, discover
from loopcoder.entrypoints.cli.context import pass_house
from loopcoder.entrypoints.running.compiling import lock_of
from loopcoder.entrypoints.views.terminal import stdout
from loopcoder.entrypoints.views.text import clean
from loopcoder.entrypoints.wiring.bootstrap import House
from loopcoder.entrypoints.wiring.workshop import open_workshop


@click.command("discover")
@click.option("--dry-run", is_flag=True, help="Only say what was found; record and file nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
@pass_house(from_base=True)
def discover_command(house: House, dry_run: bool, as_json: bool) -> None:
    """File one issue for each failure of the base branch's CI, close those that are green again,
    and reopen those that came back. Nothing is worked on before a person approves it."""
    refuse_inside_attempt()
    if not house.on_github:
        raise ConfigurationError(
            "There is no CI to look at with `tracker: local`.",
            "Discovery reads the workflow runs of GitHub: set `tracker: github` in loopcoder.yml.",
        )
    with lock_of(house):
        found = discover(open_workshop(house), dry=dry_run)
    if as_json:
        click.echo(json.dumps(_as_json(found), indent=2))
        return
    terminal = stdout()
    rows = [(f"  {line.found.value}", line.unit, clean(line.title)) for line in found.lines]
    if rows:
        terminal.table(rows)
    for warning in found.warnings:
        terminal.say(f"note      {clean(warning)}")
    verb = "would be recorded" if dry_run else f"{found.writes} writes"
    count = len(found.lines)
    terminal.say(f"{found.looked_at} runs on {house.settings.base}, {count} failures told · {verb}")


def _as_json(found: Discovery) -> dict[str, object]:
    return {
        "failures": [
            {
                "unit": line.unit,
                "found": line.found.value,
                "title": line.title,
                "run": line.run,
                "url": line.url,
            }
            for line in found.lines
        ],
        "runs": found.looked_at,
        "writes": found.writes,
        "warnings": list(found.warnings),
    }
