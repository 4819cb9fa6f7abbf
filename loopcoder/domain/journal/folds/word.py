"""What people said about a unit, and what waits for their word."""

from __future__ import annotations

from dataclasses import replace

from loopcoder.domain.journal import event as e
from loopcoder.domain.journal.records.unit import UnitRecord, Waiver


def words_after(record: UnitRecord, event: e.Event) -> UnitRecord:
    """The record after one event of its unit, if the event is a person's word or asks for one."""
    fact = event.fact
    match fact:
        case e.Approved():
            return replace(record, approved=fact, heard_until=fact.said_at or event.at)
        case e.Retried():
            return _retried(record, event, fact)
        case e.Held():
            return replace(record, held=fact)
        case e.Released():
            return replace(record, held=None)
        case e.EdgeAdded() | e.EdgeWaived():
            return with_word(record, fact)
        case e.NeedsHuman():
            return replace(record, needs_human=fact)
        case _:
            return record


def with_word(record: UnitRecord, word: e.EdgeAdded | e.EdgeWaived) -> UnitRecord:
    """The record once a person added or waived an edge."""
    if isinstance(word, e.EdgeAdded):
        return replace(
            record,
            added_edges=record.added_edges | {word.blocker},
            waivers=tuple(w for w in record.waivers if w.blocker != word.blocker),
        )
    return replace(
        record,
        added_edges=record.added_edges - {word.blocker},
        waivers=(*record.waivers, Waiver(word.blocker, word.edges_digest, word.by)),
    )


def _retried(record: UnitRecord, event: e.Event, fact: e.Retried) -> UnitRecord:
    """A person's word starts all counts anew: strikes, and the fix-ups of the pull request."""
    return replace(
        record,
        needs_human=None,
        retried_at=event.at,
        retry=fact,
        heard_until=fact.said_at or event.at,
        pull=replace(record.pull, fix_ups=0) if record.pull else None,
        carried=None,
    )
