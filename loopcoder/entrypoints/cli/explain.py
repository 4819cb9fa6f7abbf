"""`loopcoder explain UNIT`: why it is, or is not, being worked on."""

from __future__ import annotations

import json

import click

from loopcoder.domain.review.dispute import Round, rounds_of, told
from loopcoder.domain.tick import action as act
from loopcoder.domain.tick.snapshot import UnitView
from loopcoder.entrypoints.cli.context import pass_house
from loopcoder.entrypoints.running.inspection import Look, inspect
from loopcoder.entrypoints.running.section import SectionIssue, section_named
from loopcoder.entrypoints.views.terminal import stdout
from loopcoder.entrypoints.views.text import clean
from loopcoder.entrypoints.views.tick import exchange_json
from loopcoder.entrypoints.wiring.bootstrap import House


@click.command("explain")
@click.argument("unit")
@click.option("--json", "as_json", is_flag=True, help="Print the decision as JSON.")
@pass_house(from_base=True)
def explain_command(house: House, unit: str, as_json: bool) -> None:
    """Say why UNIT is or is not being worked on, from the same decision the tick takes."""
    look = inspect(house)
    section = section_named(unit, look.snapshot.history)
    if section is not None:
        _explain_section(look, section, as_json)
        return
    view = look.view(unit)
    if as_json:
        click.echo(json.dumps(_as_json(look, view), indent=2))
        return
    terminal = stdout()
    terminal.say(f"{terminal.style(view.id, 'bold')}: {clean(look.reason_of(view))}")
    terminal.table([(f"  {name}", value) for name, value in _inputs(look, view)], wrap=True)


def _explain_section(look: Look, section: SectionIssue, as_json: bool) -> None:
    """A section waits for its units: where each of them stands is the reason."""
    views = [look.view(unit) for unit in section.units if look.has(unit)]
    if as_json:
        units = [{"unit": view.id, "state": look.section_of(view)} for view in views]
        told = {"unit": section.id, "issue": section.number, "reason": section.told}
        click.echo(json.dumps({**told, "units": units}, indent=2))
        return
    terminal = stdout()
    terminal.say(section.told)
    rows = ((view.id, look.section_of(view).replace("_", " ")) for view in views)
    terminal.table([(f"  {unit}", state) for unit, state in rows])


def _inputs(look: Look, view: UnitView) -> list[tuple[str, str]]:
    """What the decision was taken on."""
    record, unit = view.record, view.unit
    action = look.action_of(view.id)
    name = type(action).__name__.lower() if action else "none"
    place = f"{unit.file}:{unit.line}" if unit.file else f"proposed ({unit.section})"
    limit = look.settings.limits.attempts
    rows = [
        ("title", unit.title),
        ("state", look.section_of(view).replace("_", " ")),
        ("decision", name),
        ("roadmap", place),
        ("issue", f"#{view.issue.number} {view.issue.state}" if view.issue else "not filed"),
        ("priority", f"P{unit.priority}, {look.snapshot.depth.get(view.id, 1) - 1} wait behind it"),
        ("attempts", f"{len(record.attempts)}, {len(record.struck)} of {limit} strikes"),
    ]
    rows += [("held back", clean(waiting)) for waiting in look.held_back(view.id)]
    rows += [("blocker", f"{b.name}: {b.state}") for b in view.blockers]
    if view.open_pull:
        rows.append(("pull request", f"#{view.open_pull.number} at {view.open_pull.head[:7]}"))
    for attempt in record.attempts[-3:]:
        outcome = attempt.finished.reason if attempt.finished else "not finished"
        rows.append((f"attempt {attempt.number}", clean(outcome)))
        rounds = rounds_of(look.snapshot.history, view.id, attempt)
        rows += [("", clean(told(each))) for each in rounds if len(rounds) > 1]
    if isinstance(action, act.Dispatch):
        rows.append(("worker", action.worker))
    return rows


def _last_rounds(look: Look, view: UnitView) -> tuple[Round, ...]:
    attempts = view.record.attempts
    return rounds_of(look.snapshot.history, view.id, attempts[-1]) if attempts else ()


def _as_json(look: Look, view: UnitView) -> dict[str, object]:
    action = look.action_of(view.id)
    return {
        "unit": view.id,
        "state": look.section_of(view),
        "decision": type(action).__name__.lower() if action else None,
        "reason": look.reason_of(view),
        "blockers": [{"name": b.name, "state": b.state.value} for b in view.blockers],
        "held_back": look.held_back(view.id),
        "attempts": len(view.record.attempts),
        "exchange": exchange_json(_last_rounds(look, view)),
        "strikes": len(view.record.struck),
        "issue": view.issue.number if view.issue else None,
        "pr": view.open_pull.number if view.open_pull else None,
    }
