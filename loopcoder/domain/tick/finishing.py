"""What is left to do for a unit that is done, or whose attempt cannot go on."""

from __future__ import annotations

from collections.abc import Iterator

from loopcoder.domain.issues.issue import CloseReason, CommandLabel, Issue
from loopcoder.domain.tick import action as act
from loopcoder.domain.tick.lifecycle import TERMINAL, is_done, is_dropped, state_of
from loopcoder.domain.tick.snapshot import Snapshot, UnitView
from loopcoder.domain.unit import Box

MAX_INTERRUPTIONS = 5
"""Processes that may die on one attempt before it counts as a strike: an attempt that brings its
own process down must end some time."""


def left_open(view: UnitView) -> Iterator[act.Upkeep]:
    """An attempt that has to be ended, because nothing will go on with it."""
    current = view.record.current
    if current is None:
        return
    if is_done(view) or is_dropped(view):
        yield act.Abandon(view.id, current.number, False, "the unit is finished")
    elif view.digest and current.begun.unit_digest not in ("", view.digest):
        yield act.Abandon(view.id, current.number, False, "the unit's text changed since")
    elif current.claims > MAX_INTERRUPTIONS and not current.is_judged:
        reason = f"the attempt was interrupted {current.claims - 1} times"
        yield act.Abandon(view.id, current.number, True, reason)


def finished(view: UnitView, snapshot: Snapshot) -> Iterator[act.Upkeep]:
    """The issue of a unit that is done: closed, and nobody is asked any more."""
    issue = view.issue
    if issue is None:
        return
    if issue.is_open and (is_done(view) or view.parts_done) and not _left_as_it_is(view, issue):
        yield act.CloseIssue(view.id, issue.number, CloseReason.COMPLETED, _how_done(view))
    if state_of(view, snapshot.history) in TERMINAL and CommandLabel.NEEDS_HUMAN in issue.labels:
        yield act.Unlabel(view.id, issue.number, CommandLabel.NEEDS_HUMAN, "the unit is finished")


def _left_as_it_is(view: UnitView, issue: Issue) -> bool:
    """Opened again by a person while its box is ticked: the compiler says so."""
    ticked = view.unit.box is Box.DONE and view.record.landed is None
    return ticked and issue.reopened and not view.parts_done


def merged_branch(view: UnitView) -> Iterator[act.Upkeep]:
    """Our branch after the merge, while nobody has put anything else there, or has a pull request
    of their own that would be closed with it."""
    pull, ours = view.pull, view.record.pull
    if pull is None or ours is None or pull.number != ours.number or not view.merged:
        return
    if view.branch_needed:
        return
    if view.branch_head and view.branch_head == pull.head != ours.kept_at:
        reason = f"#{pull.number} was merged"
        yield act.DeleteBranch(view.id, pull.branch, pull.head, reason)


def _how_done(view: UnitView) -> str:
    if view.merged and view.pull:
        return f"#{view.pull.number} was merged"
    if view.record.landed:
        return f"landed on {view.record.landed.branch} as {view.record.landed.head[:7]}"
    if view.parts_done:
        return "all its parts are done"
    return "its box is ticked in the roadmap"
