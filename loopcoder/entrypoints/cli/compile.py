"""`loopcoder compile`: make the issues match the roadmap."""

from __future__ import annotations

import json
import sys

import click

from loopcoder.adapters.local.attempt_guard import refuse_inside_attempt
from loopcoder.domain.diagnostic import LoopcoderError
from loopcoder.domain.issues.plan import Plan
from loopcoder.engine.compile.apply import Applied, apply_plan
from loopcoder.entrypoints.cli.context import pass_house
from loopcoder.entrypoints.running.compiling import draft_plan, lock_of, options_of, person_clerk
from loopcoder.entrypoints.setup.migration import carry_over
from loopcoder.entrypoints.views.plan import (
    applied_text,
    compile_json,
    minted_text,
    summary_text,
)
from loopcoder.entrypoints.views.render import diagnostic_text
from loopcoder.entrypoints.views.terminal import stderr, stdout
from loopcoder.entrypoints.wiring.bootstrap import House

FAILED = 1
TRY_LATER = 75


@click.command("compile")
@click.option("--approve", metavar="DIGEST", help="Refuse unless the plan is still this one.")
@click.option("--no-ids", is_flag=True, help="Do not write missing ids into the roadmap.")
@click.option("--prune", is_flag=True, help="Close units that left the roadmap.")
@click.option("--force-prune", is_flag=True, help="Also when more than 20 % of them left.")
@click.option("--overwrite-drift", is_flag=True, help="Replace what people edited in our text.")
@click.option("--retitle", multiple=True, metavar="ID", help="It is the same unit. Repeatable.")
@click.option("--json", "as_json", is_flag=True, help="Print the plan and what was done as JSON.")
@pass_house
def compile_command(
    house: House,
    approve: str | None,
    no_ids: bool,
    prune: bool,
    force_prune: bool,
    overwrite_drift: bool,
    retitle: tuple[str, ...],
    as_json: bool,
) -> None:
    """Make the issues say what the working tree's roadmap says."""
    refuse_inside_attempt()
    options = options_of(house, overwrite_drift, prune, force_prune, retitle)
    with lock_of(house):
        carry_over(house)
        draft = draft_plan(house, options, mint=not (no_ids or approve))
        terminal = stderr() if as_json else stdout()
        if draft.ids:
            terminal.say(minted_text(draft.ids, was_clean=draft.were_clean))
        if not as_json:
            missing = len(draft.reading.unidentified)
            terminal.say(summary_text(draft.reading.roadmap, missing, draft.note))
            _say_warnings(draft.plan)
        _check_approval(draft.plan, approve)
        applied = apply_plan(draft.plan, person_clerk(house, draft.plan.plan))
    if as_json:
        click.echo(
            json.dumps(compile_json(draft.plan, applied, draft.cost), ensure_ascii=False, indent=2)
        )
    else:
        terminal.say(applied_text(draft.plan, applied, terminal.style))
    sys.exit(_exit_code(applied))


def _say_warnings(plan: Plan) -> None:
    """Errors are not among them: they are said when the plan is refused."""
    terminal = stdout()
    for each in plan.diagnostics:
        if plan.applyable:
            terminal.say(diagnostic_text(each, terminal.style))


def _check_approval(plan: Plan, approve: str | None) -> None:
    if approve is None or not plan.applyable or plan.approved_by(approve):
        return
    raise LoopcoderError(
        f"The plan is now {plan.short} and not {approve}; nothing was changed.",
        f"`loopcoder plan` shows it; then: loopcoder compile --approve {plan.short}",
    )


def _exit_code(applied: Applied) -> int:
    if applied.stopped is not None:
        return TRY_LATER
    return FAILED if applied.failed else 0
