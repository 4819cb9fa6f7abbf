"""Units that the roadmap does not have: follow-ups and repairs, on their way to a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from loopcoder.domain.history import History, UnitRecord
from loopcoder.domain.issue import CommandLabel
from loopcoder.domain.unit import Roadmap, Unit

_PRIORITY = {"fix-base": 0}


def with_proposals(roadmap: Roadmap, history: History) -> Roadmap:
    """The roadmap's units and, after them, every proposed one that it does not contain."""
    extra = tuple(_proposed(roadmap, history))
    return replace(roadmap, units=roadmap.units + extra) if extra else roadmap


def _proposed(roadmap: Roadmap, history: History) -> Iterator[Unit]:
    position = len(roadmap.units)
    for record in history.units.values():
        if record.proposed is not None and record.id not in roadmap.by_id:
            position += 1
            yield _unit(record, position)


def _unit(record: UnitRecord, position: int) -> Unit:
    proposed = record.proposed
    assert proposed is not None
    labels = () if record.approved else (CommandLabel.PROPOSED.value,)
    return Unit(
        id=record.id,
        title=proposed.title,
        body=proposed.body,
        section=proposed.origin,
        file="",
        position=position,
        priority=_PRIORITY.get(record.id, 3),
        verify=proposed.verify,
        labels=labels,
    )
