"""Labels by which people command, as they stand on an issue; and the hold they can say."""

from __future__ import annotations

from collections.abc import Iterable

from loopcoder.domain.issues.issue import CommandLabel, Issue
from loopcoder.domain.issues.words import put_on
from loopcoder.domain.journal.event import Held
from loopcoder.domain.journal.history import History
from loopcoder.engine.services import Services

_WORDS = frozenset({CommandLabel.RETRY.value, CommandLabel.UNBLOCK.value, CommandLabel.HOLD.value})


def commands_on(services: Services, issue: Issue | None) -> tuple[tuple[str, str], ...]:
    """Command labels on the issue that a writer put there."""
    present = _WORDS & issue.labels if issue else frozenset()
    if issue is None or not present:
        return ()
    found = []
    events = services.tracker.list_label_events(issue.number)
    for label in sorted(present):
        event = put_on(events, label, services.may_speak)
        if event is not None:
            found.append((label, event.actor.login))
    return tuple(found)


def spoken_on(services: Services, history: History, number: int | None) -> list[Issue]:
    """Where people can say something about a unit while it is worked on: the dashboard, and the
    unit's issue."""
    numbers = (history.dashboard.number if history.dashboard else None, number)
    return [issue for issue in services.tracker.list_issues() if issue.number in numbers]


def held_by_label(services: Services, issues: Iterable[Issue]) -> Held | None:
    """The hold that a label on one of the issues says."""
    for issue in issues:
        if CommandLabel.HOLD in issue.labels:
            by = dict(commands_on(services, issue)).get(CommandLabel.HOLD, "")
            if by:
                return Held(f"@{by}", f"the label loopcoder:hold is on #{issue.number}")
    return None
