"""Units that the roadmap no longer has: reported, and closed only when a person says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from loopcoder.domain.diagnostic import Diagnostic, Place, Severity
from loopcoder.domain.issues.drift import NOTHING_APPLIED
from loopcoder.domain.issues.issue import CloseReason, Issue, PullState
from loopcoder.domain.issues.plan import Change, ChangeAction, PlanOptions
from loopcoder.domain.issues.unit_text import names, render_title
from loopcoder.domain.journal.records.unit import UnitRecord
from loopcoder.domain.unit import SECTION, Box, Roadmap, UnitId

MOST_VANISHED = 0.2
"""The share of open units that may vanish before a stale checkout is the likelier cause."""


def plan_vanished(
    desired: Roadmap,
    records: Iterable[UnitRecord],
    issues: dict[UnitId, Issue],
    options: PlanOptions,
    pulls: Mapping[int, PullState],
) -> tuple[list[Change], list[Diagnostic]]:
    """What becomes of open issues whose units are gone, and what a person should know of them."""
    known = list(_open_units(desired, records, issues))
    lost = [record for record in known if record.id not in desired.by_id]
    if not lost:
        return [], []
    share = len(lost) / len(known)
    refused = share > MOST_VANISHED and not options.force_prune
    prune = (options.prune or options.force_prune) and not options.unattended and not refused
    changes = [_change(record, issues[record.id], prune) for record in lost]
    said = _report(lost, known, options, refused, prune)
    return changes, [*said, *_left_alone(lost, pulls), *_renamed(lost, desired, issues)]


def _open_units(
    desired: Roadmap, records: Iterable[UnitRecord], issues: dict[UnitId, Issue]
) -> Iterator[UnitRecord]:
    for record in records:
        if record.plan == desired.plan and record.proposed is None and not _hand_made(record.id):
            issue = issues.get(record.id)
            if issue is not None and issue.is_open:
                yield record


def _hand_made(id: UnitId) -> bool:
    return id.startswith(("gh-", "ci-", SECTION)) or id == "fix-base"


def _change(record: UnitRecord, issue: Issue, prune: bool) -> Change:
    applied = record.applied or replace(NOTHING_APPLIED, number=issue.number)
    if not prune:
        reason = "no longer in the roadmap; kept (--prune closes it)"
        return Change(ChangeAction.NOOP, record.id, issue.number, issue.title, reason)
    return Change(
        ChangeAction.CLOSE,
        record.id,
        issue.number,
        issue.title,
        "no longer in the roadmap",
        close=CloseReason.NOT_PLANNED,
        box=Box.DROPPED,
        before=record.applied,
        after=replace(applied, box=Box.DROPPED),
    )


def _left_alone(lost: Iterable[UnitRecord], pulls: Mapping[int, PullState]) -> Iterator[Diagnostic]:
    for record in lost:
        number = record.pull.number if record.pull else 0
        if pulls.get(number) is PullState.OPEN:
            yield Diagnostic(
                Severity.WARNING,
                f"#{number} of {record.id} is open, and nobody answers there while {record.id} is "
                "not in the roadmap.",
                "Merge or close it, or put the unit back.",
            )


def _renamed(
    lost: Iterable[UnitRecord], desired: Roadmap, issues: Mapping[UnitId, Issue]
) -> Iterator[Diagnostic]:
    """Units that are new and read like one that is gone: an id is what a unit is known by."""
    new = {render_title(u): u for u in desired.units if u.id not in issues and u.box is Box.OPEN}
    for record in lost:
        unit = new.get(record.applied.title) if record.applied else None
        if unit is not None:
            yield Diagnostic(
                Severity.WARNING,
                f"{unit.id} reads like {record.id} (#{record.number}), which left the roadmap: "
                "it is filed and worked on anew.",
                f"Write `<!-- id: {record.id} -->` for it to stay #{record.number}.",
                Place(unit.file, unit.line),
            )


def _report(
    lost: list[UnitRecord],
    known: list[UnitRecord],
    options: PlanOptions,
    refused: bool,
    prune: bool,
) -> list[Diagnostic]:
    if prune:
        return []
    who = names([record.id for record in lost])
    verb = "is" if len(lost) == 1 else "are"
    if options.prune and refused and not options.unattended:
        summary = f"{len(lost)} of {len(known)} open units {verb} no longer in the roadmap: {who}."
        remedy = "More than 20 % is not pruned unless you say --force-prune: is the checkout old?"
        return [Diagnostic(Severity.ERROR, summary, remedy)]
    stay = "its issue stays" if len(lost) == 1 else "their issues stay"
    summary = f"{who} {verb} no longer in the roadmap; {stay} open."
    remedy = "Mark it [-] to drop it, put it back, or close what is gone with --prune."
    return [Diagnostic(Severity.WARNING, summary, remedy)]
