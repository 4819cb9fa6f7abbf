"""The verbs against GitHub, played by the tests' server on this machine: requests, time, memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from benchmarks.compiling import MOST
from benchmarks.figures import Figure, Sizes, asked
from benchmarks.measure import Run, run_process
from benchmarks.roadmaps import roadmap_of
from loopcoder.domain.issues.issue import BLOCKED_BY, OURS
from loopcoder.domain.issues.issue_body import Marker, render_section
from loopcoder.domain.issues.unit_text import render_text
from loopcoder.domain.roadmap.roadmap import parse_roadmap
from tests.github_server.records import Item, Label
from tests.github_server.world import BOT
from tests.support.github_project import GitHubProject

PACE = timedelta(hours=1) / 500
"""GitHub takes some 500 new issues an hour."""
WORKER = {"kind": "command", "cost": "free", "run": ["true"]}
IDLE = {
    "verify": [{"run": "true"}],
    "workers": {"default": WORKER},
    "reviewer": {**WORKER, "calibration": "off", "independence": "off"},
}


def hosted(sizes: Sizes, folder: Path) -> Iterator[Figure]:
    """A first look at everything, a compile that finds nothing to do, and an idle tick."""
    count = sizes.units
    project = GitHubProject(folder).begin(roadmap_of(count), config=IDLE)
    try:
        _file(project, count)
        yield from _measured(project, count)
    finally:
        project.close()


def _measured(project: GitHubProject, count: int) -> Iterator[Figure]:
    pages = -(-count // 100)
    how = "one process, the server on the same machine: requests of the API, peak memory, wall time"
    run, requests = _timed(project, "compile", "--json")
    assert json.loads(run.stdout)["writes"] == 0
    what = f"`loopcoder compile`, {count:,} issues on GitHub, nothing kept"
    # Who we are is asked once for each token.
    yield asked(what, requests, pages + 2, run.memory, run.seconds, MOST, how)
    run, requests = _timed(project, "compile", "--json")
    assert json.loads(run.stdout)["writes"] == 0
    what = f"`loopcoder compile`, {count:,} unchanged issues on GitHub"
    yield asked(what, requests, 1, run.memory, run.seconds, MOST, how)
    project.run("hold", "--reason", "measuring")
    _timed(project, "tick", "--json")
    run, requests = _timed(project, "tick", "--json")
    what = f"`loopcoder tick`, held, {count:,} unchanged issues on GitHub"
    yield asked(what, requests, 1, run.memory, run.seconds, MOST, how)


def _timed(project: GitHubProject, *args: str) -> tuple[Run, int]:
    project.github.forget_requests()
    run = run_process(project.argv(*args), project.root, project.environment)
    made = [each for each in project.github.requests() if not each.operation.startswith("git/")]
    return run, len(made)


def _file(project: GitHubProject, count: int) -> None:
    """Every unit's issue as compile leaves it, put straight into the server: at GitHub's pace the
    writes alone would take a day. So they are as old as that pace would have made them, which
    counts: a look goes back to what was known two minutes before the last change."""
    hub, repo = project.github.hub, project.github.repo
    units = parse_roadmap(roadmap_of(count)).roadmap.units
    with hub.lock:
        who = hub.acting(BOT)
        ours = Label(repo.ids.next(), OURS, "ededed")
        repo.labels.put(ours.id, ours, who.at)
        began = who.at - count * PACE
        ids: dict[str, int] = {}
        waits: dict[str, Label] = {}
        for number, unit in enumerate(units, 1):
            text, ids[unit.id] = render_text(unit), repo.ids.next()
            at = began + number * PACE
            body = render_section(Marker(unit.id, "main", text.digest), text.block)
            item = Item(
                ids[unit.id], number, text.title, body, who.id, at, at,
                labels=(ours.id, *(waits[each].id for each in unit.after)),
                blocked_by=tuple(ids[each] for each in unit.after),
            )  # fmt: skip
            repo.items.put(number, item, at)
            waits[unit.id] = Label(repo.ids.next(), f"{BLOCKED_BY}{number}", "ededed")
            repo.labels.put(waits[unit.id].id, waits[unit.id], who.at)
        repo.last_number = count
