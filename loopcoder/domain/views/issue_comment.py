"""What our comment on a unit's issue says: what a person is asked, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence

from loopcoder.domain.guard.untrusted import sanitise_line
from loopcoder.domain.unit import UnitId


def status_comment(unit: UnitId, reasons: Sequence[str]) -> str:
    """What an issue says of a unit that waits for a person, who may be on the web site alone."""
    told = [f"{n}. {sanitise_line(r, max_length=600)}" for n, r in enumerate(reasons[-10:], 1)]
    return "\n".join(
        [
            f"**`{unit}` waits for a person.** Nothing more is tried until somebody decides.",
            "",
            *(told or ["No reason was given."]),
            "",
            "To have it tried again, change what stood in the way or say in a comment here what "
            f"to do; then put the label `loopcoder:retry` on (or `loopcoder retry {unit}`). "
            f"To drop it: `[-]` in the roadmap. `loopcoder log {unit}` shows what was done.",
            "",
        ]
    )


def approval_comment(unit: UnitId, why: str) -> str:
    """What an issue says whose text nobody approved as it reads now."""
    return (
        f"**`{unit}` waits for approval:** {sanitise_line(why, max_length=600)}.\n\n"
        "Nothing is done before somebody who may write here has read the text as it is now, and "
        f"takes the label `loopcoder:proposed` off, puts `loopcoder:file` on anew, or says "
        f"`loopcoder approve {unit}`. Comments written until then are read as well.\n"
    )


def approved_comment(unit: UnitId, by: str) -> str:
    """What the same issue says afterwards."""
    who = f" by @{sanitise_line(by, max_length=60)}" if by else ""
    return f"**`{unit}` is approved{who}**, as its text reads now.\n"
