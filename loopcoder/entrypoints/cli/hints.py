"""`loopcoder hints`: what agents noted for one another, and a person's way to have it forgotten."""

from __future__ import annotations

import json

import click

from loopcoder.adapters.local.attempt_guard import refuse_inside_attempt
from loopcoder.domain.diagnostic import NotFound
from loopcoder.domain.journal.event import Entry, Forgotten
from loopcoder.entrypoints.cli.context import pass_house
from loopcoder.entrypoints.cli.done import done_as_json, say, told
from loopcoder.entrypoints.views.terminal import stdout
from loopcoder.entrypoints.views.text import clean
from loopcoder.entrypoints.wiring.bootstrap import House


@click.group("hints", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print every hint as JSON.")
@click.pass_context
def hints_group(context: click.Context, as_json: bool) -> None:
    """Show or forget what agents noted of this repository for one another.

    Without a verb it shows them.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_command, as_json=as_json)


@hints_group.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print every hint as JSON.")
@pass_house
def list_command(house: House, as_json: bool = False) -> None:
    """Show every hint that later prompts may carry, the newest first."""
    hints = sorted(house.journal_reader.history().hints.values(), key=lambda h: h.at, reverse=True)
    if as_json:
        rows = [
            {
                "hint": each.name,
                "text": each.text,
                "paths": list(each.paths),
                "unit": each.unit,
                "at": each.at.isoformat(),
            }
            for each in hints
        ]
        click.echo(json.dumps({"hints": rows}, indent=2))
        return
    if not hints:
        stdout().say("no agent has noted anything yet")
        return
    stdout().table(
        [(h.name, str(h.unit or ""), ", ".join(map(clean, h.paths)), clean(h.text)) for h in hints],
        ("hint", "from unit", "about", "what it says"),
    )


@hints_group.command("forget")
@click.argument("names", nargs=-1, required=True)
@done_as_json
@pass_house(from_base=True)
def forget_command(house: House, names: tuple[str, ...], as_json: bool) -> None:
    """Never show the hints NAMES again, whoever notes the same."""
    refuse_inside_attempt()
    known = house.journal.history().hints
    for name in names:
        if name not in known:
            raise NotFound(f"there is no hint {name!r}.", "`loopcoder hints` lists them.")
    person = house.person.login
    words = (Forgotten(person, name) for name in names)
    house.journal.record(*(Entry(word, principal=f"person:{person}") for word in words))
    say(as_json, f"{len(names)} forgotten")
    told(as_json, forgotten=list(names))
