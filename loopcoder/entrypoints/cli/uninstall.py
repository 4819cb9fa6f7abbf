"""`loopcoder uninstall`: take what is ours out of a repository, listed first."""

from __future__ import annotations

import json

import click

from loopcoder.adapters.local.attempt_guard import refuse_inside_attempt
from loopcoder.entrypoints.cli.context import pass_house
from loopcoder.entrypoints.setup.leaving import Leaving, leave, plan_leaving
from loopcoder.entrypoints.views.terminal import stdout
from loopcoder.entrypoints.views.text import clean
from loopcoder.entrypoints.wiring.bootstrap import House


@click.command("uninstall")
@click.option("--plan", "only_plan", is_flag=True, help="List it; change nothing.")
@click.option("--journal", is_flag=True, help="The journal and attestations, too: last of all.")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
@pass_house
def uninstall(house: House, only_plan: bool, journal: bool, as_json: bool) -> None:
    """Remove our label definitions, dashboard, merged branches and workspaces.

    The issues of sections are closed. Other issues, pull requests and unmerged work stay; so do
    loopcoder.yml, the roadmap and workflows, which are the repository's own files.
    """
    from loopcoder.adapters.tick_lock import tick_lock

    refuse_inside_attempt()
    plan = plan_leaving(house, journal=journal)
    if as_json:
        click.echo(json.dumps(_json(plan), ensure_ascii=False, indent=2))
    else:
        _tell(plan, journal)
    if only_plan or plan.is_empty:
        return
    said = stdout() if not as_json else None
    with tick_lock(house.state_dir):
        for line in leave(house, plan):
            if said:
                said.say(clean(line))


def _tell(plan: Leaving, journal: bool) -> None:
    terminal = stdout()
    rows = [("label", name) for name in plan.labels]
    rows += [("branch", f"{name} at {head[:7]}, merged") for name, head in plan.branches]
    rows += [("dashboard", f"#{plan.dashboard}, to be closed")] if plan.dashboard else []
    rows += [("section", f"#{number}, to be closed") for number in plan.sections]
    rows += [("ref", name) for name, _ in plan.refs]
    rows += [("folder", str(path)) for path in plan.folders]
    terminal.table([(kind, clean(what)) for kind, what in rows])
    if not rows:
        terminal.say("nothing of ours is left")
    for name in plan.left:
        terminal.say(f"kept: {clean(name)}, which nobody merged")
    if not journal:
        terminal.say("kept: the journal (--journal removes it, last of all)")


def _json(plan: Leaving) -> dict[str, object]:
    return {
        "labels": list(plan.labels),
        "dashboard": plan.dashboard,
        "sections": list(plan.sections),
        "branches": [name for name, _ in plan.branches],
        "kept_branches": list(plan.left),
        "refs": [name for name, _ in plan.refs],
        "folders": [str(path) for path in plan.folders],
    }
