"""`loopcoder schedule`: a timer of the user's own that ticks, and what is there of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from loopcoder.entrypoints.cli.context import pass_house
from loopcoder.entrypoints.views.terminal import stdout
from loopcoder.entrypoints.views.text import clean

if TYPE_CHECKING:
    from loopcoder.entrypoints.wiring.bootstrap import House

_kind = click.option(
    "--kind",
    type=click.Choice(["auto", "systemd", "launchd", "cron"]),
    default="auto",
    help="What keeps the time. Default: what this system has.",
)
_PAUSE = (
    "GitHub pauses a workflow's own schedule after 60 days without activity in a public "
    "repository; this timer goes on as long as the machine does"
)


@click.group("schedule")
def schedule() -> None:
    """Tick by a timer of this machine: systemd, launchd or cron."""


@schedule.command("install")
@_kind
@click.option("--every", type=click.IntRange(5, 1380), default=30, show_default=True,
              help="Minutes between two ticks.")  # fmt: skip
@click.option("--show", is_flag=True, help="Print what would be written, and write nothing.")
@pass_house(from_base=True)
def install(house: House, kind: str, every: int, show: bool) -> None:
    """Install the timer, or change it. The configuration must be committed."""
    from loopcoder.entrypoints.setup.scheduling import Schedule

    _ = house.settings  # refuses what is not committed, before anything is touched
    plan = Schedule.of(house, kind, every)
    terminal = stdout()
    if show:
        for name, content in plan.files().items():
            terminal.say(f"# {name}")
            terminal.say(content.decode())
        return
    plan.install()
    terminal.say(f"installed {plan.kind}: a tick every {every} minutes in {clean(str(plan.root))}")
    for path in plan.standing().files:
        terminal.say(f"wrote     {clean(str(path))}")
    for note in plan.notes():
        terminal.say(f"note      {clean(note)}")


@schedule.command("remove")
@_kind
@pass_house(defaults=True)
def remove(house: House, kind: str) -> None:
    """Remove the timer of this repository."""
    from loopcoder.entrypoints.setup.scheduling import Schedule

    plan = Schedule.of(house, kind)
    stdout().say(f"removed {plan.kind}" if plan.remove() else "there is no timer")


@schedule.command("status")
@_kind
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@pass_house(defaults=True)
def status(house: House, kind: str, as_json: bool) -> None:
    """Say whether there is a timer here, and when the last tick was."""
    from loopcoder.entrypoints.setup.scheduling import Schedule

    plan = Schedule.of(house, kind)
    found = plan.standing()
    last = plan.last_tick()
    workflow = (plan.root / ".github" / "workflows" / "loopcoder.yml").is_file()
    if as_json:
        row = {
            "kind": plan.kind,
            "installed": bool(found.files) or found.active,
            "active": found.active,
            "files": [str(path) for path in found.files],
            "last_tick": last.isoformat() if last else None,
            "workflow": workflow,
        }
        click.echo(json.dumps(row, indent=2))
        return
    terminal = stdout()
    state = "active" if found.active else "installed, not active" if found.files else "none"
    terminal.say(f"timer     {plan.kind}: {state}" if plan.kind != "none" else "timer     none")
    for path in found.files:
        terminal.say(f"file      {clean(str(path))}")
    terminal.say(f"last tick {f'{last:%Y-%m-%d %H:%M %Z}' if last else 'none'}")
    if workflow:
        terminal.say(f"workflow  .github/workflows/loopcoder.yml; {_PAUSE}")
    for note in plan.notes() if found.files else ():
        terminal.say(f"note      {clean(note)}")
