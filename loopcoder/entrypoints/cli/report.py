"""`loopcoder report`: what a tick did, or everything since a day."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from loopcoder.domain.diagnostic import ConfigurationError, NotFound
from loopcoder.entrypoints.cli.context import pass_house
from loopcoder.entrypoints.views.body import without_pictures
from loopcoder.entrypoints.views.quantities import parse_duration
from loopcoder.entrypoints.views.terminal import stdout
from loopcoder.entrypoints.views.text import clean
from loopcoder.entrypoints.wiring.bootstrap import House


@click.command("report")
@click.argument("run", required=False)
@click.option("--since", help="Every report since a date (2026-03-01) or a time ago (12h, 7d).")
@click.option("--json", "as_json", is_flag=True, help="Print the reports as JSON.")
@pass_house
def report_command(house: House, run: str | None, since: str | None, as_json: bool) -> None:
    """Print the report of RUN (an id or the end of one), by default the last that did something."""
    found = _since(house, since) if since else [_one(house, run)]
    if as_json:
        rows = [json.loads((folder / "report.json").read_text()) for folder in found]
        click.echo(json.dumps(rows if since else rows[0], indent=2))
        return
    told = [folder for folder in found if _did_something(folder)] or found[-1:]
    for folder in told:
        text = clean((folder / "report.md").read_text(), keep_newlines=True)
        click.echo(without_pictures(text) if stdout().live else text)
    if len(told) < len(found):
        idle = len(found) - len(told)
        ticks = "1 tick" if idle == 1 else f"{idle} ticks"
        click.echo(f"left out: {ticks} without work (--json has all)")


def _folders(house: House) -> list[Path]:
    """The runs that have a report, oldest first: their names are ordered by time."""
    return sorted(f.parent for f in house.runs_dir.glob("*/report.json"))


def _one(house: House, run: str | None) -> Path:
    folders = _folders(house)
    if not folders:
        raise NotFound("there is no report yet.", "loopcoder tick writes one.")
    if run is None:
        worked = [f for f in folders if _did_something(f)]
        return (worked or folders)[-1]
    found = [f for f in folders if f.name.lower().endswith(run.lower())]
    if not found:
        raise NotFound(f"no run ends in {run!r}.", f"The last one is {folders[-1].name}.")
    return found[-1]


def _did_something(folder: Path) -> bool:
    units = json.loads((folder / "report.json").read_text())["units"]
    return any(row["attempt"] is not None for row in units)


def _since(house: House, since: str) -> list[Path]:
    from ulid import ULID

    begin = _moment(since, house.clock.now())
    found = [f for f in _folders(house) if ULID.from_str(f.name).datetime >= begin]
    if not found:
        raise NotFound(f"there is no report since {begin:%Y-%m-%d %H:%M}.")
    return found


def _moment(since: str, now: datetime) -> datetime:
    """A date, or so long ago."""
    try:
        given = datetime.fromisoformat(since)
        return given if given.tzinfo else given.replace(tzinfo=UTC)
    except ValueError:
        pass
    try:
        return datetime.fromtimestamp(now.timestamp() - parse_duration(since), UTC)
    except ValueError:
        raise ConfigurationError(
            f"--since {since!r} is neither a date nor a time.", "Write 2026-03-01, 12h or 7d."
        ) from None
