"""The one comment of ours on an issue or a pull request: edited, never repeated."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from loopcoder.domain.diagnostic import LimitReached
from loopcoder.domain.issues.issue import Comment
from loopcoder.domain.journal.event import Fact, IssueTold, PullTold
from loopcoder.domain.tick import action as act
from loopcoder.domain.unit import UnitId
from loopcoder.domain.views.pull_status import MARKER, digest_of
from loopcoder.engine.effects import effect
from loopcoder.engine.limits import comment_limit
from loopcoder.engine.services import Services


def tell_on_issue(
    services: Services, unit: UnitId, issue: int, text: str, *, only_edit: bool = False
) -> None:
    """Keep the status comment on the unit's issue, and record what it says. `only_edit` begins
    none."""
    mine = _ours(services, issue)
    if mine or not only_edit:
        _tell(services, unit, issue, text, mine, IssueTold)


def tell_on_pull(services: Services, action: act.Tell) -> None:
    """Keep the status comment on the unit's pull request, and record what it says."""
    mine = _ours(services, action.pull)
    _tell(services, action.unit, action.pull, action.text, mine, PullTold)


def _tell(
    services: Services,
    unit: UnitId,
    number: int,
    text: str,
    mine: Comment | None,
    told: Callable[[int, int, str], Fact],
) -> None:
    """One write, or none when it reads so already or the limits say that it has to wait."""
    body = f"{MARKER}\n{text}"
    verb, refusal = (
        ("comment.update", None) if mine else ("comment.create", comment_limit(services))
    )
    with (
        suppress(LimitReached),
        effect(services.journal, verb, f"#{number}", unit=unit, refusal=refusal) as running,
    ):
        if mine and mine.body == body:
            running.found()
            comment = mine.id
        else:
            comment = _write(services, number, body, mine)
        running.receipt["comment"] = comment
        running.facts.append(told(number, comment, digest_of(text)))


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
