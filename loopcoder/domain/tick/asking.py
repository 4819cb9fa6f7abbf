"""What is asked of a person about a unit, and the labels that say so."""

from __future__ import annotations

from collections.abc import Iterator

from loopcoder.domain.issues.host_rules import LABELS_MAX
from loopcoder.domain.issues.issue import BLOCKED_BY, CommandLabel, Issue
from loopcoder.domain.settings import Settings
from loopcoder.domain.tick import action as act
from loopcoder.domain.tick.lifecycle import opened_again
from loopcoder.domain.tick.our_pull import closed_unmerged, retried_since, wants_fix_up
from loopcoder.domain.tick.snapshot import UnitView

_TAKEN_AS_A_WORD = (CommandLabel.RETRY, CommandLabel.UNBLOCK)


def owed_to_a_person(view: UnitView, settings: Settings) -> tuple[str, ...]:
    """Why only a person can go on with the unit, sentence by sentence; empty: it can go on."""
    struck = view.record.struck
    if len(struck) >= settings.limits.attempts:
        return tuple(f"attempt {a.number}: {a.finished.reason}" for a in struck if a.finished)
    closed = closed_unmerged(view)
    if closed:
        by = f" by @{closed.closed_by.login}" if closed.closed_by else ""
        return (f"#{closed.number} was closed unmerged{by}",)
    if view.merged and view.pull and not retried_since(view, view.pull):
        what = f"#{view.pull.number} was merged"
        if view.astray:
            return (f"{what} into {view.astray}, and {settings.base} does not have it",)
        if opened_again(view):
            return (f"{what}, and its issue was opened again",)
    pull = view.open_pull
    rounds = settings.limits.review_rounds
    if pull and view.record.pull and view.record.pull.fix_ups >= rounds and wants_fix_up(view):
        return (f"#{pull.number} was fixed up {rounds} times and still needs changes",)
    return ()


def needs_human_label(view: UnitView) -> Iterator[act.Upkeep]:
    """The label on the issue, brought in step with what the journal says."""
    if view.issue is None or not view.issue.is_open:
        return
    labelled = CommandLabel.NEEDS_HUMAN in view.issue.labels
    if view.record.needs_human and not labelled:
        if _is_full(view.issue):
            return
        reason = view.record.needs_human.reasons[-1]
        yield act.Relabel(view.id, view.issue.number, CommandLabel.NEEDS_HUMAN, reason)
    elif labelled and not view.record.needs_human:
        yield act.Unlabel(
            view.id, view.issue.number, CommandLabel.NEEDS_HUMAN, "a person said retry"
        )


def heard_words(view: UnitView) -> Iterator[act.Upkeep]:
    """Labels that are taken off and done: retry, unblock."""
    if view.issue is None:
        return
    for label, login in view.commands:
        if label in _TAKEN_AS_A_WORD:
            yield act.Accept(view.id, view.issue.number, label, f"asked for by @{login}")


def hand_made_labels(view: UnitView) -> Iterator[act.Upkeep]:
    """Labels on an issue that a person wrote: whether it is approved, and what it waits for. On
    all other issues the compiler sees to them."""
    issue = view.issue
    if issue is None or not issue.is_open:
        return
    marked = CommandLabel.PROPOSED in issue.labels
    if marked and view.approved:
        why = "approved as it reads now"
        yield act.Unlabel(view.id, issue.number, CommandLabel.PROPOSED, why)
    elif not (marked or view.approved or view.record.withdrawn or _is_full(issue)):
        why = why_unapproved(view)
        yield act.Relabel(view.id, issue.number, CommandLabel.PROPOSED, why)
    waits_for = {b.number for b in view.blockers}
    for number in sorted(view.record.added_edges):
        label, on = f"{BLOCKED_BY}{number}", number in issue.blocked_by
        if on and number not in waits_for:
            yield act.Unlabel(view.id, issue.number, label, f"#{number} is done")
        elif not on and number in waits_for:
            yield act.Relabel(view.id, issue.number, label, f"still waits for #{number}")


def _is_full(issue: Issue) -> bool:
    """Whether no label fits on it: then the dashboard and the report alone tell."""
    return len(issue.labels) >= LABELS_MAX


def why_unapproved(view: UnitView) -> str:
    """What a person has to do before the unit is worked on."""
    record = view.record
    if record.withdrawn is not None:
        by = f" by @{record.withdrawn.by}" if record.withdrawn.by else ""
        return f"withdrawn{by}: the label loopcoder:file is off"
    how = f"loopcoder approve {view.id}"
    if record.filed is None:
        return f"waits for a person's approval: {how}"
    since = f"@{record.approved.by} approved it" if record.approved else "it was labelled"
    return f"its text was edited after {since}: take loopcoder:proposed off, or {how}"
