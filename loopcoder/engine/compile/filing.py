"""Filing an issue once: an intent in the journal, a look at every issue, then the write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta

from loopcoder.domain.diagnostic import LoopcoderError, Stale, TryLater, Unavailable
from loopcoder.domain.issues.binding import CREATED, RECOVERED, RECREATED
from loopcoder.domain.issues.drift import last_applied, read_present
from loopcoder.domain.issues.issue import Issue, IssueDraft
from loopcoder.domain.issues.issue_body import Marker, parse_body, render_section
from loopcoder.domain.issues.plan import Change
from loopcoder.domain.journal.event import (
    EffectBegun,
    EffectFinished,
    EffectOutcome,
    Entry,
    Event,
    Fact,
    Holder,
    IssueBound,
    Json,
    UnitApplied,
)
from loopcoder.domain.journal.history import History
from loopcoder.domain.journal.records.unit import UnitRecord
from loopcoder.engine.compile.clerk import Clerk, json_list

FOREIGN_INTENT = timedelta(seconds=90)
"""How long an intent of another machine is respected: its process cannot be seen from here."""


@dataclass(frozen=True, slots=True)
class Filed:
    """A unit's issue. `applied` is None when it was found and not written now."""

    issue: Issue
    applied: UnitApplied | None = None


def file_issue(
    clerk: Clerk, change: Change, labels: Sequence[str], milestone: int | None = None
) -> Filed:
    """File the unit's issue with `labels` and in a milestone, unless it is there already.

    Raises `Stale` when somebody else was faster, and `TryLater` when somebody else is at it.
    """
    begun, earlier = _begin(clerk, change, labels)
    found = _look_up(clerk, change) if earlier or change.replaces else None
    if found is not None:
        _bind_found(clerk, change, begun, found, earlier)
        return Filed(found)
    text, after = change.text, change.after
    assert text is not None and after is not None
    marker = Marker(change.unit, clerk.plan, text.digest)
    body = render_section(marker, text.block)
    issue = _create(clerk, begun, IssueDraft(text.title, body, frozenset(labels), milestone))
    how = RECREATED if change.replaces else CREATED
    applied = replace(after, number=issue.number, labels=tuple(sorted(labels)))
    receipt = EffectFinished(begun.id, EffectOutcome.DONE, {"number": issue.number})
    bound = IssueBound(clerk.plan, issue.number, issue.id, how)
    clerk.record(change.unit, [receipt, bound, applied])
    return Filed(issue, applied)


def _create(clerk: Clerk, begun: Event, draft: IssueDraft) -> Issue:
    """Write it. Only an answer that never came leaves in doubt whether there is an issue now; a
    refusal ends the intent, so that the next run need not wait for the list."""
    try:
        return clerk.tracker.create_issue(draft)
    except Unavailable:
        raise
    except LoopcoderError as error:
        assert begun.unit is not None
        refused = EffectFinished(begun.id, EffectOutcome.FAILED, {"error": str(error)})
        clerk.record(begun.unit, [refused])
        raise


def _begin(clerk: Clerk, change: Change, labels: Sequence[str]) -> tuple[Event, Event | None]:
    """Take the intent, as one atomic step. Returns it, and the one left by a dead process."""
    assert change.text is not None
    detail: dict[str, Json] = {
        "plan": clerk.plan,
        "digest": change.text.digest,
        "box": change.box.value,
        "edges": json_list(change.text.edges),
        "labels": json_list(change.text.labels),
        "all_labels": json_list(sorted(labels)),
        "holder": dict(asdict(clerk.holder)),
    }
    intent = EffectBegun("issue.create", change.unit, detail)
    left: list[Event | None] = [None]

    def decide(history: History) -> list[Entry]:
        record = history.unit(change.unit)
        if record.number not in (None, change.replaces):
            raise Stale(f"{change.unit} became #{record.number} meanwhile.")
        left[0] = earlier = record.create_intent
        facts: list[Fact] = []
        if earlier is not None:
            respect_intent(clerk, earlier)
            if earlier.id in history.open_effects:
                facts.append(EffectFinished(earlier.id, EffectOutcome.STALE, {"recovered": True}))
        return [clerk.entry(change.unit, fact) for fact in (*facts, intent)]

    events = clerk.journal.transact(decide)
    return events[-1], left[0]


def respect_intent(clerk: Clerk, earlier: Event) -> None:
    """Raise when the earlier intent may still lead, or may have led, to an issue."""
    assert isinstance(earlier.fact, EffectBegun)
    holder = _holder(earlier.fact.detail.get("holder"))
    age = clerk.clock.now() - earlier.at
    if holder is not None and holder != clerk.holder:
        beside = holder.is_beside(clerk.holder)
        if beside and clerk.is_alive(holder):
            raise TryLater(
                f"process {holder.pid} is filing {earlier.unit}.", "Try again when it is through."
            )
        unseen = not beside and not holder.is_of_earlier_boot(clerk.holder)
        if unseen and age < FOREIGN_INTENT:
            raise Stale(f"{earlier.unit} is being filed on {holder.host}.")
    if age.total_seconds() < clerk.lag_s:
        raise Stale(f"an earlier attempt to file {earlier.unit} may still show up in the list.")


def _holder(value: Json) -> Holder | None:
    if not isinstance(value, dict):
        return None
    host, boot = str(value.get("host", "")), str(value.get("boot", ""))
    pid, started = value.get("pid"), value.get("started")
    if not isinstance(pid, int) or not isinstance(started, (int, float)):
        return None
    machine, space = str(value.get("machine", "")), str(value.get("space", ""))
    return Holder(host, boot, pid, float(started), machine, space)


def _look_up(clerk: Clerk, change: Change) -> Issue | None:
    """An issue of ours that already is this unit, among all issues. Never by search: it lags."""
    trusted = clerk.trusted | {clerk.tracker.whoami().id}
    taken = {record.database_id for record in clerk.journal.history().bound}
    free = [
        issue
        for issue in clerk.tracker.list_issues()
        if issue.id not in taken
        and parse_body(issue.body).section(change.unit, clerk.plan) is not None
        and (issue.author.id in trusted or clerk.tracker.permission(issue.author).may_write)
    ]
    return min(free, key=lambda issue: (not issue.is_open, issue.number), default=None)


def _bind_found(
    clerk: Clerk, change: Change, begun: Event, issue: Issue, earlier: Event | None
) -> None:
    present = read_present(issue, change.unit, clerk.plan, "")
    intents = (earlier,) if earlier else ()
    applied = last_applied(UnitRecord(change.unit), issue, present, intents)
    receipt = EffectFinished(begun.id, EffectOutcome.FOUND, {"number": issue.number})
    bound = IssueBound(clerk.plan, issue.number, issue.id, RECOVERED)
    clerk.record(change.unit, [receipt, bound, *([applied] if applied else [])])
