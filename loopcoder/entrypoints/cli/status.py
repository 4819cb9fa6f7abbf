"""`loopcoder status`: where everything stands."""

from __future__ import annotations

import json
import socket
from datetime import timedelta
from decimal import Decimal

import click

from loopcoder.domain.journal.event import TickBegun
from loopcoder.domain.limits.breaker import breakers
from loopcoder.domain.settings import Calibration
from loopcoder.entrypoints.cli.context import pass_house
from loopcoder.entrypoints.cli.ready import sections
from loopcoder.entrypoints.running.inspection import Look, inspect
from loopcoder.entrypoints.views.terminal import Terminal, stdout
from loopcoder.entrypoints.views.text import clean
from loopcoder.entrypoints.views.tick import short_run
from loopcoder.entrypoints.wiring.bootstrap import House

_COLOURS = {"done": "green", "running": "cyan", "awaiting_merge": "blue", "needs_human": "yellow"}
_ORDER = (
    "needs_human",
    "awaiting_merge",
    "proposed",
    "running",
    "ready",
    "blocked",
    "held",
    "done",
    "dropped",
)


@click.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print the same as JSON.")
@pass_house(from_base=True)
def status_command(house: House, as_json: bool) -> None:
    """Show every unit with its state and the reason, what waits for you first."""
    look = inspect(house)
    if as_json:
        click.echo(json.dumps(_as_json(look), indent=2))
        return
    terminal = stdout()
    for line in _header(look):
        terminal.say(line)
    _table(look, terminal)


def _header(look: Look) -> list[str]:
    snapshot, settings = look.snapshot, look.settings
    history = snapshot.history
    lines = [f"base      {settings.base}@{snapshot.base.sha[:7]}{_base_state(look)}"]
    if isinstance(history.tick, TickBegun):
        lines.append(f"tick      {short_run(history.tick.run)} {_how_far(history.tick)}")
    elif history.last_report:
        report = history.last_report
        said = report.summary.get("why") or report.summary.get("reason")
        why = clean(str(said or report.stop_reason))
        lines.append(f"last tick {short_run(report.run)}: {why}")
    cap = f" of ${settings.budget.day:f}" if settings.budget.day is not None else ""
    lines.append(f"spend     ${_spent_today(look):.2f}{cap} today")
    for state in breakers(history, settings.breaker, snapshot.now):
        if state.position != "closed":
            lines.append(f"breaker   {state.scope} {state.position}: {clean(state.reason)}")
    if history.hold:
        lines.append(f"hold      by {history.hold.by} {clean(history.hold.reason)}".rstrip())
    if history.sealed and history.sealed.base == snapshot.base.sha:
        lines.append("sealed    everything is done and the base is green")
    lines += [f"reviewer  {clean(line)}" for line in _reviewers(look)]
    lines += [f"note      {clean(note)}" for note in look.notes]
    return lines


def _how_far(tick: TickBegun) -> str:
    """Whether a tick that has no end goes on, as far as this machine can tell."""
    from loopcoder.adapters.sandbox.holder import is_alive

    here = tick.holder.host == socket.gethostname()
    if not here:
        return f"began on {clean(tick.holder.host)} and has not ended"
    if is_alive(tick.holder):
        return f"is at work (process {tick.holder.pid})"
    return "was killed; the next one goes on from there"


def _reviewers(look: Look) -> list[str]:
    """How far each reviewer can be trusted, where that is asked for."""
    rules = look.settings.reviewer
    if rules is None or rules.calibration is Calibration.OFF:
        return []
    return [
        f"{judge.name or judge.spec.provider}: "
        + (f"not asked: {judge.known.fault}" if judge.known.fault else judge.known.told)
        for judge in look.reviewers
    ]


def _base_state(look: Look) -> str:
    return "" if look.snapshot.base.green else f" red: {look.snapshot.base.failing}"


def _spent_today(look: Look) -> Decimal:
    since = look.snapshot.now - timedelta(hours=24)
    spends = look.snapshot.history.spend.values()
    today = look.snapshot.now.date()
    return sum((s.usd for s in spends if s.at >= since and s.at.date() == today), Decimal(0))


def _table(look: Look, terminal: Terminal) -> None:
    rows = []
    for view in sorted(look.snapshot.units, key=lambda v: _ORDER.index(look.section_of(v))):
        section = look.section_of(view)
        numbers = [f"#{view.issue.number}" if view.issue else ""]
        reason = "" if section in ("done", "dropped") else look.reason_of(view)
        rows.append((section.replace("_", " "), view.id, *numbers, reason or view.unit.title))
    terminal.table(rows, ("state", "unit", "issue", ""), wrap=True)
    counts = {name: len(found) for name, found in sections(look).items() if found}
    summary = ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in counts.items())
    terminal.say(summary or "the roadmap has no units")


def _as_json(look: Look) -> dict[str, object]:
    history = look.snapshot.history
    return {
        "base": {
            "branch": look.settings.base,
            "sha": look.snapshot.base.sha,
            "green": look.snapshot.base.green,
        },
        "units": sections(look),
        "held": history.hold is not None,
        "sealed": history.sealed is not None and history.sealed.base == look.snapshot.base.sha,
        "last_tick": history.last_report.run if history.last_report else None,
        "spend_today_usd": float(_spent_today(look)),
        "reviewers": [
            {
                "reviewer": judge.name or judge.spec.name,
                "provider": judge.spec.provider,
                "trusted": not judge.known.fault,
                "reason": judge.known.fault or judge.known.told,
            }
            for judge in look.reviewers
        ],
        "warnings": list(look.notes),
    }
