"""`loopcoder breaker status` and `reset`: what stopped dispatch after failures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

import click

from loopcoder.adapters.local.attempt_guard import refuse_inside_attempt
from loopcoder.domain.diagnostic import NotFound
from loopcoder.domain.journal.event import BreakerReset, Entry
from loopcoder.domain.journal.history import History
from loopcoder.domain.limits.breaker import BreakerState, Position, breakers, covers
from loopcoder.entrypoints.cli.context import pass_house
from loopcoder.entrypoints.cli.done import done_as_json, say, told
from loopcoder.entrypoints.views.terminal import stdout
from loopcoder.entrypoints.wiring.bootstrap import House


@click.group("breaker", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print every breaker as JSON.")
@click.pass_context
def breaker_group(context: click.Context, as_json: bool) -> None:
    """Show or reset what stopped dispatch after failures.

    Without a verb it shows them.
    """
    if context.invoked_subcommand is None:
        context.invoke(status_command, as_json=as_json)


@breaker_group.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print every breaker as JSON.")
@pass_house(from_base=True)
def status_command(house: House, as_json: bool = False) -> None:
    """Show every breaker that has counted a failure, and what it waits for."""
    states = _states(house, house.journal_reader.history())
    if as_json:
        click.echo(json.dumps({"breakers": [_as_json(state) for state in states]}, indent=2))
        return
    shown = [state for state in states if state.failures or state.position is not Position.CLOSED]
    if not shown:
        stdout().say("every breaker is closed")
        return
    stdout().table(
        [(s.scope, s.position.replace("_", " "), _until(s), s.reason) for s in shown],
        ("breaker", "state", "until", "why"),
    )


@breaker_group.command("reset")
@click.argument("scope", default="")
@done_as_json
@pass_house(from_base=True)
def reset_command(house: House, scope: str, as_json: bool) -> None:
    """Close SCOPE (a breaker, a provider, or `repository`), or all of them."""
    refuse_inside_attempt()
    states = _states(house, house.journal.history())
    covered = [state for state in states if covers(scope, state.scope)]
    if not covered:
        raise _no_such_breaker(scope, states)
    person = house.person.login
    house.journal.record(Entry(BreakerReset(person, scope), principal=f"person:{person}"))
    for state in covered:
        if state.position is not Position.CLOSED:
            say(as_json, f"{state.scope} is closed")
    if all(state.position is Position.CLOSED for state in covered):
        say(as_json, "nothing was open; the counts start anew")
    names = {state.scope for state in covered}
    now = [each for each in _states(house, house.journal.history()) if each.scope in names]
    told(as_json, breakers=[_as_json(state) for state in now])


def _states(house: House, history: History) -> tuple[BreakerState, ...]:
    return breakers(history, house.settings.breaker, house.clock.now())


def _no_such_breaker(scope: str, states: Sequence[BreakerState]) -> NotFound:
    from difflib import get_close_matches

    known = {state.scope for state in states} | {s.provider for s in states if s.provider}
    close = get_close_matches(scope, sorted(known), n=1, cutoff=0.4)
    hint = f"Did you mean {close[0]}?" if close else "loopcoder breaker status lists them."
    return NotFound(f"there is no breaker {scope!r}.", hint)


def _until(state: BreakerState) -> str:
    if state.position is Position.OPEN and state.until:
        return f"{state.until:%Y-%m-%d %H:%M} UTC"
    return "a probe succeeds" if state.position is Position.HALF_OPEN else ""


def _as_json(state: BreakerState) -> dict[str, object]:
    return {
        "scope": state.scope,
        "provider": state.provider or None,
        "state": state.position.value,
        "failures": state.failures,
        "opened_at": _iso(state.opened_at),
        "until": _iso(state.until),
        "reason": state.reason,
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
