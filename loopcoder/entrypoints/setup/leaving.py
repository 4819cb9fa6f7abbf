"""Leaving: what of a repository is ours, as a list first; then exactly that is removed.

Issues and pull requests stay as they are, and so does work that nobody merged. The journal is
the memory of it all: it goes last, and only when that is asked for.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from loopcoder.domain.diagnostic import LoopcoderError
from loopcoder.domain.issues.issue import CloseReason, PullState
from loopcoder.domain.issues.label_set import is_our_label
from loopcoder.domain.journal.history import History
from loopcoder.domain.tick.branch import PREFIX, needed_by
from loopcoder.entrypoints.wiring.bootstrap import House

KEPT_REFS = "refs/loopcoder"


@dataclass(frozen=True, slots=True)
class Leaving:
    """`sections` are the open issues of the roadmap's sections, `branches` merged ones with the
    commits they point to, `left` those that nobody merged.
    `refs` are on the remote, `folders` on this machine."""

    labels: tuple[str, ...] = ()
    dashboard: int | None = None
    sections: tuple[int, ...] = ()
    branches: tuple[tuple[str, str], ...] = ()
    left: tuple[str, ...] = ()
    refs: tuple[tuple[str, str], ...] = ()
    folders: tuple[Path, ...] = ()

    @property
    def is_empty(self) -> bool:
        some = self.labels or self.sections or self.branches or self.refs or self.folders
        return not some and self.dashboard is None


def plan_leaving(house: House, *, journal: bool) -> Leaving:
    """Everything of ours that can be removed, looked at and not touched."""
    history = _history(house)
    merged, left = _branches(house)
    return Leaving(
        labels=tuple(name for name in house.tracker.list_labels() if is_our_label(name)),
        dashboard=_dashboard(house, history),
        sections=_sections(house, history),
        branches=merged,
        left=left,
        refs=tuple(house.github.remote.refs(KEPT_REFS)) if journal and house.on_github else (),
        folders=tuple(_folders(house, journal)),
    )


def _history(house: House) -> History:
    """What is known; nothing where the journal cannot be read, as when it is half gone."""
    try:
        return house.journal_reader.history()
    except LoopcoderError:
        return History()


def _dashboard(house: House, history: History) -> int | None:
    ours = history.dashboard
    issues = house.tracker.list_issues()
    found = next((i for i in issues if ours and i.id == ours.database_id and i.is_open), None)
    return found.number if found else None


def _sections(house: House, history: History) -> tuple[int, ...]:
    ours = {record.database_id for record in history.sections.values()}
    return tuple(i.number for i in house.tracker.list_issues() if i.is_open and i.id in ours)


def _branches(house: House) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    heads = dict(house.code_host.list_branches(PREFIX))
    pulls = house.code_host.list_pulls()
    needed = needed_by(pulls)
    merged = {
        (pull.branch, pull.head)
        for pull in pulls
        if pull.state is PullState.MERGED and pull.branch not in needed
    }
    gone = tuple(item for item in heads.items() if item in merged)
    return gone, tuple(sorted(heads.keys() - {name for name, _ in gone}))


def _folders(house: House, journal: bool) -> Iterator[Path]:
    if house.cache_dir.is_dir():
        yield house.cache_dir
    if journal:
        yield house.repository.state_dir


def leave(house: House, plan: Leaving) -> Iterator[str]:
    """Remove what the plan lists, and say each thing when it is gone. What fails ends it: called
    again, it goes on with what is left."""
    if plan.dashboard is not None:
        house.tracker.close_issue(plan.dashboard, CloseReason.COMPLETED)
        yield f"closed the dashboard #{plan.dashboard}"
    for number in plan.sections:
        house.tracker.close_issue(number, CloseReason.NOT_PLANNED)
        yield f"closed #{number}, the issue of a section"
    for branch, head in plan.branches:
        house.code_host.delete_branch(branch, head)
        yield f"deleted the branch {branch}"
    for label in plan.labels:
        house.tracker.delete_label(label)
        yield f"deleted the label {label}"
    for ref, commit in plan.refs:
        house.github.remote.drop_ref(ref, commit)
        yield f"deleted {ref}"
    for folder in plan.folders:
        shutil.rmtree(folder, ignore_errors=False)
        yield f"removed {folder}"
