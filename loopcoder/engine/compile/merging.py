"""Closing an issue that we filed a second time, with a link to the one that stays."""

from __future__ import annotations

from loopcoder.domain.issues.duplicates import MARKER, duplicate_comment
from loopcoder.domain.issues.issue import CloseReason
from loopcoder.domain.issues.plan import Change
from loopcoder.domain.journal.event import EffectOutcome
from loopcoder.engine.compile.clerk import Clerk, writing


def close_duplicate(clerk: Clerk, change: Change) -> int:
    """Say where it goes on, then close it; returns how many writes it took.

    Killed in between, the comment that is there is not written again.
    """
    found = change.duplicate
    assert found is not None
    detail = {"into": found.survivor, "id": found.database_id}
    with writing(clerk, change.unit, "issue.merge", found.number, detail) as write:
        write.facts.append(found)
        if not clerk.tracker.get_issue(found.number).is_open:
            write.outcome = EffectOutcome.FOUND
            return 0
        said = _say_where(clerk, found.number, found.survivor)
        clerk.tracker.close_issue(found.number, CloseReason.NOT_PLANNED)
        return said + 1


def _say_where(clerk: Clerk, number: int, survivor: int) -> int:
    me = clerk.tracker.whoami().id
    comments = clerk.tracker.list_comments(number)
    if any(each.author.id == me and each.body.startswith(MARKER) for each in comments):
        return 0
    clerk.tracker.create_comment(number, duplicate_comment(survivor))
    return 1
