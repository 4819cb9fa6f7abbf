"""How long the papers of runs are kept. Journal, commits and patches in git are not touched."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

from loopcoder.domain.journal.history import History
from loopcoder.entrypoints.wiring.bootstrap import House


def remove_old_runs(house: House) -> list[str]:
    """Remove runs older than `retention`, except those that an open attempt still writes to.

    Returns the names of what was removed. Call it under the tick's lock.
    """
    from ulid import ULID

    before = house.clock.now() - timedelta(seconds=house.settings.retention_s)
    kept = _still_open(house.journal.history())
    removed = []
    for folder in sorted(house.runs_dir.iterdir()):
        if folder.name in kept or not _is_run(folder):
            continue
        if ULID.from_str(folder.name).datetime < before:
            shutil.rmtree(folder, ignore_errors=True)
            removed.append(folder.name)
    return removed


def _still_open(history: History) -> set[str]:
    attempts = (record.current for record in history.units.values())
    return {attempt.begun.run for attempt in attempts if attempt}


def _is_run(folder: Path) -> bool:
    from ulid import ULID

    try:
        ULID.from_str(folder.name)
    except ValueError:
        return False
    return folder.is_dir() and not folder.is_symlink()
