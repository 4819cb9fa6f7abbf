"""The graph of units: order, cycles, dependants, readiness, waves. All of it iterative."""

from __future__ import annotations

import heapq
import re
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache

from loopcoder.domain.unit import Box, Unit, UnitId

Edges = Mapping[UnitId, Collection[UnitId]]


def blockers_of(units: Iterable[Unit]) -> dict[UnitId, tuple[UnitId, ...]]:
    """Who each unit waits for: its `after`, as far as those units exist."""
    listed = list(units)
    known = {unit.id for unit in listed}
    return {unit.id: tuple(each for each in unit.after if each in known) for unit in listed}


def waits_of(units: Iterable[Unit]) -> dict[UnitId, tuple[UnitId, ...]]:
    """Who each unit cannot be completed before: its blockers, and a parent's children."""
    listed = list(units)
    waits = blockers_of(listed)
    children: dict[UnitId, list[UnitId]] = {}
    for unit in listed:
        if unit.parent in waits:
            children.setdefault(unit.parent, []).append(unit.id)
    return {id: (*blockers, *children.get(id, ())) for id, blockers in waits.items()}


def dependants_of(units: Iterable[Unit]) -> dict[UnitId, tuple[UnitId, ...]]:
    """Who waits for each unit, in the order of the units."""
    return _reversed(blockers_of(units))


def _reversed(edges: Edges) -> dict[UnitId, tuple[UnitId, ...]]:
    found: dict[UnitId, list[UnitId]] = {id: [] for id in edges}
    for id, blockers in edges.items():
        for blocker in dict.fromkeys(blockers):
            found[blocker].append(id)
    return {id: tuple(waiting) for id, waiting in found.items()}


def stable_order(units: Iterable[Unit]) -> tuple[Unit, ...]:
    """Blockers first, else the order of `position`. Units on a cycle come last, by position."""
    by_id = {unit.id: unit for unit in units}
    edges = blockers_of(by_id.values())
    rank = {unit.id: n for n, unit in enumerate(sorted(by_id.values(), key=_place))}
    order = _sorted_ids(edges, rank)
    left = sorted(by_id.keys() - set(order), key=rank.__getitem__)
    return tuple(by_id[id] for id in (*order, *left))


def _place(unit: Unit) -> tuple[int, str]:
    return unit.position, unit.id


def _sorted_ids(edges: Edges, rank: Mapping[UnitId, int]) -> list[UnitId]:
    """Kahn's algorithm with the lowest rank first; what is on or behind a cycle is left out."""
    waiting = {id: len(set(blockers)) for id, blockers in edges.items()}
    dependants = _reversed(edges)
    free = [(rank[id], id) for id, count in waiting.items() if count == 0]
    heapq.heapify(free)
    order: list[UnitId] = []
    while free:
        _, id = heapq.heappop(free)
        order.append(id)
        for dependant in dependants[id]:
            waiting[dependant] -= 1
            if waiting[dependant] == 0:
                heapq.heappush(free, (rank[dependant], dependant))
    return order


def find_cycles(edges: Edges) -> tuple[tuple[UnitId, ...], ...]:
    """One shortest cycle for each knot of units that wait for each other, in the order of `edges`.

    `edges` says who each unit waits for. A cycle is returned without repeating its first unit.
    """
    rank = {id: number for number, id in enumerate(edges)}
    known = {id: [each for each in edges[id] if each in rank] for id in edges}
    settled = set(_sorted_ids(known, rank))
    tangled = {
        id: [each for each in blockers if each not in settled]
        for id, blockers in known.items()
        if id not in settled
    }
    knots = [sorted(knot, key=rank.__getitem__) for knot in _knots(tangled)]
    return tuple(
        _shortest_cycle(knot[0], set(knot), tangled)
        for knot in sorted(knots, key=lambda knot: rank[knot[0]])
    )


def describe_cycle(cycle: Sequence[UnitId]) -> str:
    """`a → b → a`, read as: a waits for b, which waits for a. Long ones are abridged."""
    path = [*cycle, cycle[0]]
    if len(path) > 12:
        path = [*path[:6], UnitId("…"), *path[-5:]]
    return " → ".join(path)


def _knots(edges: Mapping[UnitId, Sequence[UnitId]]) -> list[list[UnitId]]:
    """Strongly connected components that hold a cycle (Tarjan's algorithm, with its own stack)."""
    index: dict[UnitId, int] = {}
    low: dict[UnitId, int] = {}
    path: list[UnitId] = []
    on_path: set[UnitId] = set()
    knots: list[list[UnitId]] = []
    for root in edges:
        if root in index:
            continue
        work = [(root, iter(edges[root]))]
        index[root] = low[root] = len(index)
        path.append(root)
        on_path.add(root)
        while work:
            id, following = work[-1]
            for each in following:
                if each not in index:
                    index[each] = low[each] = len(index)
                    path.append(each)
                    on_path.add(each)
                    work.append((each, iter(edges[each])))
                    break
                if each in on_path:
                    low[id] = min(low[id], index[each])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[id])
                if low[id] == index[id]:
                    knot = _take_until(path, id)
                    on_path.difference_update(knot)
                    if len(knot) > 1 or id in edges[id]:
                        knots.append(knot)
    return knots


def _take_until(path: list[UnitId], id: UnitId) -> list[UnitId]:
    knot = []
    while True:
        knot.append(path.pop())
        if knot[-1] == id:
            return knot


def _shortest_cycle(
    start: UnitId, knot: set[UnitId], edges: Mapping[UnitId, Sequence[UnitId]]
) -> tuple[UnitId, ...]:
    came_from: dict[UnitId, UnitId] = {}
    queue = deque([start])
    while queue:
        id = queue.popleft()
        for each in edges[id]:
            if each == start:
                path = [id]
                while path[-1] != start:
                    path.append(came_from[path[-1]])
                return tuple(reversed(path))
            if each in knot and each not in came_from:
                came_from[each] = id
                queue.append(each)
    return (start,)


def select_ready(units: Iterable[Unit], is_done: Callable[[UnitId], bool]) -> tuple[Unit, ...]:
    """Open units all of whose blockers are done, in the order given."""
    return tuple(
        unit
        for unit in units
        if unit.box is Box.OPEN and not is_done(unit.id) and all(map(is_done, unit.after))
    )


def chain_lengths(units: Iterable[Unit]) -> dict[UnitId, int]:
    """For each of these units the length of the longest chain of them that starts with it.

    A unit that nobody waits for has 1; so have units on a cycle. Give the open units only, to
    learn how much work waits behind each.
    """
    edges = blockers_of(units)
    rank = {id: number for number, id in enumerate(edges)}
    lengths = dict.fromkeys(edges, 1)
    for id in reversed(_sorted_ids(edges, rank)):
        for blocker in edges[id]:
            lengths[blocker] = max(lengths[blocker], lengths[id] + 1)
    return lengths


def select_wave(
    units: Iterable[Unit], room: int, busy: Sequence[Sequence[str]] = ()
) -> tuple[Unit, ...]:
    """The first `room` units, in the order given, that share no file with each other or `busy`.

    Only units that say what they touch can be kept apart: a unit without `Touches:` shares a wave
    with any other. `busy` are the patterns of the units that are already running.
    """
    taken = [tuple(patterns) for patterns in busy if patterns]
    wave: list[Unit] = []
    for unit in units:
        if len(wave) >= room:
            break
        if not any(globs_overlap(unit.touches, other) for other in taken):
            wave.append(unit)
            if unit.touches:
                taken.append(unit.touches)
    return tuple(wave)


def select_waves(units: Iterable[Unit], room: int) -> tuple[tuple[Unit, ...], ...]:
    """All units, cut into waves one after the other."""
    left = list(units)
    waves: list[tuple[Unit, ...]] = []
    while left and room > 0:
        wave = select_wave(left, room)
        waves.append(wave)
        chosen = {unit.id for unit in wave}
        left = [unit for unit in left if unit.id not in chosen]
    return tuple(waves)


def globs_overlap(one: Iterable[str], other: Iterable[str]) -> bool:
    """Whether two sets of glob patterns may match a common path. When in doubt: yes."""
    others = tuple(other)
    return any(_may_meet(_parts(a), _parts(b)) for a in one for b in others)


@lru_cache(maxsize=4096)
def _parts(pattern: str) -> tuple[str, ...]:
    """The path segments of a pattern, read as `domain.glob` does: a name alone is at any depth."""
    cleaned = pattern.strip().removeprefix("./")
    body = cleaned.strip("/")
    parts = tuple(part for part in body.split("/") if part and part != ".")
    pinned = "/" in body or cleaned.startswith("/")
    return parts if pinned and parts else ("**", *parts)


@lru_cache(maxsize=16384)
def _may_meet(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether two segment lists have a path in common: a search over positions in both lists.

    `**` stays where it is while the other list goes on. A pattern also stands for what is below
    it, unless its last segment has an extension and only a `**` would lead there.
    """
    reach = {(0, 0)}
    seen = set(reach)
    while reach:
        a, b = reach.pop()
        if a == len(one) or b == len(other):
            ended, rest = (one, other[b:]) if a == len(one) else (other, one[a:])
            if not (_FILE.fullmatch(ended[-1]) and rest[:1] == ("**",) and set(rest) != {"**"}):
                return True
            continue
        steps = []
        if one[a] == "**":
            steps += [(a + 1, b), (a, b + 1)]
        if other[b] == "**":
            steps += [(a, b + 1), (a + 1, b)]
        if "**" not in (one[a], other[b]) and _segments_meet(one[a], other[b]):
            steps.append((a + 1, b + 1))
        new = set(steps) - seen
        seen |= new
        reach |= new
    return False


_FILE = re.compile(r"[^.].*\.\w+")
_WILD = re.compile(r"[*?\[{]")


@lru_cache(maxsize=16384)
def _segments_meet(one: str, other: str) -> bool:
    """Whether two segments may name the same entry; only their fixed ends are compared."""
    if not _WILD.search(one) and not _WILD.search(other):
        return one.casefold() == other.casefold()
    return all(
        short == long[: len(short)] or long == short[: len(long)]
        for short, long in (
            (_fixed(one), _fixed(other)),
            (_fixed(one[::-1], "*?]}"), _fixed(other[::-1], "*?]}")),
        )
    )


def _fixed(segment: str, wild: str = "*?[{") -> str:
    """The part of a segment before its first wildcard, without case."""
    for number, letter in enumerate(segment):
        if letter in wild:
            return segment[:number].casefold()
    return segment.casefold()
