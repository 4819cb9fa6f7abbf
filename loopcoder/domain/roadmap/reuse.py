"""An id that was given to another unit: more often a mistake than an edit."""

from __future__ import annotations

from loopcoder.domain.diagnostic import Diagnostic, Place, Severity
from loopcoder.domain.issues.case import Case
from loopcoder.domain.issues.plan import PlanOptions
from loopcoder.domain.issues.unit_text import share_of_words
from loopcoder.domain.unit import is_section_id

SAME_UNIT = 0.2
"""The share of words below which title and text are taken for another unit's."""


def find_reuse(case: Case, options: PlanOptions) -> Diagnostic | None:
    """An error when title and text both say something else than what was last applied."""
    old, text, unit = case.applied, case.text, case.unit
    if old is None or not old.digest or unit.id in options.retitle or is_section_id(unit.id):
        return None
    if old.title == text.title or share_of_words(old.title, text.title) >= SAME_UNIT:
        return None
    if share_of_words(old.block, text.block) >= SAME_UNIT:
        return None
    return Diagnostic(
        Severity.ERROR,
        f"{unit.id} was “{old.title}” (#{old.number}) and is now something else.",
        f"Give it an id of its own, or say that it is the same with --retitle {unit.id}.",
        Place(unit.file, unit.line),
    )
