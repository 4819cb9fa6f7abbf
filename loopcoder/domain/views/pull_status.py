"""What our one comment on a pull request says: a function of the unit's record."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from loopcoder.domain.guard.untrusted import sanitise_line
from loopcoder.domain.journal.records.attempt import AttemptRecord
from loopcoder.domain.journal.records.unit import UnitRecord

MARKER = "<!-- loopcoder:status -->"
"""The first line of every comment that is kept up to date instead of being repeated."""

_MOST_ROWS = 20


def pull_status(record: UnitRecord) -> str:
    """What became of the pull request since it was opened; empty while there is nothing to tell."""
    rows = [_row(number, each) for number, each in enumerate(_fix_ups(record), 1)]
    reasons = record.needs_human.reasons if record.needs_human else ()
    if not rows and not reasons:
        return ""
    return "\n".join([*_asking(record, reasons), *_table(rows)]).strip() + "\n"


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _fix_ups(record: UnitRecord) -> list[AttemptRecord]:
    """The attempts that put commits on this pull request, after the first."""
    if record.pull is None:
        return []
    return [
        attempt
        for attempt in record.attempts
        if attempt.begun.pull == record.pull.number
        and attempt.finished is not None
        and attempt.finished.outcome == "updated"
    ]


def _asking(record: UnitRecord, reasons: tuple[str, ...]) -> Iterator[str]:
    if not reasons:
        return
    yield "**This waits for a person.** Nothing more is pushed until somebody decides."
    yield ""
    for number, reason in enumerate(reasons[-5:], 1):
        yield f"{number}. {sanitise_line(reason, max_length=600)}"
    yield ""
    yield (
        "To have it tried again: the label `loopcoder:retry` on its issue, "
        f"or `loopcoder retry {record.id}`, best with a note."
    )
    yield ""


def _table(rows: list[str]) -> Iterator[str]:
    if not rows:
        return
    yield "| Fix-up | Commit | For | What was done |"
    yield "|---|---|---|---|"
    if len(rows) > _MOST_ROWS:
        yield f"| … | | | {len(rows) - _MOST_ROWS} earlier ones |"
    yield from rows[-_MOST_ROWS:]


def _row(number: int, attempt: AttemptRecord) -> str:
    made, worked = attempt.last("commit"), attempt.last("work")
    said = str(worked.detail.get("summary") or "") if worked else ""
    words = sanitise_line(said, max_length=300).replace("\\", "\\\\").replace("|", "\\|")
    head = made.sha[:7] if made else ""
    return f"| {number} | {head} | {', '.join(_causes(attempt))} | {words or '—'} |"


def _causes(attempt: AttemptRecord) -> Iterator[str]:
    begun = attempt.begun
    for count, what in ((len(begun.feedback), "comment"), (len(begun.checks), "red check")):
        if count:
            yield f"{count} {what}{'s' if count > 1 else ''}"
    if begun.merge:
        yield "conflict with the base"
