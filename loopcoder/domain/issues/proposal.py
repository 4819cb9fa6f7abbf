"""Units that the roadmap does not have: follow-ups, repairs, and issues that people wrote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from loopcoder.domain.issues.issue import CommandLabel, Issue
from loopcoder.domain.journal.history import History
from loopcoder.domain.journal.records.ci import MOST_FLAKES
from loopcoder.domain.journal.records.unit import UnitRecord
from loopcoder.domain.unit import Box, Roadmap, Unit, UnitId, text_digest

_PRIORITY = {"fix-base": 0}
HAND_MADE = "hand-made"
"""The section that units of hand-made issues stand in."""


def with_proposals(roadmap: Roadmap, history: History) -> Roadmap:
    """The roadmap's units and, after them, every proposed one that it does not contain."""
    extra = tuple(_proposed(roadmap, history))
    return replace(roadmap, units=roadmap.units + extra) if extra else roadmap


def with_hand_made(roadmap: Roadmap, history: History, issues: Mapping[int, Issue]) -> Roadmap:
    """The same with the units of hand-made issues last, by number. Their text is the issue's."""
    position = len(roadmap.units)
    extra = [
        hand_made_unit(record.id, issue, position + issue.number)
        for record in history.units.values()
        if _is_shown(record) and record.id not in roadmap.by_id
        if (issue := issues.get(record.number or 0)) is not None
    ]
    extra.sort(key=lambda unit: unit.position)
    return replace(roadmap, units=(*roadmap.units, *extra)) if extra else roadmap


def _is_shown(record: UnitRecord) -> bool:
    """What was withdrawn before anything was proposed is nobody's concern any more."""
    return record.filed is not None and (record.withdrawn is None or record.pull is not None)


def hand_made_id(number: int) -> UnitId:
    return UnitId(f"gh-{number}")


def hand_made_unit(id: UnitId, issue: Issue, position: int = 0) -> Unit:
    """The unit that a person's issue is. Commands come from the base branch alone, so it has none
    of its own, whatever its text says."""
    return Unit(
        id=id,
        title=issue.title,
        body=issue.body.replace("\r\n", "\n"),
        section=HAND_MADE,
        file=f"issue #{issue.number}",
        position=position,
    )


def is_approved(record: UnitRecord, revision: str) -> bool:
    """Whether a person approved the unit as it reads now; `revision` is the digest of its text."""
    approved = record.approved
    return approved is not None and approved.revision in ("", revision)


def _proposed(roadmap: Roadmap, history: History) -> Iterator[Unit]:
    position = len(roadmap.units)
    for record in history.units.values():
        if record.proposed is not None and record.id not in roadmap.by_id:
            position += 1
            yield proposed_unit(record, position)


def proposed_unit(record: UnitRecord, position: int = 0) -> Unit:
    """The unit that was proposed, marked as long as nobody approved it as it reads."""
    proposed = record.proposed
    assert proposed is not None
    unit = Unit(
        id=record.id,
        title=proposed.title,
        body=proposed.body,
        section=proposed.origin,
        file="",
        box=Box.DONE if _is_over(record) else Box.OPEN,
        position=position,
        priority=_PRIORITY.get(record.id, 3),
        verify=proposed.verify,
        labels=(CommandLabel.CI_FAILURE.value,) if record.ci else (),
    )
    if is_approved(record, text_digest(unit)):
        return unit
    return replace(unit, labels=(*unit.labels, CommandLabel.PROPOSED.value))


def _is_over(record: UnitRecord) -> bool:
    """A failure of CI that is green again. One that comes and goes is for a person to close."""
    ci = record.ci
    return ci is not None and ci.is_green and len(ci.flakes) < MOST_FLAKES
