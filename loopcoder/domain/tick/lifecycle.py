"""The states of a unit, derived from what is seen; nothing stores them."""

from __future__ import annotations

from enum import StrEnum

from loopcoder.domain.journal.history import History
from loopcoder.domain.tick.snapshot import UnitView
from loopcoder.domain.unit import Box


class State(StrEnum):
    """Where a unit stands, in the words of docs/reference/lifecycle.md."""

    PROPOSED = "proposed"
    BLOCKED = "blocked"
    READY = "ready"
    RUNNING = "running"
    AWAITING_MERGE = "awaiting_merge"
    NEEDS_HUMAN = "needs_human"
    HELD = "held"
    DONE = "done"
    DROPPED = "dropped"


TERMINAL = frozenset({State.DONE, State.DROPPED})

TRANSITIONS: dict[State, frozenset[State]] = {
    State.PROPOSED: frozenset({State.BLOCKED, State.READY}),
    State.BLOCKED: frozenset({State.READY}),
    State.READY: frozenset({State.RUNNING, State.BLOCKED}),
    State.RUNNING: frozenset({State.READY, State.AWAITING_MERGE, State.NEEDS_HUMAN}),
    State.AWAITING_MERGE: frozenset({State.RUNNING, State.NEEDS_HUMAN}),
    State.NEEDS_HUMAN: frozenset({State.READY, State.AWAITING_MERGE, State.BLOCKED}),
    State.HELD: frozenset({State.READY, State.BLOCKED}),
    State.DONE: frozenset({State.READY}),
    State.DROPPED: frozenset({State.READY}),
}
"""What usually follows from what. Every open state may also become held, done or dropped, and a
person may re-open a finished unit."""


def state_of(view: UnitView, history: History) -> State:
    """The unit's state. What a person did counts before what we did."""
    if is_done(view):
        return State.DONE
    if is_dropped(view):
        return State.DROPPED
    if is_held(view, history):
        return State.HELD
    if not view.approved:
        return State.PROPOSED
    if view.claim_alive:
        return State.RUNNING
    if needs_human(view):
        return State.NEEDS_HUMAN
    if view.open_pull:
        return State.AWAITING_MERGE
    if view.blockers:
        return State.BLOCKED
    return State.READY


def is_done(view: UnitView) -> bool:
    """Merged, landed, ticked in the roadmap, or its issue closed as completed."""
    if view.issue is not None and not view.issue.is_open:
        return view.issue.is_completed
    if view.record.landed is not None or view.unit.box is Box.DONE:
        return True
    return view.merged and not view.astray and not opened_again(view)


def opened_again(view: UnitView) -> bool:
    """Whether a person opened its issue after its pull request was merged, as after a revert:
    merging closes the issue."""
    issue = view.issue
    return view.merged and issue is not None and issue.is_open and issue.reopened


def is_dropped(view: UnitView) -> bool:
    if view.issue is not None and view.issue.is_not_planned:
        return True
    return view.unit.box is Box.DROPPED


def is_held(view: UnitView, history: History) -> bool:
    return history.hold is not None or view.record.held is not None or bool(view.held_by_label)


def needs_human(view: UnitView) -> bool:
    return view.record.needs_human is not None
