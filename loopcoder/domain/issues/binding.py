"""Which issue is which unit. The journal decides; a marker only helps where the journal is mute."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field

from loopcoder.domain.diagnostic import Diagnostic, Severity
from loopcoder.domain.issues.issue import OURS, Actor, Issue
from loopcoder.domain.issues.issue_body import MARK, parse_body
from loopcoder.domain.issues.plan import Actual
from loopcoder.domain.journal.history import History
from loopcoder.domain.journal.records.unit import UnitRecord
from loopcoder.domain.unit import Box, Roadmap, UnitId, is_section_id

CREATED = "created"
RECREATED = "recreated"
RECOVERED = "recovered"
ADOPTED = "adopted"
GONE = "gone"
TRANSFERRED = "transferred"


@dataclass(slots=True)
class Bindings:
    """Which issue each unit is.

    `issues` also has units that left the roadmap; `recovered` are those that a marker led to,
    `moved` those whose issue got another number. `gone` maps units to issue numbers that are no
    more, and `moved_away` those of them that are in another repository to a sentence about it.
    `duplicates` are open issues, by their database ids, that we filed a second time for a unit.
    """

    issues: dict[UnitId, Issue] = field(default_factory=dict)
    recovered: set[UnitId] = field(default_factory=set)
    moved: set[UnitId] = field(default_factory=set)
    gone: dict[UnitId, int] = field(default_factory=dict)
    moved_away: dict[UnitId, str] = field(default_factory=dict)
    duplicates: dict[int, tuple[UnitId, Issue]] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def warn(self, summary: str, detail: str = "") -> None:
        self.diagnostics.append(Diagnostic(Severity.WARNING, summary, detail))


def bind_issues(
    desired: Roadmap, actual: Actual, history: History, trusted: frozenset[int]
) -> Bindings:
    """Match units with issues, by the journal first, then by our own markers."""
    found = Bindings()
    by_id = {issue.id: issue for issue in actual.issues}
    owners: dict[int, UnitId] = {}
    for record in history.bound:
        if record.database_id is None:
            continue
        owners[record.database_id] = record.id
        if record.plan == desired.plan:
            _bind(found, record, by_id.get(record.database_id), actual.moved)
        elif record.id in desired.by_id:
            _report_other_plan(found, record, desired.plan)
    for unit, where in found.moved_away.items():
        if _is_wanted(unit, desired):
            found.warn(
                f"{unit} is not worked on here: {where.rstrip('.')}.",
                "Drop it here with [-], or give it another id to have it filed here again.",
            )
    _recover(found, desired, actual, owners, trusted | {actual.me.id}, history.duplicates)
    return found


def _is_wanted(unit: UnitId, desired: Roadmap) -> bool:
    known = unit in desired.by_id and not is_section_id(unit)
    return known and desired.by_id[unit].box is Box.OPEN


def _bind(
    found: Bindings, record: UnitRecord, issue: Issue | None, moved: Mapping[int, str]
) -> None:
    assert record.number is not None
    if issue is None:
        if record.bound_how == TRANSFERRED or record.number in moved:
            where = moved.get(record.number, f"its issue #{record.number} was transferred")
            found.moved_away[record.id] = where
        found.gone[record.id] = record.number
        return
    found.issues[record.id] = issue
    if issue.number != record.number:
        found.moved.add(record.id)


def _report_other_plan(found: Bindings, record: UnitRecord, plan: str) -> None:
    found.diagnostics.append(
        Diagnostic(
            Severity.ERROR,
            f"{record.id} is already a unit of plan {record.plan!r} (#{record.number}), "
            f"so plan {plan!r} cannot have it.",
            "Give one of them another id, or go back to the plan id that was used before.",
        )
    )


def _recover(
    found: Bindings,
    desired: Roadmap,
    actual: Actual,
    owners: dict[int, UnitId],
    trusted: frozenset[int],
    merged: Container[int],
) -> None:
    claims: dict[UnitId, list[Issue]] = {}
    for unit, issue in _claims(found, desired, actual, owners):
        if issue.id in owners:
            found.warn(
                f"#{issue.number} is {owners[issue.id]} and carries the marker of {unit}; ignored."
            )
        elif unit in found.issues:
            _add_second(found, unit, issue, actual.me, merged)
        elif issue.author.id in trusted or (
            unit in desired.by_id and actual.may_write(issue.author)
        ):
            claims.setdefault(unit, []).append(issue)
        else:
            found.warn(
                f"#{issue.number} by @{issue.author.login} carries the marker of {unit}; ignored.",
                "Markers are believed in issues of our own account, of trusted_ids, and of people "
                "who may write.",
            )
    for unit, issues in claims.items():
        _take_first(found, unit, issues, actual.me, merged)


def _take_first(
    found: Bindings, unit: UnitId, issues: list[Issue], me: Actor, merged: Container[int]
) -> None:
    """Of several issues for one unit the oldest open one is it, on every machine alike."""
    first, *others = sorted(issues, key=lambda issue: (not issue.is_open, issue.number))
    found.issues[unit] = first
    found.recovered.add(unit)
    found.gone.pop(unit, None)
    found.moved_away.pop(unit, None)
    for other in others:
        _add_second(found, unit, other, me, merged)


def _add_second(
    found: Bindings, unit: UnitId, issue: Issue, me: Actor, merged: Container[int]
) -> None:
    """One more issue with a unit's marker: filed twice by us, or a copy that means nothing."""
    own = found.issues[unit]
    filed_by_us = issue.author.id == me.id and OURS in issue.labels
    if filed_by_us and issue.is_open and issue.id not in merged:
        found.duplicates.setdefault(issue.id, (unit, issue))
    elif issue.id in merged:
        if issue.is_open:
            found.warn(f"#{issue.number}, a duplicate of #{own.number}, was re-opened; ignored.")
    else:
        found.warn(
            f"#{issue.number} carries the marker of {unit}, which is #{own.number}; ignored."
        )


def _claims(
    found: Bindings, desired: Roadmap, actual: Actual, owners: dict[int, UnitId]
) -> Iterator[tuple[UnitId, Issue]]:
    """Every block of this plan in an issue that is not known to be the block's own."""
    for issue in actual.issues:
        owner = owners.get(issue.id)
        if not _needs_reading(issue.body, owner, desired.plan):
            continue
        for section in parse_body(issue.body).sections:
            marker = section.marker
            if marker.plan == desired.plan and marker.unit != owner:
                yield marker.unit, issue


def _needs_reading(body: str, owner: UnitId | None, plan: str) -> bool:
    if MARK not in body:
        return False
    own = owner is not None and body.startswith(f"{MARK}id={owner} plan={plan} ")
    return not own or body.count(MARK) > 1
