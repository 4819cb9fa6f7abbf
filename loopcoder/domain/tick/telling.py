"""What is told on a unit's pull request and issue, in one comment each."""

from __future__ import annotations

from collections.abc import Iterator

from loopcoder.domain.journal.event import EffectBegun
from loopcoder.domain.settings import Settings
from loopcoder.domain.tick import action as act
from loopcoder.domain.tick.asking import why_unapproved
from loopcoder.domain.tick.snapshot import Snapshot, UnitView
from loopcoder.domain.views.issue_comment import approval_comment, status_comment
from loopcoder.domain.views.pull_status import digest_of, pull_status


def told_on_pull(view: UnitView, snapshot: Snapshot, settings: Settings) -> Iterator[act.Upkeep]:
    """Who is asked to look at our pull request, and what is told on it."""
    pull, ours = view.open_pull, view.record.pull
    assert pull is not None and ours is not None
    if pull.number != ours.number:
        return
    names = (view.unit.owner,) if view.unit.owner else settings.reviewers
    if names and not ours.review_requested:
        reason = f"asked to look at #{pull.number}"
        yield act.RequestReview(view.id, pull.number, names, reason)
    text = pull_status(view.record)
    if text and digest_of(text) != ours.told and not _just_said(snapshot, pull.number, settings):
        yield act.Tell(view.id, pull.number, text, f"what became of #{pull.number}")


def told_on_issue(view: UnitView, snapshot: Snapshot, settings: Settings) -> Iterator[act.Upkeep]:
    """What our comment on the unit's issue has to say before the label does."""
    issue, told, asked = view.issue, view.record.told, _asked_on_issue(view)
    if issue is None or not issue.is_open or not asked:
        return
    text, reason = asked
    said = told is not None and told.number == issue.number and told.sha256 == digest_of(text)
    if not said and not _just_said(snapshot, issue.number, settings):
        yield act.TellIssue(view.id, issue.number, text, reason)


def _asked_on_issue(view: UnitView) -> tuple[str, str] | None:
    """What is asked of a person, as a comment and in short; there is one comment for both."""
    if view.record.needs_human:
        reasons = view.record.needs_human.reasons
        return status_comment(view.id, reasons), reasons[-1]
    if view.hand_made and not view.approved and view.record.withdrawn is None:
        why = why_unapproved(view)
        return approval_comment(view.id, why), why
    return None


def _just_said(snapshot: Snapshot, number: int, settings: Settings) -> bool:
    """Whether a process died so lately while it wrote a comment here that a list may lack it."""
    return any(
        isinstance(event.fact, EffectBegun)
        and (event.fact.verb, event.fact.target) == ("comment.create", f"#{number}")
        and settings.may_be_unlisted(event.at, snapshot.now)
        for event in snapshot.history.open_effects.values()
    )
