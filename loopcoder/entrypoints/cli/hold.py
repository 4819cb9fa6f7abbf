"""`loopcoder hold`: stop dispatch, of everything or of one unit, and let it go on."""

from __future__ import annotations

import click

from loopcoder.adapters.local.attempt_guard import refuse_inside_attempt
from loopcoder.domain.issues.issue import CommandLabel
from loopcoder.domain.journal.event import Entry, Fact, Held, Released
from loopcoder.domain.unit import UnitId
from loopcoder.entrypoints.cli.context import pass_house
from loopcoder.entrypoints.cli.done import Words, done_as_json
from loopcoder.entrypoints.cli.own_words import own_words
from loopcoder.entrypoints.running.inspection import inspect
from loopcoder.entrypoints.wiring.bootstrap import House


@click.command("hold")
@click.argument("unit", required=False)
@click.option("--reason", default="", help="Why, for everybody who looks.")
@click.option("--release", is_flag=True, help="Let it go on.")
@done_as_json
@pass_house(from_base=True)
def hold_command(house: House, unit: str | None, reason: str, release: bool, as_json: bool) -> None:
    """Stop dispatching UNIT, or everything without one. Running work ends at the next safe
    point, and what it has done is kept."""
    if release and reason:
        raise click.UsageError("--reason goes with a hold, not with --release.")
    if release:
        refuse_inside_attempt()
    reason = own_words(house, reason, "the reason")
    words = Words("release" if release else "hold", as_json)
    if unit is None:
        _everything(house, reason, release, words)
    else:
        _one(house, unit, reason, release, words)


def _everything(house: House, reason: str, release: bool, words: Words) -> None:
    held = house.journal.history().hold
    if not release:
        _record(house, Held(house.person.login, reason), None)
        words.only("nothing more is dispatched; loopcoder hold --release lets it go on", None)
    elif held is None:
        text = "the repository is not held; held units are released one by one"
        words.only(text, None, noted=False)
    else:
        _record(house, Released(house.person.login), None)
        words.only("dispatch goes on with the next tick", None)


def _one(house: House, name: str, reason: str, release: bool, words: Words) -> None:
    view = inspect(house).view(name)
    labelled = view.issue is not None and CommandLabel.HOLD in view.issue.labels
    if not release:
        _record(house, Held(house.person.login, reason), view.id)
        words.only(f"{view.id} is held; loopcoder hold --release {view.id} lets it go on", view)
        return
    if view.record.held is None and not labelled:
        words.only(f"{view.id} is not held", view, noted=False)
        return
    if view.record.held is not None:
        _record(house, Released(house.person.login), view.id)
    if view.issue is not None and labelled:
        house.person_tracker.remove_label(view.issue.number, CommandLabel.HOLD)
    still = house.journal.history().hold is not None
    words.only(f"{view.id} is released" + (", but everything is held" if still else ""), view)


def _record(house: House, fact: Fact, unit: UnitId | None) -> None:
    person = f"person:{house.person.login}"
    house.journal.record(Entry(fact, unit, principal=person))
