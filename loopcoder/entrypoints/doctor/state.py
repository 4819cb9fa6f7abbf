"""What earlier ticks left: the journal, claims, stuck units, workspaces, branches."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from loopcoder.adapters.sandbox.holder import is_alive
from loopcoder.adapters.tick_lock import tick_lock
from loopcoder.domain.diagnostic import LoopcoderError, TryLater
from loopcoder.domain.journal.history import History
from loopcoder.domain.journal.records.unit import UnitRecord
from loopcoder.domain.tick.branch import PREFIX
from loopcoder.domain.unit import UnitId
from loopcoder.entrypoints.doctor.finding import Finding, Level, fine, note, warning
from loopcoder.entrypoints.running.mending import how_to_mend
from loopcoder.entrypoints.wiring.bootstrap import House
from loopcoder.ports.workspace import Workspace, WorkspaceKey

_MANY_CLAIMS = 3


def look_at_journal(house: House) -> Iterator[Finding]:
    broken = house.journal_reader.verify()
    if broken is None:
        length = house.journal_reader.history().length
        words = f"{length} events, and the chain of hashes holds" if length else "nothing yet"
        yield fine("journal", words)
        return
    if house.shares_journal:
        house.journal_reader.history()  # whoever reads it meets the same: told once, from here
        said = f"it cannot be trusted from {broken}"
        yield Finding("journal", Level.PROBLEM, said, how_to_mend(house))
        return
    yield Finding(
        "journal",
        Level.PROBLEM,
        f"it cannot be trusted from {broken}",
        how_to_mend(house),
        partial(_rebuild, house),
    )


def _rebuild(house: House) -> str:
    try:
        house.journal.history()
    except LoopcoderError as error:
        house.journal_reader.close()
        return str(error)
    return "it is readable again"


def look_at_claims(house: House) -> Iterator[Finding]:
    """Claims whose process is gone: the next tick takes them over, so nothing is to be mended."""
    stale = [
        record.id
        for record in _records(house)
        if record.claim and not is_alive(record.claim.holder)
    ]
    if stale:
        yield note(
            "claims",
            f"held by processes that are gone: {_some(stale)}",
            "The next tick takes them over, at the stage where they stopped.",
        )


def look_at_units(house: House) -> Iterator[Finding]:
    waiting = [record.id for record in _records(house) if record.needs_human]
    if waiting:
        yield warning(
            "units",
            f"waiting for a person: {_some(waiting)}",
            "`loopcoder explain UNIT` says why; `loopcoder retry UNIT` tries again.",
        )
    breaking = [
        record.id
        for record in _records(house)
        if record.current and record.current.claims > _MANY_CLAIMS
    ]
    if breaking:
        yield warning(
            "units",
            f"interrupted again and again: {_some(breaking)}",
            "`loopcoder log UNIT` shows where; `loopcoder hold UNIT` leaves it out.",
        )


def look_at_workspaces(house: House) -> Iterator[Finding]:
    """Workspaces of attempts that are over. What exists nowhere else is kept as a patch."""
    if not house.cache_dir.exists():
        return
    history = _history(house)
    orphans = [
        each for each in house.workspaces.list_workspaces() if not _in_use(each.key, history)
    ]
    if orphans:
        names = _some([f"{each.key.unit} ({each.key.attempt})" for each in orphans])
        yield warning(
            "workspaces",
            f"left by attempts that are over: {names}",
            "`loopcoder doctor --fix` saves their changes as patches and removes them.",
            partial(_remove_workspaces, house, orphans),
        )


def look_at_leftovers(house: House) -> Iterator[Finding]:
    """Checkouts and half-made folders of a process that was killed."""
    cache = house.cache_dir
    left = [*cache.glob("checkouts/*"), *cache.glob("trash/*"), *cache.glob("units/*/.*")]
    if left and not _tick_at_work(house):
        yield warning(
            "leftovers",
            f"{len(left)} folders of a killed process in {cache}",
            "`loopcoder doctor --fix` removes them; nothing in them is work.",
            partial(_sweep, house),
        )


def look_at_branches(house: House) -> Iterator[Finding]:
    """Branches of ours that no unit in the journal knows. They may hold commits: never deleted."""
    git = house.repository.git
    listed = git.text("for-each-ref", "--format=%(refname:lstrip=2)", f"refs/heads/{PREFIX}")
    history = _history(house)
    known = {name.rsplit("/", 1)[-1] for name in map(str, history.units)}
    strays = [name for name in listed.splitlines() if name.rsplit("/", 1)[-1] not in known]
    if strays:
        yield warning(
            "branches",
            f"not made by any attempt on record: {_some(strays)}",
            "Look at them; `git branch -D NAME` removes one.",
        )


def _history(house: House) -> History:
    return house.journal_reader.history()


def _records(house: House) -> list[UnitRecord]:
    return list(_history(house).units.values())


def _in_use(key: WorkspaceKey, history: History) -> bool:
    """Whether the attempt may still go on: it is the unit's newest, and was not finished."""
    current = history.unit(key.unit).current
    return current is not None and current.number == key.attempt


def _remove_workspaces(house: House, orphans: list[Workspace]) -> str:
    patches = house.state_dir / "rescued"
    saved = []
    with tick_lock(house.state_dir):
        for each in orphans:
            patch = _free(patches / f"{each.key.unit}-{each.key.attempt}.patch")
            house.workspaces.discard_workspace(each.key, rescue=patch)
            saved += [patch.name] if patch.exists() else []
    kept = f"; saved in {patches}: {_some(saved)}" if saved else ""
    return f"removed {len(orphans)}{kept}"


def _free(path: Path) -> Path:
    """A name that nothing has yet: an earlier patch is never overwritten."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    number, free = 2, path
    while free.exists():
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    return free


def _sweep(house: House) -> str:
    with tick_lock(house.state_dir):
        house.sweep()
    return "removed"


def _tick_at_work(house: House) -> bool:
    try:
        with tick_lock(house.state_dir):
            return False
    except TryLater:
        return True


def _some(names: list[str] | list[UnitId]) -> str:
    shown = ", ".join(names[:6])
    return f"{shown} and {len(names) - 6} more" if len(names) > 6 else shown
