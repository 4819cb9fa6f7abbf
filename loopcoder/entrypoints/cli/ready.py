"""`loopcoder ready`: what could be worked on now, and what every other unit waits for."""

from __future__ import annotations

import json

import click

from loopcoder.domain.tick import action as act
from loopcoder.domain.tick.snapshot import UnitView
from loopcoder.entrypoints.cli.context import pass_house
from loopcoder.entrypoints.running.inspection import Look, inspect
from loopcoder.entrypoints.views.terminal import stdout
from loopcoder.entrypoints.wiring.bootstrap import House

SECTIONS = (
    "ready",
    "blocked",
    "held",
    "running",
    "awaiting_merge",
    "needs_human",
    "proposed",
    "done",
    "dropped",
)


@click.command("ready")
@click.option("--json", "as_json", is_flag=True, help="Print every unit under its state.")
@pass_house(from_base=True)
def ready_command(house: House, as_json: bool) -> None:
    """List the units that could be worked on now, in the order they would be."""
    look = inspect(house)
    if as_json:
        click.echo(json.dumps(sections(look), indent=2))
        return
    terminal = stdout()
    rows = [view for view in _in_order(look) if look.section_of(view) == "ready"]
    terminal.table(
        [(v.id, f"P{v.unit.priority}", _number(v), v.unit.title) for v in rows],
        ("unit", "", "issue", "title"),
    )
    others = len(look.snapshot.units) - len(rows)
    terminal.say(f"{len(rows)} ready, {others} not (loopcoder status says why)")


def sections(look: Look) -> dict[str, list[dict[str, object]]]:
    """Units by state: the stable keys of docs/reference/json.md."""
    found: dict[str, list[dict[str, object]]] = {name: [] for name in SECTIONS}
    for view in _in_order(look):
        name = look.section_of(view)
        row: dict[str, object] = {
            "unit": view.id,
            "issue": view.issue.number if view.issue else None,
            "title": view.unit.title,
            "priority": view.unit.priority,
        }
        if name == "blocked":
            row["by"] = [blocker.name for blocker in view.blockers] or [look.reason_of(view)]
        elif name not in ("done", "dropped"):
            row["reason"] = look.reason_of(view)
        if view.open_pull:
            row["pr"] = view.open_pull.number
        found[name].append(row)
    return found


def _in_order(look: Look) -> list[UnitView]:
    """Units that would be dispatched first, in that order; the others as the roadmap has them."""
    dispatched = [a.unit for a in look.actions if isinstance(a, act.Dispatch)]
    rank = {unit: number for number, unit in enumerate(dispatched)}
    return sorted(look.snapshot.units, key=lambda v: rank.get(v.id, len(rank)))


def _number(view: UnitView) -> str:
    return f"#{view.issue.number}" if view.issue else ""
