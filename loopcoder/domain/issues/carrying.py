"""Changing the tracker: what was finished in the old one is not asked for again in the new one.

Units keep their ids. Issues are not copied: the compiler files what is still open.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from loopcoder.domain.issues.issue import Issue
from loopcoder.domain.journal.event import Approved, CarriedOver, Entry, Proposed
from loopcoder.domain.journal.history import History
from loopcoder.domain.journal.records.unit import UnitRecord
from loopcoder.domain.unit import Box, Roadmap, Unit


def carried_entries(old: History, issues: Mapping[int, Issue], source: str) -> tuple[Entry, ...]:
    """What the new journal has to know of the old one: finished units, proposals with their
    approval, and that all this was looked at. Hand-made issues stay where they are."""
    entries = [entry for record in old.units.values() for entry in _of(record, issues, source)]
    return (*entries, Entry(CarriedOver("", source)))


def _of(record: UnitRecord, issues: Mapping[int, Issue], source: str) -> Iterator[Entry]:
    if record.filed is not None:
        return
    issue = issues.get(record.number or 0)
    if record.landed or (issue is not None and issue.is_completed):
        yield Entry(CarriedOver(Box.DONE.value, source), record.id)
    elif issue is not None and issue.is_not_planned:
        yield Entry(CarriedOver(Box.DROPPED.value, source), record.id)
    elif isinstance(record.proposed, Proposed):
        yield Entry(record.proposed, record.id)
        if isinstance(record.approved, Approved):
            yield Entry(record.approved, record.id, principal=f"person:{record.approved.by}")


def with_carried(roadmap: Roadmap, history: History) -> Roadmap:
    """The roadmap, in which an open box whose unit was finished elsewhere counts as finished: as
    long as it has no issue here, and nobody said retry."""
    if not history.carried_from:
        return roadmap
    units = tuple(_counted(unit, history.unit(unit.id)) for unit in roadmap.units)
    return replace(roadmap, units=units)


def _counted(unit: Unit, record: UnitRecord) -> Unit:
    if record.carried is None or record.number is not None or unit.box is not Box.OPEN:
        return unit
    return replace(unit, box=Box(record.carried.state))
