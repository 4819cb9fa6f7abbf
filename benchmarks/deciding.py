"""What a tick thinks before it does anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from graphlib import TopologicalSorter
from pathlib import Path

from benchmarks.figures import Figure, Sizes, at_most
from benchmarks.measure import compare, seconds
from benchmarks.roadmaps import edges_of
from loopcoder.domain.tick.decide import decide
from loopcoder.domain.tick.snapshot import Blocker, BlockerState, Snapshot
from loopcoder.domain.unit import UnitId
from tests.support.world import SETTINGS, snapshot, unit, view

MOST = 4.0


def decision(sizes: Sizes, folder: Path) -> Iterator[Figure]:
    """Against sorting the same graph."""
    edges = edges_of(sizes.units)
    world = _world(edges)
    pair = compare(
        lambda: seconds(lambda: decide(world, SETTINGS)),
        lambda: seconds(lambda: list(TopologicalSorter(edges).static_order())),
        3 * sizes.turns,
    )
    how = "`decide` on a snapshot, against building and sorting a `graphlib.TopologicalSorter`"
    yield at_most(f"`decide`, {sizes.units:,} open issues", pair, MOST, how)


def _world(edges: Mapping[str, Sequence[str]]) -> Snapshot:
    """Everything filed and open; what has no blocker is ready."""
    numbers = {name: number for number, name in enumerate(edges, 1)}
    return snapshot(
        view(
            name,
            numbers[name],
            unit=unit(name, position=numbers[name], after=tuple(map(UnitId, after))),
            blockers=tuple(
                Blocker(UnitId(other), numbers[other], BlockerState.OPEN) for other in after
            ),
        )
        for name, after in edges.items()
    )
