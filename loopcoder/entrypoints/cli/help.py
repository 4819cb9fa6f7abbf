"""`loopcoder help`: a page of the reference, or what a verb's --help says."""

from __future__ import annotations

import json
import shutil

import click

from loopcoder.entrypoints.cli.verbs import VERBS, load_verb
from loopcoder.entrypoints.views.pages import page, part, topics
from loopcoder.entrypoints.views.terminal import stdout


@click.command("help")
@click.argument("topic", default="")
@click.argument("heading", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def help_command(topic: str, heading: tuple[str, ...], as_json: bool) -> None:
    """Print the reference page about TOPIC, or what stands there under HEADING.

    Without a TOPIC the pages are listed. Of a verb it is what VERB --help says.
    """
    if not topic:
        _list(as_json)
        return
    text = _verb(topic) if topic in VERBS else _page(topic, " ".join(heading))
    if as_json:
        click.echo(json.dumps({"topic": topic, "text": text}, ensure_ascii=False, indent=2))
    elif stdout().live and text.count("\n") >= shutil.get_terminal_size().lines:
        click.echo_via_pager(text)
    else:
        click.echo(text.rstrip())


def _page(topic: str, heading: str) -> str:
    return part(topic, heading) if heading else page(topic)


def _verb(name: str) -> str:
    command = load_verb(name, VERBS[name])
    outer = click.get_current_context().find_root()
    return click.Context(command, parent=outer, info_name=name).get_help()


def _list(as_json: bool) -> None:
    known = topics()
    if as_json:
        click.echo(json.dumps({"topics": known}, ensure_ascii=False, indent=2))
        return
    stdout().table(list(known.items()), ("page", "about"))
    stdout().say("loopcoder help PAGE prints one, loopcoder --help lists the verbs")
