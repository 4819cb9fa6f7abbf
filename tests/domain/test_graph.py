"""Order, cycles, readiness and waves over units."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopcoder.domain.glob import matches
from loopcoder.domain.graph import (
    chain_lengths,
    dependants_of,
    describe_cycle,
    find_cycles,
    globs_overlap,
    select_ready,
    select_waves,
    stable_order,
    waits_of,
)
from loopcoder.domain.unit import Box, Unit, UnitId


def unit(id: str, *after: str, position: int = 0, touches: tuple[str, ...] = ()) -> Unit:
    return Unit(UnitId(id), id, after=tuple(map(UnitId, after)), position=position, touches=touches)


def numbered(edges: dict[int, list[int]]) -> list[Unit]:
    return [unit(f"u{n}", *(f"u{b}" for b in after), position=n) for n, after in edges.items()]


GRAPHS = st.integers(1, 12).flatmap(
    lambda n: st.fixed_dictionaries(
        {i: st.lists(st.integers(0, n - 1), max_size=3) for i in range(n)}
    )
)


def test_blockers_come_first_and_position_decides_the_rest() -> None:
    units = [unit("c", "a", position=0), unit("b", position=1), unit("a", position=2)]
    assert [each.id for each in stable_order(units)] == ["b", "a", "c"]


@given(GRAPHS)
def test_the_order_is_total_and_respects_every_edge_off_the_cycles(
    edges: dict[int, list[int]],
) -> None:
    units = numbered(edges)
    order = [each.id for each in stable_order(units)]
    assert sorted(order) == sorted(each.id for each in units)
    assert order == [each.id for each in stable_order(list(reversed(units)))]
    if not find_cycles(waits_of(units)):
        for each in units:
            assert all(order.index(blocker) < order.index(each.id) for blocker in each.after)


@given(GRAPHS)
def test_cycles_are_found_exactly_where_sorting_fails(edges: dict[int, list[int]]) -> None:
    import graphlib

    units = numbered(edges)
    cycles = find_cycles(waits_of(units))
    by_id = {each.id: each for each in units}
    for cycle in cycles:
        for one, other in zip(cycle, (*cycle[1:], cycle[0]), strict=True):
            assert other in by_id[one].after
    sorter = graphlib.TopologicalSorter(
        {n: [b for b in after if b != n] for n, after in edges.items()}
    )
    loops = any(n in after for n, after in edges.items())
    try:
        sorter.prepare()
    except graphlib.CycleError:
        loops = True
    assert bool(cycles) == loops


def test_a_cycle_is_told_as_a_path() -> None:
    units = [unit("a", "c"), unit("b", "a"), unit("c", "b"), unit("d", "a")]
    (cycle,) = find_cycles(waits_of(units))
    assert describe_cycle(cycle) == "a → c → b → a"


def test_each_knot_is_told_once_and_by_its_shortest_cycle() -> None:
    units = [unit("a", "b"), unit("b", "a", "c"), unit("c", "b"), unit("x", "x"), unit("y", "x")]
    assert find_cycles(waits_of(units)) == (("a", "b"), ("x",))


def test_a_parent_waits_for_its_children() -> None:
    parent, child = unit("p"), Unit(UnitId("c"), "c", parent=UnitId("p"))
    assert waits_of([parent, child]) == {"p": ("c",), "c": ()}


def test_dependants_are_in_the_order_of_the_units() -> None:
    units = [unit("a"), unit("b", "a"), unit("c", "a", "b", "gone")]
    assert dependants_of(units) == {"a": ("b", "c"), "b": ("c",), "c": ()}


def test_ready_units_are_open_with_every_blocker_done() -> None:
    done = Unit(UnitId("a"), "a", box=Box.DONE)
    units = [done, unit("b", "a"), unit("c", "b"), unit("d", "gone")]
    assert [each.id for each in select_ready(units, {"a"}.__contains__)] == ["b"]


def test_chain_lengths_count_the_longest_way_down() -> None:
    units = [unit("a"), unit("b", "a"), unit("c", "b"), unit("d", "a"), unit("e")]
    assert chain_lengths(units) == {"a": 3, "b": 2, "c": 1, "d": 1, "e": 1}


def test_ten_thousand_in_a_row_are_no_problem() -> None:
    count = 10_000
    units = numbered({n: [n - 1] if n else [] for n in range(count)})
    begun = time.process_time()
    assert len(stable_order(units)) == count
    assert chain_lengths(units)["u0"] == count
    closed = [unit("u0", f"u{count - 1}"), *units[1:]]
    (cycle,) = find_cycles(waits_of(closed))
    assert len(cycle) == count
    assert len(describe_cycle(cycle)) < 200
    assert time.process_time() - begun < 5


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        ("src/a.py", "src/a.py", True),
        ("src/a.py", "src/b.py", False),
        ("src/**", "src/deep/b.py", True),
        ("src/**", "docs/**", False),
        ("src", "src/x.py", True),
        ("src/", "src/x.py", True),
        ("/src", "lib/src/x", False),
        ("**/test_*.py", "src/test_a.py", True),
        ("**/test_*.py", "src/a.py", False),
        ("*.md", "docs/a.md", True),
        ("*.md", "docs/a.py", False),
        ("src/*/x", "src/a/b/x", False),
        ("src/*/x", "src/a/x/y", True),
        ("a/**/z", "a/b/c/z", True),
        ("a/**/z", "b/**", False),
        ("src/[ab].py", "src/a.py", True),
        ("src/a?.py", "src/ab.py", True),
        ("**", "anything", True),
        ("./src/a.py", "src/a.py", True),
        ("Src/a.py", "src/A.py", True),
    ],
)
def test_globs_overlap_where_they_may_name_the_same_file(
    one: str, other: str, overlap: bool
) -> None:
    assert globs_overlap([one], [other]) is overlap
    assert globs_overlap([other], ["zzz/only", one]) is overlap


SEGMENTS = st.sampled_from(["a", "ab", "b.py", "*", "*.py", "a*", "**", "?b", "[ab]", "a*b"])
PATTERNS = st.lists(SEGMENTS, min_size=1, max_size=4).map("/".join)
PATHS = st.tuples(
    st.lists(st.sampled_from(["a", "ab", "b"]), max_size=4), st.sampled_from(["a", "b.py", "ab.py"])
).map(lambda parts: "/".join((*parts[0], parts[1])))


@given(PATTERNS, PATTERNS, PATHS)
def test_a_common_file_is_always_an_overlap(one: str, other: str, path: str) -> None:
    if matches(one, path) and matches(other, path):
        assert globs_overlap([one], [other])


def test_a_wave_takes_units_in_order_that_share_no_file() -> None:
    units = [
        unit("a", touches=("src/**",)), unit("b", touches=("src/x.py",)),
        unit("c", touches=("docs/*",)), unit("d"),
    ]  # fmt: skip
    waves = select_waves(units, room=3)
    assert [[each.id for each in wave] for wave in waves] == [["a", "c", "d"], ["b"]]
    assert [len(wave) for wave in select_waves(units, room=1)] == [1, 1, 1, 1]
