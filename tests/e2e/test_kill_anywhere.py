"""Killed anywhere, the next run ends in the same world."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from loopcoder.entrypoints.running.inspection import inspect
from loopcoder.entrypoints.wiring.bootstrap import open_house
from tests.support import crashing
from tests.support.project import Project, writes

ROADMAP = """\
- [ ] Store <!-- id: store -->
- [ ] Login (after: store) <!-- id: login -->
- [ ] Notes <!-- id: notes -->
- [ ] Bad <!-- id: bad -->
"""

WORK = {
    "store": [writes(store="kept")],
    "login": [writes(login="in")],
    "notes": [{"rounds": [writes(notes="RED"), writes(notes="fine")]}],
    "bad": [[{"outcome": {"status": "needs-input", "reason": "which key?"}}]],
}


def world(project: Project) -> dict[str, Any]:
    """Everything a person could count: issues, branches with their trees, pulls, attempts."""
    house = open_house(project.root, from_base=True, environ=project.environment)
    look = inspect(house)
    branches = project.git("for-each-ref", "--format=%(refname:short)", "refs/heads").split()
    return {
        "issues": issues_of(project),
        "pulls": sorted((p.branch, p.state, p.title) for p in house.code_host.list_pulls()),
        "branches": {
            b: (project.git("rev-parse", f"{b}^{{tree}}"), len(project.subjects(f"main..{b}")))
            for b in branches
        },
        "main": project.git("rev-parse", "main"),
        "tree": project.git("status", "--porcelain"),
        "states": {view.id: look.section_of(view) for view in look.snapshot.units},
        "attempts": {
            view.id: [
                (a.number, a.finished and (a.finished.outcome, a.finished.strike))
                for a in view.record.attempts
            ]
            for view in look.snapshot.units
        },
        "comments": [
            len(house.tracker.list_comments(issue.number)) for issue in house.tracker.list_issues()
        ],
        "left open": [event.fact for event in look.snapshot.history.open_effects.values()],
        "unsettled": [s for s in look.snapshot.history.spend.values() if not s.settled],
    }


def issues_of(project: Project) -> list[tuple[Any, ...]]:
    house = open_house(project.root, from_base=True, environ=project.environment)
    issues = house.tracker.list_issues()
    return sorted((i.title, i.state, tuple(sorted(i.labels))) for i in issues)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(tmp_path_factory.mktemp("template"))
    return project.begin(ROADMAP, work=WORK)


def fresh(template: Project, folder: Path) -> Project:
    """A copy of the template that has never been ticked."""
    project = Project(folder)
    shutil.copytree(template.root, project.root, symlinks=True)
    return project


@pytest.fixture(scope="module")
def expected(template: Project, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    project = fresh(template, tmp_path_factory.mktemp("undisturbed"))
    project.tick()
    return world(project)


@pytest.fixture(scope="module")
def boundaries(template: Project, tmp_path_factory: pytest.TempPathFactory) -> int:
    project = fresh(template, tmp_path_factory.mktemp("counted"))
    code, met = crashing.run(project.root, ["tick"], project.environment)
    assert code == 0
    return met


def recovers(project: Project, expected: dict[str, Any]) -> None:
    """One more tick, and the world is the one without the kill."""
    code, _ = crashing.run(project.root, ["tick"], project.environment)
    assert code == 0
    assert world(project) == expected


def at(boundaries: int, share: float) -> int:
    return min(int(boundaries * share), boundaries - 1)


@pytest.mark.parametrize("share", [0.0, 0.11, 0.23, 0.37, 0.52, 0.66, 0.81, 0.93, 1.0])
def test_a_tick_killed_at_a_boundary_is_made_good_by_the_next(
    template: Project,
    tmp_path: Path,
    expected: dict[str, Any],
    boundaries: int,
    share: float,
) -> None:
    project = fresh(template, tmp_path)
    code, _ = crashing.run(project.root, ["tick"], project.environment, at(boundaries, share))
    assert code == -9
    recovers(project, expected)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(700))
def test_a_tick_killed_at_any_boundary_is_made_good_by_the_next(
    template: Project,
    tmp_path: Path,
    expected: dict[str, Any],
    boundaries: int,
    seed: int,
) -> None:
    """Seeds walk through all boundaries first, then strike two ticks in a row."""
    rng = random.Random(seed)
    project = fresh(template, tmp_path)
    first = seed if seed < boundaries else rng.randrange(boundaries)
    crashing.run(project.root, ["tick"], project.environment, first)
    if seed >= boundaries:
        crashing.run(project.root, ["tick"], project.environment, rng.randrange(boundaries))
    recovers(project, expected)
    shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(300))
def test_a_tick_killed_at_a_random_instant_is_made_good_by_the_next(
    template: Project, tmp_path: Path, expected: dict[str, Any], seed: int
) -> None:
    project = fresh(template, tmp_path)
    delay = random.Random(seed).uniform(0.0, 3.0)
    crashing.run_and_kill_after(project.root, ["tick"], project.environment, delay)
    recovers(project, expected)
    shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.mark.parametrize("share", [0.0, 0.2, 0.4, 0.6, 0.8, 1.0])
def test_a_compile_killed_between_two_writes_is_made_good_by_the_next(
    template: Project, tmp_path: Path, share: float
) -> None:
    whole = fresh(template, tmp_path / "whole")
    code, met = crashing.run(whole.root, ["compile"], whole.environment)
    assert code == 0
    killed = fresh(template, tmp_path / "killed")
    code, _ = crashing.run(killed.root, ["compile"], killed.environment, at(met, share))
    assert code == -9
    assert crashing.run(killed.root, ["compile"], killed.environment)[0] == 0
    assert issues_of(killed) == issues_of(whole)
    assert killed.json("compile")["writes"] == 0
