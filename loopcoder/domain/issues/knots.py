"""Units that wait for each other by people's word; the roadmap's own cycles are errors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise

from loopcoder.domain.diagnostic import Diagnostic, Severity
from loopcoder.domain.graph import describe_cycle, find_cycles
from loopcoder.domain.issues.case import Case
from loopcoder.domain.issues.edges import Graph, waived_by
from loopcoder.domain.unit import UnitId

Cycle = tuple[UnitId, ...]


def find_knots(cases: Mapping[UnitId, Case], graph: Graph) -> tuple[Cycle, ...]:
    """One cycle for each group of open units none of which can ever begin."""
    if not any(case.record.added_edges for case in cases.values()):
        return ()
    units = {number: id for id, number in graph.numbers.items()}
    return find_cycles({id: _waits_for(case, units, graph) for id, case in cases.items()})


def _waits_for(case: Case, units: Mapping[int, UnitId], graph: Graph) -> tuple[UnitId, ...]:
    waived = waived_by(case.unit, case.record)
    added = [units[number] for number in sorted(case.record.added_edges) if number in units]
    return tuple(
        dict.fromkeys(
            each
            for each in (*case.unit.after, *added)
            if each not in graph.completed_units and graph.numbers.get(each) not in waived
        )
    )


def describe_knots(cycles: Iterable[Cycle]) -> list[Diagnostic]:
    """What a person has to undo."""
    return [
        Diagnostic(
            Severity.WARNING,
            f"{describe_cycle(cycle)}: these wait for each other, and none of them can begin.",
            "Take one of their blocked-by labels off.",
        )
        for cycle in cycles
    ]


def edges_of(cycles: Iterable[Cycle], numbers: Mapping[UnitId, int]) -> frozenset[tuple[int, int]]:
    """The issues in the cycles, each with the one it waits for: no tracker takes all of these."""
    pairs = (pair for cycle in cycles for pair in pairwise((*cycle, cycle[0])))
    return frozenset((numbers[one], numbers[other]) for one, other in pairs
                     if one in numbers and other in numbers)  # fmt: skip
