"""What became of a unit's finished change: its pull request, or its landing."""

from __future__ import annotations

from dataclasses import replace

from loopcoder.domain.journal import event as e
from loopcoder.domain.journal.records.pull import PullRecord
from loopcoder.domain.journal.records.unit import UnitRecord


def change_after(record: UnitRecord, event: e.Event) -> UnitRecord:
    """The record after one event of its unit, if the event is about the finished change."""
    fact = event.fact
    match fact:
        case e.Landed():
            return replace(record, landed=fact)
        case e.PullOpened():
            return replace(record, pull=_opened(fact))
        case e.ReviewRequested() if record.pull and record.pull.number == fact.number:
            return replace(record, pull=replace(record.pull, review_requested=True))
        case e.PullReopened() if record.needs_human and record.needs_human.closed == fact.number:
            return replace(record, needs_human=None)
        case e.BranchKept() if record.pull and record.pull.branch == fact.branch:
            return replace(record, pull=replace(record.pull, kept_at=fact.head))
        case e.PullTold() if record.pull and record.pull.number == fact.number:
            return replace(record, pull=replace(record.pull, told=fact.sha256))
        case e.PullUpdated():
            return replace(record, pull=_updated(record.pull, fact))
        case _:
            return record


def _opened(fact: e.PullOpened) -> PullRecord:
    return PullRecord(fact.number, fact.branch, fact.head, written=fact.written)


def _updated(before: PullRecord | None, fact: e.PullUpdated) -> PullRecord:
    pull = before or PullRecord(fact.number, "", "")
    answered = pull.answered | frozenset(fact.answered)
    fix_ups = pull.fix_ups + 1
    return replace(pull, head=fact.head, answered=answered, fix_ups=fix_ups, written=fact.written)
