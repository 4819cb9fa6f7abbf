"""`loopcoder prompt UNIT`: what a worker would be told."""

from __future__ import annotations

import json

import click

from loopcoder.engine.attempt.briefing import first_brief
from loopcoder.entrypoints.cli.context import pass_house
from loopcoder.entrypoints.running.inspection import inspect
from loopcoder.entrypoints.views.terminal import stderr
from loopcoder.entrypoints.views.text import clean
from loopcoder.entrypoints.wiring.bootstrap import House
from loopcoder.entrypoints.wiring.workshop import open_workshop


@click.command("prompt")
@click.argument("unit")
@click.option("--json", "as_json", is_flag=True, help="Print text and size of each part.")
@pass_house(from_base=True)
def prompt_command(house: House, unit: str, as_json: bool) -> None:
    """Print the exact prompt of UNIT's next attempt, and about how many tokens it has."""
    look = inspect(house)
    view = look.view(unit)
    prompt = first_brief(open_workshop(house, only_look=True), view, look.snapshot.base.sha)
    if as_json:
        body = {
            "unit": view.id,
            "tokens": prompt.tokens,
            "sections": [{"name": name, "tokens": size} for name, size in prompt.sections],
            "text": prompt.text,
        }
        click.echo(json.dumps(body, indent=2))
        return
    click.echo(clean(prompt.text, keep_newlines=True))
    sizes = ", ".join(f"{name} {size}" for name, size in prompt.sections)
    stderr().say(f"about {prompt.tokens} tokens ({sizes})")
