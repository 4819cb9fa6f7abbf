"""The one comment of ours on an issue or a pull request: edited, never repeated."""

from __future__ import annotations

from datetime import timedelta

from loopcoder.domain.issues.issue import Comment
from loopcoder.domain.journal.event import PullTold
from loopcoder.domain.tick import action as act
from loopcoder.domain.unit import UnitId
from loopcoder.domain.views.pull_status import MARKER, digest_of
from loopcoder.engine.effects import effect
from loopcoder.engine.services import Services


def tell_on_issue(
    services: Services, unit: UnitId, issue: int, text: str, *, only_edit: bool = False
) -> None:
    """Keep the status comment on the unit's issue, unless today's comments are used up: the label
    and the report still tell. `only_edit` begins none."""
    body, mine = f"{MARKER}\n{text}", _ours(services, issue)
    if (mine and mine.body == body) or (not mine and only_edit):
        return
    if not mine and _comments_used_up(services):
        return
    verb = "comment.update" if mine else "comment.create"
    with effect(services.journal, verb, f"#{issue}", unit=unit) as running:
        running.receipt["comment"] = _write(services, issue, body, mine)


def tell_on_pull(services: Services, action: act.Tell) -> None:
    """Keep the status comment on the unit's pull request, and record what it says."""
    body, mine = f"{MARKER}\n{action.text}", _ours(services, action.pull)
    verb = "comment.update" if mine else "comment.create"
    with effect(services.journal, verb, f"#{action.pull}", unit=action.unit) as running:
        if mine and mine.body == body:
            running.found()
            comment = mine.id
        else:
            comment = _write(services, action.pull, body, mine)
        running.receipt["comment"] = comment
        running.facts.append(PullTold(action.pull, comment, digest_of(action.text)))


def _ours(services: Services, number: int) -> Comment | None:
    """The oldest of our comments that begins as a status comment does."""
    me = services.tracker.whoami().id
    return next(
        (
            comment
            for comment in services.tracker.list_comments(number)
            if comment.author.id == me and comment.body.startswith(MARKER)
        ),
        None,
    )


def _write(services: Services, number: int, body: str, mine: Comment | None) -> int:
    if mine:
        return services.tracker.update_comment(mine.id, body).id
    return services.tracker.create_comment(number, body).id


def _comments_used_up(services: Services) -> bool:
    since = services.clock.now() - timedelta(days=1)
    done = services.journal.history().effects_done
    used = sum(1 for at, verb in done if verb == "comment.create" and at >= since)
    return used >= services.settings.limits.comments_per_day
