"""From the local tracker to GitHub: the shared journal learns what is finished, once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from loopcoder.domain.journal.event import Entry
from loopcoder.domain.journal.history import History

if TYPE_CHECKING:
    from loopcoder.entrypoints.wiring.bootstrap import House

SOURCE = "local"


def carried(house: House, history: History) -> Sequence[Entry]:
    """What is to be carried over into a shared journal with this history; nothing when there was
    no local tracker in this clone, or it was done before."""
    from loopcoder.adapters.journal.sqlite import SqliteJournal
    from loopcoder.adapters.local.tracker import LocalTracker
    from loopcoder.domain.issues.carrying import carried_entries
    from loopcoder.domain.issues.issue import BOT

    place = house.repository.state_dir
    old = place / "journal.db"
    if not house.shares_journal or history.carried_from or not old.is_file():
        return ()
    journal = SqliteJournal(old, house.clock, read_only=True)
    known = journal.history()
    journal.close()
    if not known.units:
        return ()
    issues = {}
    if (place / "local.db").is_file():
        tracker = LocalTracker(place / "local.db", BOT, house.clock)
        issues = {issue.number: issue for issue in tracker.list_issues()}
        tracker.close()
    return carried_entries(known, issues, SOURCE)


def carry_over(house: House) -> int:
    """Record it; returns how many units are taken as finished."""
    entries = carried(house, house.journal.history()) if house.shares_journal else ()
    if entries:
        house.journal.record(*entries)
    return sum(1 for each in entries if each.fact.kind == "unit.carried" and each.unit)
