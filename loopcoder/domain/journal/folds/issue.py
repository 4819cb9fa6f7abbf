"""How a unit came to be, which issue it is, and what was last written there."""

from __future__ import annotations

from dataclasses import replace

from loopcoder.domain.journal import event as e
from loopcoder.domain.journal.records.ci import ci_after
from loopcoder.domain.journal.records.unit import UnitRecord, Waiver
from loopcoder.domain.unit import DEFAULT_PLAN, digest_edges


def issue_after(record: UnitRecord, event: e.Event) -> UnitRecord:
    """The record after one event of its unit, if the event is about the issue."""
    fact = event.fact
    match fact:
        case e.EffectBegun() if fact.verb == "issue.create":
            return replace(record, create_intent=event)
        case e.EffectFinished() if _was_refused(record, fact):
            return replace(record, create_intent=None)
        case e.IssueBound():
            return replace(_bound(record, fact, fact.how), plan=fact.plan, create_intent=None)
        case e.UnitApplied():
            return replace(record, applied=fact, waivers=_still_waived(record, fact))
        case e.Proposed():
            return replace(record, proposed=fact)
        case e.CiFailed() | e.CiPassed() | e.CiFlaked():
            return replace(record, ci=ci_after(record.ci, fact))
        case e.Filed():
            filed = replace(record, plan=DEFAULT_PLAN, filed=fact, withdrawn=None, approved=None)
            return _bound(filed, fact, "filed")
        case e.Withdrawn():
            return replace(record, withdrawn=fact, approved=None)
        case e.IssueTold():
            return replace(record, told=fact)
        case e.CarriedOver():
            return replace(record, carried=fact)
        case _:
            return record


def _bound(record: UnitRecord, fact: e.IssueBound | e.Filed, how: str) -> UnitRecord:
    told = record.told if record.database_id == fact.database_id else None
    return replace(
        record, number=fact.number, database_id=fact.database_id, bound_how=how, told=told
    )


def _was_refused(record: UnitRecord, finished: e.EffectFinished) -> bool:
    """Whether the issue that was to be created was refused, so that nothing is in doubt."""
    intent = record.create_intent
    failed = finished.outcome is e.EffectOutcome.FAILED
    return failed and intent is not None and intent.id == finished.begun


def _still_waived(record: UnitRecord, applied: e.UnitApplied) -> tuple[Waiver, ...]:
    """A waiver ends for good when other edges are applied, even if the old ones come back."""
    if not record.waivers:
        return ()
    digest = digest_edges(applied.edges)
    return tuple(w for w in record.waivers if w.edges_digest in ("", digest))
