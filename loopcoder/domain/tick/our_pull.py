"""What became of the pull request that we opened for a unit."""

from __future__ import annotations

from datetime import datetime

from loopcoder.domain.issues.issue import PullRequest, PullState
from loopcoder.domain.settings import Settings
from loopcoder.domain.tick.snapshot import UnitView


def is_out_of_sight(view: UnitView, now: datetime, settings: Settings) -> bool:
    """Whether our pull request was opened so lately, by whatever machine, that the list may lack
    it: without this the unit would be worked on once more."""
    record = view.record
    if view.pull is not None or record.pull is None or not record.attempts:
        return False
    ended = record.attempts[-1].finished_at
    return ended is not None and settings.may_be_unlisted(ended, now)


def closed_unmerged(view: UnitView) -> PullRequest | None:
    """Our pull request, when a person closed it and has not said retry since."""
    pull, ours = view.pull, view.record.pull
    if pull is None or ours is None or pull.number != ours.number:
        return None
    if pull.state is not PullState.CLOSED:
        return None
    return None if retried_since(view, pull) else pull


def retried_since(view: UnitView, pull: PullRequest) -> bool:
    """Whether a person said retry after the pull request ended."""
    retry = view.record.retry
    said = (retry.said_at if retry else None) or view.record.retried_at
    return said is not None and said >= (pull.ended_at or pull.updated_at)


def is_open_again(view: UnitView) -> bool:
    """Whether a person opened the pull request again whose closing had them asked."""
    needs, pull = view.record.needs_human, view.open_pull
    return needs is not None and pull is not None and needs.closed == pull.number


def wants_fix_up(view: UnitView) -> bool:
    """Whether the open pull request waits for us rather than for a person or for CI. One that
    goes elsewhere than into the base does not: we would bring the base in, and judge it on that."""
    pull = view.open_pull
    if pull is None or view.astray:
        return False
    return bool(view.feedback) or pull.mergeable is False or has_red_checks(view)


def has_red_checks(view: UnitView) -> bool:
    """Whether CI asks for a change; while it still runs, more may come."""
    return bool(view.checks.red) and not view.checks.pending
