"""How a unit's record changes by an event, whatever it is about."""

from __future__ import annotations

from loopcoder.domain.journal.event import Event
from loopcoder.domain.journal.folds.attempt import attempts_after
from loopcoder.domain.journal.folds.change import change_after
from loopcoder.domain.journal.folds.issue import issue_after
from loopcoder.domain.journal.folds.word import words_after
from loopcoder.domain.journal.records.unit import UnitRecord

_TOPICS = (issue_after, words_after, change_after, attempts_after)
"""A fact is about one of these at the most; to the others it changes nothing."""


def unit_after(record: UnitRecord, event: Event) -> UnitRecord:
    """The record after one event of its unit: the very same one if the event changes nothing."""
    for after in _TOPICS:
        record = after(record, event)
    return record
