"""What a unit waits for while the roadmap cannot be read as it is meant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from loopcoder.domain.diagnostic import Diagnostic
from loopcoder.domain.journal.history import History
from loopcoder.domain.unit import IssueRef, Roadmap, Unit, UnitId


def with_last_edges(
    roadmap: Roadmap, diagnostics: Iterable[Diagnostic], history: History
) -> Roadmap:
    """Where the roadmap has an error, what its units waited for when it had none holds too.

    Nothing is compiled then; a word that names no unit must not set free what waited for it.
    """
    if not any(each.is_error for each in diagnostics):
        return roadmap
    return replace(roadmap, units=tuple(_held(unit, history) for unit in roadmap.units))


def _held(unit: Unit, history: History) -> Unit:
    applied = history.unit(unit.id).applied
    names = applied.edges if applied else ()
    after = (UnitId(name) for name in names if "#" not in name)
    issues = (_issue(name) for name in names if "#" in name)
    return replace(
        unit,
        after=tuple(dict.fromkeys((*unit.after, *after))),
        after_issues=tuple(dict.fromkeys((*unit.after_issues, *issues))),
    )


def _issue(name: str) -> IssueRef:
    repository, _, number = name.rpartition("#")
    return IssueRef(int(number), repository)
