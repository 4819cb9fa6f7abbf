"""Writing the tracker's own dependencies, one edge at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from loopcoder.domain.issues.plan import Change, Edge
from loopcoder.domain.journal.event import EffectOutcome, UnitApplied
from loopcoder.domain.unit import UnitId
from loopcoder.engine.compile.clerk import Clerk, writing
from loopcoder.ports.dependencies import dependencies_of

Filed = Mapping[UnitId, Edge]


def write_edges(
    clerk: Clerk, change: Change, number: int, filed: Filed, applied: UnitApplied
) -> Iterator[tuple[UnitApplied, int]]:
    """Add and remove the change's edges; yields what then counts as applied, and 1 for a write.

    `filed` are the blockers among its units that were filed meanwhile.
    """
    assert change.after is not None
    present = {*change.after.native} - {edge.number for edge in change.add_edges}
    present |= {edge.number for edge in change.remove_edges}
    applied = replace(applied, others=change.after.others)
    for edge in new_edges(change, filed):
        present |= {edge.number}
        applied = replace(applied, native=tuple(sorted(present)))
        yield applied, _write(clerk, change, number, edge, applied, add=True)
    for edge in change.remove_edges:
        present -= {edge.number}
        applied = replace(applied, native=tuple(sorted(present)))
        yield applied, _write(clerk, change, number, edge, applied, add=False)


def new_edges(change: Change, filed: Filed) -> tuple[Edge, ...]:
    """The edges to add, those to blockers that were filed meanwhile among them."""
    return (*change.add_edges, *(filed[unit] for unit in change.link_for if unit in filed))


def _write(
    clerk: Clerk, change: Change, number: int, edge: Edge, applied: UnitApplied, *, add: bool
) -> int:
    keeper = dependencies_of(clerk.tracker)
    assert keeper is not None, "planned for a tracker that keeps dependencies"
    verb = "issue.depend" if add else "issue.undepend"
    detail = {"blocker": edge.number, "id": edge.id}
    with writing(clerk, change.unit, verb, number, detail) as write:
        write.facts.append(applied)
        held = any(each.id == edge.id for each in keeper.list_blocked_by(number))
        if held is add:
            write.outcome = EffectOutcome.FOUND
            return 0
        (keeper.add_blocked_by if add else keeper.remove_blocked_by)(number, edge.id)
        return 1
