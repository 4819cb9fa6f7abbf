"""Writing to an issue that exists: text, labels, open or closed. One record for each write."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from loopcoder.domain.diagnostic import Stale
from loopcoder.domain.issues.drift import NOTHING_APPLIED, read_present
from loopcoder.domain.issues.host_rules import BODY_MAX
from loopcoder.domain.issues.issue import BLOCKED_BY, CloseReason
from loopcoder.domain.issues.issue_body import Marker, parse_body
from loopcoder.domain.issues.plan import Change
from loopcoder.domain.journal.event import EdgeWaived, EffectOutcome, Json, UnitApplied
from loopcoder.domain.unit import Box
from loopcoder.engine.compile.clerk import Clerk, json_list, writing
from loopcoder.engine.compile.linking import Filed, new_edges, write_edges
from loopcoder.engine.compile.nesting import write_nest
from loopcoder.engine.compile.placing import Places


def revise_issue(clerk: Clerk, change: Change, filed: Filed, places: Places) -> Iterator[int]:
    """Write the change, one step at a time; yields 1 for each write on the tracker.

    `filed` are blockers that were filed meanwhile. Each receipt carries what then
    counts as last applied, so that a reader at any point knows what is ours.
    """
    assert change.issue is not None
    applied = change.before or replace(NOTHING_APPLIED, number=change.issue)
    if change.text is not None:
        applied = _with_text(applied, change)
        yield _write_text(clerk, change, applied)
    if change.reopen:
        applied = replace(applied, box=Box.OPEN)
        yield _reopen(clerk, change, applied)
    for label in (*change.add_labels, *_labels(filed)):
        applied = replace(applied, labels=tuple(sorted({*applied.labels, label})))
        yield _label(clerk, change, label, applied)
    for label in change.remove_labels:
        applied = replace(applied, labels=tuple(sorted({*applied.labels} - {label})))
        yield _unlabel(clerk, change, label, applied)
    if change.milestone is not None:
        applied = replace(applied, milestone=change.milestone)
        yield places.put(change, applied)
    if change.close is not None:
        applied = replace(applied, box=change.box)
        yield _close(clerk, change, change.close, applied)
    for linked, written in write_edges(clerk, change, change.issue, filed, applied):
        applied = linked
        yield written
    if change.nest is not None:
        applied = replace(applied, parent=change.nest.number or 0)
        yield write_nest(clerk, change, change.nest, change.issue, applied)
    _settle(clerk, change, applied, filed)


def _labels(filed: Filed) -> tuple[str, ...]:
    return tuple(f"{BLOCKED_BY}{edge.number}" for edge in filed.values())


def _with_text(applied: UnitApplied, change: Change) -> UnitApplied:
    text = change.text
    assert text is not None
    return replace(
        applied, digest=text.digest, title=text.title, block=text.block, edges=text.edges
    )


def _settle(clerk: Clerk, change: Change, applied: UnitApplied, filed: Filed) -> None:
    """Record what the change says beyond its writes: a waiver and that the label is no longer
    ours go together, or the label would be put back."""
    assert change.after is not None
    labels = {*change.after.labels, *_labels(filed)}
    native = {*change.after.native, *(edge.number for edge in new_edges(change, filed))}
    final = replace(change.after, labels=tuple(sorted(labels)), native=tuple(sorted(native)))
    waived = [fact for fact in change.facts if isinstance(fact, EdgeWaived)]
    clerk.record(change.unit, [*([final] if final != applied else []), *waived])


def _write_text(clerk: Clerk, change: Change, applied: UnitApplied) -> int:
    text, number = change.text, change.issue
    assert text is not None and number is not None
    detail: dict[str, Json] = {
        "digest": text.digest,
        "edges": json_list(text.edges),
        "labels": json_list(text.labels),
    }
    with writing(clerk, change.unit, "issue.update", number, detail) as write:
        write.facts.append(applied)
        issue = clerk.tracker.get_issue(number)
        present = read_present(issue, change.unit, clerk.plan, change.known_block)
        if (present.title, present.block) == (text.title, text.block):
            write.outcome = EffectOutcome.FOUND
            return 0
        if present.seen != change.seen:
            raise Stale(f"#{number} was edited meanwhile.")
        marker = Marker(change.unit, clerk.plan, text.digest)
        body = parse_body(issue.body).with_block(marker, text.block, change.known_block)
        if len(body) > BODY_MAX:
            raise Stale(f"#{number} has no room for the block: its body is too long.")
        same_title = issue.title.strip() == text.title
        clerk.tracker.update_issue(
            number,
            title=None if same_title else text.title,
            body=None if body == issue.body else body,
        )
        return 1


def _reopen(clerk: Clerk, change: Change, applied: UnitApplied) -> int:
    number = change.issue
    assert number is not None
    with writing(clerk, change.unit, "issue.reopen", number, {"box": "open"}) as write:
        write.facts.append(applied)
        if clerk.tracker.get_issue(number).is_open:
            write.outcome = EffectOutcome.FOUND
            return 0
        clerk.tracker.reopen_issue(number)
        return 1


def _close(clerk: Clerk, change: Change, reason: CloseReason, applied: UnitApplied) -> int:
    number = change.issue
    assert number is not None
    detail = {"box": change.box.value, "reason": reason.value}
    with writing(clerk, change.unit, "issue.close", number, detail) as write:
        write.facts.append(applied)
        if not clerk.tracker.get_issue(number).is_open:
            write.outcome = EffectOutcome.FOUND
            return 0
        clerk.tracker.close_issue(number, reason)
        return 1


def _label(clerk: Clerk, change: Change, label: str, applied: UnitApplied) -> int:
    number = change.issue
    assert number is not None
    with writing(clerk, change.unit, "issue.label", number, {"label": label}) as write:
        write.facts.append(applied)
        if label in clerk.tracker.get_issue(number).labels:
            write.outcome = EffectOutcome.FOUND
            return 0
        clerk.tracker.add_label(number, label)
        return 1


def _unlabel(clerk: Clerk, change: Change, label: str, applied: UnitApplied) -> int:
    number = change.issue
    assert number is not None
    with writing(clerk, change.unit, "issue.unlabel", number, {"label": label}) as write:
        write.facts.append(applied)
        if label not in clerk.tracker.get_issue(number).labels:
            write.outcome = EffectOutcome.FOUND
            return 0
        clerk.tracker.remove_label(number, label)
        return 1
