"""Everything the list of issues holds, as kept between two looks at it, and how it is renewed.

GitHub's list may lag behind what was written. So an item is kept twice: as the list had it, and
as the answer to our own write (or to asking for it alone) had it, which counts for a while.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

Item = Mapping[str, Any]

LAG_S = 90.0
"""How long the list is given to catch up with what we know."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One issue or pull request. `own_until` is in seconds since 1970."""

    listed: Item | None = None
    own: Item | None = None
    own_until: float = 0.0

    def current(self, now: float) -> Item:
        """What counts: our own knowledge while it is newer than the list and not too old."""
        if self.own is None:
            assert self.listed is not None
            return self.listed
        if self.listed is None:
            return self.own
        # Times have no fractions: within the same second the list is believed.
        newer = self.own["updated_at"] > self.listed["updated_at"]
        return self.own if newer and now < self.own_until else self.listed


@dataclass(frozen=True, slots=True)
class Renewal:
    """What a walk over the list's newest pages found. `gone` are no longer in the list;
    `unsound` says that something changed without a trace, so that all must be read again."""

    entries: Mapping[int, Entry]
    gone: frozenset[int] = frozenset()
    unsound: bool = False


def renew(known: Mapping[int, Entry], walked: Iterable[Item], settled: str) -> Renewal:
    """Compare the newest items of the list, newest first, with what was known.

    `settled` is a time (as GitHub writes it) so long ago that the list has caught up with it.
    """
    items = list(walked)
    seen = {int(item["number"]): item for item in reversed(items)}
    oldest = items[-1]["updated_at"] if items else ""
    unsound = False
    changed = {}
    for number, item in seen.items():
        entry = known.get(number, Entry())
        if entry.listed == item:
            continue
        if entry.listed is not None and _is_silent(entry.listed, item, settled):
            unsound = True
        changed[number] = replace(entry, listed=item)
    gone = frozenset(
        number
        for number, entry in known.items()
        if number not in seen
        and entry.listed is not None
        and oldest < entry.listed["updated_at"] < settled
    )
    return Renewal(changed, gone, unsound)


def replaced(known: Mapping[int, Entry], walked: Iterable[Item], settled: str) -> Renewal:
    """Compare the whole list with what was known: what it does not have is gone, unless it is so
    young that the list may lag."""
    seen = {int(item["number"]): item for item in walked}
    changed = {n: replace(known.get(n, Entry()), listed=item) for n, item in seen.items()}
    missing = (n for n in known if n not in seen)
    gone = frozenset(n for n in missing if known[n].current(0.0)["updated_at"] < settled)
    return Renewal({n: e for n, e in changed.items() if known.get(n) != e}, gone)


def _is_silent(before: Item, after: Item, settled: str) -> bool:
    """Whether an item changed and its time did not: a label was renamed or deleted.

    How many issues it blocks changes without it being touched, and says nothing about others.
    """
    if {**before, "edges": None} == {**after, "edges": None}:
        return False
    return bool(before["updated_at"] == after["updated_at"] < settled)
