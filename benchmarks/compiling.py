"""The verbs that people wait for, as whole processes on a real repository."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figure, Sizes, noted, weighed
from benchmarks.measure import Run, run_process
from benchmarks.roadmaps import roadmap_of
from tests.support.project import Project

MOST = 200_000_000
READERS = (("plan", "--json"), ("ready", "--json"), ("status", "--json"))


def compile_verb(sizes: Sizes, folder: Path) -> Iterator[Figure]:
    """The first compile files every issue; the second finds nothing to do."""
    project = _project(folder / "compiled", sizes.compiled)
    first, second = _timed(project, "compile"), _timed(project, "compile")
    how = "one process; every issue is three journal entries and one row, each flushed to disk"
    yield noted(f"`loopcoder compile`, {sizes.compiled:,} new issues", first.seconds, how)
    how = "one process"
    yield noted(f"`loopcoder compile`, {sizes.compiled:,} unchanged", second.seconds, how)


def large_roadmap(sizes: Sizes, folder: Path) -> Iterator[Figure]:
    """Peak memory and time of the verbs that look at everything."""
    project = _project(folder / "large", sizes.units)
    how = "one process: wall time and peak resident memory"
    run = _timed(project, "plan", "--json")
    yield weighed(f"`loopcoder plan`, {sizes.units:,} new units", *_cost(run), MOST, how)
    run = _timed(project, "compile", "--json")
    yield weighed(f"`loopcoder compile`, {sizes.units:,} new issues", *_cost(run), MOST, how)
    for verb, *options in READERS:
        run = _timed(project, verb, *options)
        yield weighed(f"`loopcoder {verb}`, {sizes.units:,} filed issues", *_cost(run), MOST, how)


def _project(folder: Path, units: int) -> Project:
    limits = {"issues_per_day": max(units, 100)}
    return Project(folder).begin(roadmap_of(units), config={"limits": limits})


def _timed(project: Project, *args: str) -> Run:
    return run_process(project.argv(*args), project.root, project.environment)


def _cost(run: Run) -> tuple[int, float]:
    return run.memory, run.seconds
