"""Which commits of a wave have to wait, so that the rest holds together: the smallest set.

The search knows the wave by numbers, in the wave's order. It assumes that what is red stays red
when more is added; where that is not so, it still ends, and what it keeps was seen green.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

MOST_RUNS = 20
"""Verifications that one search may ask for. A pair among fifty is found in about a dozen."""

_MOST_COMBINATIONS = 20_000

Group = tuple[int, ...]
"""Members in ascending order."""


@dataclass(frozen=True, slots=True)
class Found:
    """`keep` was seen green (or is empty), `causes` are smallest groups that are red together,
    each hit by one that is left out. `exhausted`: the bound was reached before the smallest set
    was certain, and more than the causes explain may be left out."""

    keep: Group
    causes: tuple[Group, ...] = ()
    runs: int = 0
    exhausted: bool = False

    def cause_of(self, member: int) -> Group:
        """The group for which the member is left out; empty when the bound is the reason."""
        return next((cause for cause in self.causes if member in cause), ())


class _Exhausted(Exception):
    pass


@dataclass(slots=True)
class _Oracle:
    """Asks each group once, and no more often than allowed."""

    ask: Callable[[Group], bool | None]
    most: int
    known: dict[Group, bool]
    runs: int = 0

    def green(self, group: Iterable[int]) -> bool:
        key = tuple(sorted(set(group)))
        if key not in self.known:
            if self.runs >= self.most:
                raise _Exhausted
            self.runs += 1
            self.known[key] = bool(self.ask(key))
        return self.known[key]


def find_culprits(
    count: int,
    is_green: Callable[[Group], bool],
    *,
    proven: Iterable[Group] = (),
    most: int = MOST_RUNS,
) -> Found:
    """The largest part of `count` members that is green together.

    `is_green` is asked at most `most` times; `proven` groups are green and never asked, as is the
    empty one. All is well costs one question. Among equally small sets to leave out, later members
    are left out first.
    """
    oracle = _Oracle(is_green, most, {(): True, **dict.fromkeys(proven, True)})
    everybody = tuple(range(count))
    causes: list[Group] = []
    try:
        while True:
            out = smallest_hit(causes)
            keep = tuple(m for m in everybody if m not in out)
            if oracle.green(keep):
                return Found(keep, tuple(causes), oracle.runs)
            causes.append(_smallest_red(oracle, keep) or keep)
    except _Exhausted:
        return Found(_best(oracle.known), tuple(causes), oracle.runs, exhausted=True)


def _best(known: dict[Group, bool]) -> Group:
    """The largest group seen green, of several the one with the earliest members."""
    green = [group for group, is_green in known.items() if is_green]
    return min(green, key=lambda group: (-len(group), group))


def _smallest_red(oracle: _Oracle, group: Group) -> Group:
    """A part of a red group that is red, and green without any one of its members: QuickXplain."""

    def explain(given: Group, added: bool, rest: Group) -> Group:
        if added and not oracle.green(given):
            return ()
        if len(rest) == 1:
            return rest
        middle = len(rest) // 2
        first, second = rest[:middle], rest[middle:]
        late = explain((*given, *first), True, second)
        early = explain((*given, *late), bool(late), first)
        return (*early, *late)

    return tuple(sorted(explain((), False, group)))


def smallest_hit(groups: Sequence[Group]) -> frozenset[int]:
    """The smallest set that holds a member of every group; of several, the one with the latest
    members. With very many groups a good set, and no member in it that is not needed."""
    if not groups:
        return frozenset()
    members = sorted({member for group in groups for member in group}, reverse=True)
    for size in range(1, len(members) + 1):
        if comb(len(members), size) > _MOST_COMBINATIONS:
            break
        for chosen in combinations(members, size):
            if all(set(group) & set(chosen) for group in groups):
                return frozenset(chosen)
    return _good_hit(groups, members)


def _good_hit(groups: Sequence[Group], members: Sequence[int]) -> frozenset[int]:
    chosen: set[int] = set()
    left = [set(group) for group in groups]
    while left:
        most = max(members, key=lambda m: (sum(m in group for group in left), m))
        chosen.add(most)
        left = [group for group in left if most not in group]
    for member in sorted(chosen):
        if all(set(group) & (chosen - {member}) for group in groups):
            chosen.remove(member)
    return frozenset(chosen)
