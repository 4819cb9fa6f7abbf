"""`loopcoder adopt`: turn plain bullets, tables and hand-made issues into units."""

from __future__ import annotations

import json
import shlex

import click

from loopcoder.adapters.local.attempt_guard import refuse_inside_attempt
from loopcoder.domain.diagnostic import LoopcoderError
from loopcoder.domain.issues.binding import ADOPTED
from loopcoder.domain.issues.issue import Issue
from loopcoder.domain.journal.event import Entry, IssueBound
from loopcoder.domain.roadmap.adoption import Adoption, adopt, listed_sections
from loopcoder.domain.roadmap.ids import mint_id
from loopcoder.domain.roadmap.roadmap import Source, parse_roadmaps
from loopcoder.domain.roadmap.sections import name_key
from loopcoder.domain.roadmap.text import render_units, settle_unit
from loopcoder.domain.unit import Unit, UnitId
from loopcoder.entrypoints.cli.context import pass_house
from loopcoder.entrypoints.cli.numbers import number_of
from loopcoder.entrypoints.running.compiling import lock_of
from loopcoder.entrypoints.running.roadmap_files import (
    append_text,
    check_addition,
    read_sources,
    write_text,
)
from loopcoder.entrypoints.views.terminal import stdout
from loopcoder.entrypoints.views.text import clean
from loopcoder.entrypoints.wiring.bootstrap import House

_SUGGESTED = 5


@click.command("adopt")
@click.option("--section", default="", help="Look at this section only, whatever it is called.")
@click.option("--issue", "number", type=number_of, help="Adopt this issue instead.")
@click.option("--write", is_flag=True, help="Write it; otherwise it is only shown.")
@click.option("--json", "as_json", is_flag=True, help="Print the sections' units as JSON.")
@pass_house(defaults=True)
def adopt_command(
    house: House, section: str, number: int | None, write: bool, as_json: bool
) -> None:
    """Show which bullets, tables or issue would become units; with --write, make them so.

    A bullet gets a box, and every unit an id. An issue becomes a unit at the end of the roadmap
    and keeps its text.
    """
    if number is not None:
        if as_json:
            raise click.UsageError("--json is for sections; an issue is adopted by itself.")
        _adopt_issue(house, number, write)
        return
    root, files = house.repository.root, house.settings.roadmaps
    sources = read_sources(root, files)
    taken = _taken(house, sources)
    found: list[tuple[str, Adoption]] = []
    for source in sources:
        own = {unit.id for unit in parse_roadmaps([source]).roadmap.units}
        adoption = adopt(source.text, source.file, section, frozenset(taken - own))
        if write and adoption.text != source.text:
            write_text(root / source.file, adoption.text)
        taken |= {each.id for each in adoption.shown}
        found.append((source.file, adoption))
    if as_json:
        click.echo(json.dumps(_as_json(found, write), ensure_ascii=False, indent=2))
    else:
        _say(found, sources, section, write)


def _say(
    found: list[tuple[str, Adoption]], sources: list[Source], section: str, write: bool
) -> None:
    for file, adoption in found:
        _show(file, adoption)
    number = sum(len(adoption.shown) for _, adoption in found)
    if number:
        _say_what_now(number, write)
    else:
        _say_nothing(sources, section)


def _as_json(found: list[tuple[str, Adoption]], written: bool) -> dict[str, object]:
    units = [
        {"unit": each.id, "title": each.title, "file": file, "line": each.line, "done": each.done}
        for file, adoption in found
        for each in adoption.shown
    ]
    return {"units": units, "written": written and bool(units)}


def _taken(house: House, sources: list[Source]) -> set[str]:
    units = parse_roadmaps(sources).roadmap.units
    return {unit.id for unit in units} | set(house.journal.history().units)


def _show(file: str, adoption: Adoption) -> None:
    rows = [
        (f"  {file}:{each.line}", each.id, "done" if each.done else "", each.title)
        for each in adoption.shown
    ]
    rows += [(f"  {file}:{mint.line}", mint.id, "id only", mint.title) for mint in adoption.mints]
    stdout().table(rows)


def _say_nothing(sources: list[Source], section: str) -> None:
    """Why nothing was found, and where a person may see more than we do."""
    where = f"under “{clean(section)}”" if section else "here"
    stdout().say(f"nothing {where} reads like work that is not a unit yet")
    listed = [each for source in sources for each in listed_sections(source.text)]
    listed = [(name, number) for name, number in listed if name_key(name) != name_key(section)]
    if not listed:
        return
    stdout().say("these sections hold lists without boxes; if one is a list of work, name it:")
    stdout().table(
        [
            (f"  loopcoder adopt --section {shlex.quote(name)}", f"{number} entries")
            for name, number in sorted(listed, key=lambda each: -each[1])[:_SUGGESTED]
        ]
    )


def _say_what_now(found: int, written: bool) -> None:
    units = "1 unit" if found == 1 else f"{found} units"
    if written:
        stdout().say(f"{units} adopted; next: loopcoder plan")
    else:
        stdout().say(f"{units} would be adopted; nothing was changed (--write does it)")


def _adopt_issue(house: House, number: int, write: bool) -> None:
    refuse_inside_attempt()
    issue = house.tracker.get_issue(number)
    _refuse_bound(house, issue)
    root, files = house.repository.root, house.settings.roadmaps
    sources = read_sources(root, files)
    unit = _unit_of(issue, _taken(house, sources))
    last = sources[-1]
    text = append_text(last.text, render_units([unit]))
    after = [*sources[:-1], Source(last.file, text)]
    reading = check_addition(sources, after, {unit.id})
    stdout().say(f"  #{issue.number}  {unit.id}  {unit.title}")
    if not write:
        stdout().say("would be added to the roadmap; nothing was changed (--write does it)")
        return
    with lock_of(house):
        bound = IssueBound(reading.roadmap.plan, issue.number, issue.id, ADOPTED)
        house.journal.record(Entry(bound, unit.id, principal=f"person:{house.person.login}"))
        write_text(root / last.file, text)
    stdout().say(f"added to {last.file}; next: loopcoder plan")


def _refuse_bound(house: House, issue: Issue) -> None:
    for record in house.journal.history().bound:
        if record.database_id == issue.id:
            raise LoopcoderError(f"#{issue.number} already is {record.id}.")


def _unit_of(issue: Issue, taken: set[str]) -> Unit:
    id: UnitId = mint_id(issue.title, taken)
    return settle_unit(Unit(id, issue.title, body=issue.body))
