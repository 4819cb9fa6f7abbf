"""The search for what has to wait, against trying everything."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopcoder.domain.tick.culprits import MOST_RUNS, Found, Group, find_culprits, smallest_hit

groups = st.integers(1, 7).flatmap(
    lambda count: st.tuples(
        st.just(count),
        st.lists(
            st.sets(st.integers(0, count - 1), min_size=1, max_size=3).map(
                lambda members: tuple(sorted(members))
            ),
            max_size=4,
        ),
    )
)


def world(reds: list[Group]):  # type: ignore[no-untyped-def]
    """Red is what holds all of a red group; the questions are written down."""
    asked: list[Group] = []

    def is_green(group: Group) -> bool:
        asked.append(group)
        return not any(set(red) <= set(group) for red in reds)

    return is_green, asked


def by_trying_everything(count: int, reds: list[Group]) -> Group:
    """The largest green part; of several, the one that leaves the latest members out."""
    green, _ = world(reds)
    for size in range(count + 1):
        for out in combinations(range(count - 1, -1, -1), size):
            keep = tuple(m for m in range(count) if m not in out)
            if green(keep):
                return keep
    return ()


@given(groups)
@settings(max_examples=120, deadline=None)
def test_it_finds_what_trying_everything_finds(given: tuple[int, list[Group]]) -> None:
    count, reds = given
    is_green, asked = world(reds)
    found = find_culprits(count, is_green, most=1000)
    assert found.keep == by_trying_everything(count, reds)
    assert not found.exhausted
    assert found.runs == len(asked) == len(set(asked)), "nothing is asked twice"
    for member in set(range(count)) - set(found.keep):
        cause = found.cause_of(member)
        assert member in cause
        assert not is_green(cause)
        assert all(is_green(tuple(m for m in cause if m != each)) for each in cause)


@given(groups, st.integers(0, 8))
@settings(max_examples=80, deadline=None)
def test_the_bound_holds_and_what_is_kept_was_seen_green(
    given: tuple[int, list[Group]], most: int
) -> None:
    count, reds = given
    is_green, asked = world(reds)
    singles = [(m,) for m in range(count) if is_green((m,))]
    asked.clear()
    found = find_culprits(count, is_green, proven=singles, most=most)
    assert len(asked) <= most
    assert is_green(found.keep)
    if singles:
        assert found.keep


@given(st.integers(1, 6), st.randoms())
@settings(deadline=None)
def test_it_ends_also_where_checks_throw_dice(count: int, random) -> None:  # type: ignore[no-untyped-def]
    found = find_culprits(count, lambda group: random.random() < 0.5)
    assert found.runs <= MOST_RUNS


def test_all_is_well_costs_one_question() -> None:
    is_green, asked = world([])
    assert find_culprits(5, is_green) == Found((0, 1, 2, 3, 4), (), 1)
    assert asked == [(0, 1, 2, 3, 4)]


def test_a_single_one_that_is_proven_costs_none() -> None:
    is_green, asked = world([])
    assert find_culprits(1, is_green, proven=[(0,)]).keep == (0,)
    assert asked == []


@pytest.mark.parametrize("pair", [(0, 1), (7, 31), (48, 49), (0, 49)])
def test_a_pair_among_fifty_is_found_within_the_bound(pair: Group) -> None:
    is_green, asked = world([pair])
    found = find_culprits(50, is_green, proven=[(m,) for m in range(50)])
    assert not found.exhausted
    assert found.causes == (pair,)
    assert set(range(50)) - set(found.keep) == {pair[1]}
    assert len(asked) <= MOST_RUNS


def test_one_that_fits_with_nobody_goes_alone() -> None:
    is_green, _ = world([(0, 1), (0, 2), (0, 3)])
    found = find_culprits(5, is_green)
    assert found.keep == (1, 2, 3, 4)


def test_fifty_that_all_conflict_leave_one() -> None:
    pairs = list(combinations(range(50), 2))
    assert smallest_hit(pairs) == frozenset(range(1, 50))
