"""Units that were filed twice, because an issue showed up later than anybody waits for it."""

from __future__ import annotations

from collections.abc import Iterator

from loopcoder.domain.issues.binding import Bindings
from loopcoder.domain.issues.issue import CloseReason
from loopcoder.domain.issues.plan import Change, ChangeAction
from loopcoder.domain.journal.event import DuplicateClosed

MARKER = "<!-- loopcoder:duplicate -->"


def plan_duplicates(bindings: Bindings) -> Iterator[Change]:
    """One change for each issue that is closed in favour of the unit's own, lowest number first."""
    for _, (unit, issue) in sorted(bindings.duplicates.items(), key=lambda kv: kv[1][1].number):
        survivor = bindings.issues[unit]
        yield Change(
            ChangeAction.CLOSE,
            unit,
            issue.number,
            issue.title,
            f"filed a second time; #{survivor.number} stays",
            close=CloseReason.NOT_PLANNED,
            duplicate=DuplicateClosed(issue.number, issue.id, survivor.number),
        )


def duplicate_comment(survivor: int) -> str:
    """What people read on the issue that is closed."""
    return (
        f"{MARKER}\nThis was filed twice by mistake: #{survivor} is the issue of this unit, and "
        f"goes on. Comments here are kept; please continue on #{survivor}."
    )
