"""`loopcoder import` and `loopcoder export`: units as tasks.jsonl, and tasks as units."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from loopcoder.domain.diagnostic import Diagnostic, LoopcoderError, RoadmapError
from loopcoder.domain.issues.issue import Issue
from loopcoder.domain.journal.history import History
from loopcoder.domain.roadmap.foreign_tasks import import_any
from loopcoder.domain.roadmap.roadmap import Source, parse_roadmaps
from loopcoder.domain.roadmap.tasks import Task, export_tasks
from loopcoder.domain.roadmap.text import render_units
from loopcoder.domain.unit import Unit
from loopcoder.entrypoints.cli.context import pass_house
from loopcoder.entrypoints.running.roadmap_files import (
    append_text,
    check_addition,
    read_sources,
    write_text,
)
from loopcoder.entrypoints.views.render import diagnostic_text
from loopcoder.entrypoints.views.terminal import stderr, stdout
from loopcoder.entrypoints.wiring.bootstrap import House


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Print what would be added, and change nothing.")
@pass_house
def import_command(house: House, file: Path, dry_run: bool) -> None:
    """Add the tasks in FILE to the roadmap: tasks.jsonl, or what spec-kit, task-master, beads
    and similar tools write.

    Tasks whose id the roadmap already has are left out.
    """
    imported = import_any(_text_of(file), file.name)
    _say(imported.diagnostics)
    root, sources = house.repository.root, _sources(house)
    have = {unit.id for unit in parse_roadmaps(sources).roadmap.units}
    new = [unit for unit in imported.units if unit.id not in have]
    known = len(imported.units) - len(new)
    addition = render_units(new)
    last = sources[-1]
    text = append_text(last.text, addition)
    after = [*sources[:-1], Source(last.file, text)]
    check_addition(sources, after, {unit.id for unit in new})
    if dry_run:
        click.echo(addition, nl=False)
    elif new:
        write_text(root / last.file, text)
    verb = "would be added" if dry_run else "added"
    left = f", {known} already there" if known else ""
    stderr().say(f"{len(new)} units {verb} to {last.file}{left}")
    if any(each.is_error for each in imported.diagnostics):
        sys.exit(1)


def _text_of(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise LoopcoderError(f"{file} is not UTF-8.", "Save it as UTF-8.") from None


def _sources(house: House) -> list[Source]:
    """The roadmap's files; one that does not exist yet is empty."""
    root, files = house.repository.root, house.settings.roadmaps
    return [
        read_sources(root, [name])[0] if (root / name).exists() else Source(name, "")
        for name in files
    ]


def _say(diagnostics: Sequence[Diagnostic]) -> None:
    for each in diagnostics:
        stderr().say(diagnostic_text(each, stderr().style))


@click.command("export")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE")
@pass_house
def export_command(house: House, output: Path | None) -> None:
    """Print the roadmap's units as tasks.jsonl, one a line, with what issues and git know."""
    sources = read_sources(house.repository.root, house.settings.roadmaps)
    reading = parse_roadmaps(sources)
    _say(reading.diagnostics)
    if reading.errors:
        raise RoadmapError("The roadmap has errors; nothing was exported.")
    history = house.journal.history()
    issues = {issue.id: issue for issue in house.tracker.list_issues()}
    commits = {pull.number: pull.merged_commit for pull in house.code_host.list_pulls()}
    text = export_tasks(_task(unit, history, issues, commits) for unit in reading.roadmap.units)
    if output is None:
        click.echo(text, nl=False)
        return
    write_text(output, text)
    stdout().say(f"{len(reading.roadmap.units)} units written to {output}")


def _task(unit: Unit, history: History, issues: dict[int, Issue], commits: dict[int, str]) -> Task:
    record = history.unit(unit.id)
    made = [record.landed.head] if record.landed else []
    merged = commits.get(record.pull.number, "") if record.pull else ""
    task = Task(unit, commits=tuple(made + ([merged] if merged else [])))
    issue = issues.get(record.database_id) if record.database_id is not None else None
    if issue is None:
        return task
    closed = "" if issue.is_open else issue.updated_at.isoformat()
    return replace(
        task,
        created_at=issue.created_at.isoformat(),
        updated_at=issue.updated_at.isoformat(),
        closed_at=closed,
    )
