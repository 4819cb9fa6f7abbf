"""`loopcoder plan`: what compiling the roadmap would write."""

from __future__ import annotations

import json
import sys

import click

from loopcoder.entrypoints.cli.context import pass_house
from loopcoder.entrypoints.running.compiling import draft_plan, options_of
from loopcoder.entrypoints.views.plan import (
    minted_json,
    minted_text,
    plan_json,
    plan_text,
    summary_text,
)
from loopcoder.entrypoints.views.terminal import stderr, stdout
from loopcoder.entrypoints.wiring.bootstrap import House

PENDING = 1
INVALID = 2


@click.command("plan")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 when anything is pending.")
@click.option("--no-ids", is_flag=True, help="Do not write missing ids into the roadmap.")
@click.option("--prune", is_flag=True, help="Plan to close units that left the roadmap.")
@click.option("--force-prune", is_flag=True, help="Also when more than 20 % of them left.")
@click.option("--overwrite-drift", is_flag=True, help="Plan to replace what people edited.")
@click.option("--retitle", multiple=True, metavar="ID", help="It is the same unit. Repeatable.")
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
@pass_house(defaults=True)
def plan_command(
    house: House,
    check: bool,
    no_ids: bool,
    prune: bool,
    force_prune: bool,
    overwrite_drift: bool,
    retitle: tuple[str, ...],
    as_json: bool,
) -> None:
    """Show every write that `compile` would make, from the working tree's roadmap.

    Units without an id get one, written into the file as an invisible comment.
    """
    options = options_of(house, overwrite_drift, prune, force_prune, retitle)
    draft = draft_plan(house, options, mint=not no_ids, write_ids=not check)
    if draft.ids:
        said = minted_text(draft.ids, written=draft.written, was_clean=draft.were_clean)
        (stderr() if as_json else stdout()).say(said)
    if as_json:
        ids = {"ids": minted_json(draft.ids), "ids_written": bool(draft.ids) and draft.written}
        click.echo(
            json.dumps({**plan_json(draft.plan, draft.cost), **ids}, ensure_ascii=False, indent=2)
        )
    else:
        terminal = stdout()
        missing = len(draft.reading.unidentified)
        terminal.say(summary_text(draft.reading.roadmap, missing, draft.note))
        width = terminal.width if terminal.live else None
        terminal.say(plan_text(draft.plan, terminal.style, draft.cost, width))
    if not draft.plan.applyable:
        sys.exit(INVALID)
    if check and draft.pending:
        sys.exit(PENDING)
