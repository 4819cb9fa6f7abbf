"""The examination: everything that could keep a tick from working, looked at and not touched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from loopcoder.domain.diagnostic import LoopcoderError
from loopcoder.entrypoints.doctor.finding import Finding, problem
from loopcoder.entrypoints.doctor.github import look_at_github
from loopcoder.entrypoints.doctor.machine import look_at_disk, look_at_git, look_at_sandbox
from loopcoder.entrypoints.doctor.project import (
    look_at_agents,
    look_at_base,
    look_at_configuration,
    look_at_gates,
    look_at_roadmap,
    look_at_tools,
    look_at_tree,
    with_place,
)
from loopcoder.entrypoints.doctor.state import (
    look_at_branches,
    look_at_claims,
    look_at_journal,
    look_at_leftovers,
    look_at_units,
    look_at_workspaces,
)
from loopcoder.entrypoints.wiring.bootstrap import House

Look = Callable[[House], Iterator[Finding]]

_EXAMINATION: tuple[tuple[str, Look], ...] = (
    ("git", look_at_git),
    ("configuration", look_at_configuration),
    ("journal", look_at_journal),
    ("github", look_at_github),
    ("sandbox", look_at_sandbox),
    ("disk", look_at_disk),
    ("base", look_at_base),
    ("verify", look_at_gates),
    ("agents", look_at_agents),
    ("tools", look_at_tools),
    ("roadmap", look_at_roadmap),
    ("tree", look_at_tree),
    ("claims", look_at_claims),
    ("units", look_at_units),
    ("workspaces", look_at_workspaces),
    ("leftovers", look_at_leftovers),
    ("branches", look_at_branches),
)


def examine(house: House, *, repair: bool = False) -> list[Finding]:
    """Look at everything; with `repair`, mend what can be mended without losing anything."""
    findings: list[Finding] = []
    seen: set[str] = set()
    for name, look in _EXAMINATION:
        try:
            found = [_repaired(each) if repair else each for each in look(house)]
        except LoopcoderError as error:
            # One cause, such as a broken configuration, is told once: by the first to meet it.
            found = [] if error.summary in seen else _problems(name, error)
            seen.add(error.summary)
        findings += found
    return findings


def _problems(name: str, error: LoopcoderError) -> list[Finding]:
    each = [problem(name, with_place(found), found.detail) for found in error.diagnostics]
    return each or [problem(name, error.summary, error.remedy)]


def _repaired(finding: Finding) -> Finding:
    if finding.repair is None:
        return finding
    return replace(finding, repaired=finding.repair())
