"""What agents noted of the repository, as hints for those that come later.

A hint is another agent's text: bounded, on one line, shown as material and never as an
instruction. It goes by the hash of its text, so that the same hint is one hint whoever notes it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from loopcoder.domain.graph import globs_overlap
from loopcoder.domain.guard.untrusted import clean
from loopcoder.domain.journal.event import Learned, StageFinished
from loopcoder.domain.unit import UnitId

LONGEST = 500
LONGEST_PATH = 200
MOST_PATHS = 8
MOST_OF_AN_ATTEMPT = 12
MOST_KEPT = 300
MOST_TOLD = 12
ROOM = 3000
"""Characters of hints in one prompt."""


@dataclass(frozen=True, slots=True)
class Hint:
    """One thing an agent noted, while it worked on `unit`."""

    name: str
    text: str
    paths: tuple[str, ...]
    unit: UnitId | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A unit that is worked on at the same time, and the files it claims."""

    unit: UnitId
    touches: tuple[str, ...]


def hint_name(text: str) -> str:
    """What a hint goes by: 10 hexadecimal digits."""
    return hashlib.sha256(" ".join(text.casefold().split()).encode()).hexdigest()[:10]


class _Stage(Protocol):
    @property
    def stage(self) -> str: ...
    @property
    def finished(self) -> StageFinished | None: ...


def lessons_of(stages: Iterable[_Stage]) -> tuple[Learned, ...]:
    """What the receipts of an attempt say was learned, each once, cleaned and bounded."""
    found: dict[str, Learned] = {}
    for each in stages:
        rows = each.finished.detail.get("learned") if each.finished else None
        for row in rows if isinstance(rows, list) else []:
            if isinstance(row, dict) and (text := _one_line(str(row.get("text")), LONGEST)):
                paths = row.get("paths")
                found[hint_name(text)] = Learned(text, _paths(paths))
    return tuple(found.values())[:MOST_OF_AN_ATTEMPT]


def _paths(given: object) -> tuple[str, ...]:
    rows = given if isinstance(given, list) else []
    lines = (_one_line(str(path), LONGEST_PATH) for path in rows)
    return tuple(line for line in lines if line)[:MOST_PATHS]


def _one_line(text: str, most: int) -> str:
    return " ".join(clean(text, max_length=most).split())


def _pinned(paths: Iterable[str]) -> list[str]:
    """Paths as patterns: an agent names a place, not a name in any folder."""
    return ["/" + path.lstrip("./") for path in paths]


def told_hints(hints: Mapping[str, Hint], touches: Sequence[str]) -> tuple[Hint, ...]:
    """Which hints a worker is shown: those about the paths it may touch first, the newest first,
    as many as there is room for."""
    newest = sorted(hints.values(), key=lambda hint: hint.at, reverse=True)
    near = [hint for hint in newest if globs_overlap(touches, _pinned(hint.paths))]
    chosen: list[Hint] = []
    left = ROOM
    for hint in (*near, *(h for h in newest if h not in near)):
        size = len(hint.text) + sum(len(path) + 2 for path in hint.paths)
        if size <= left and len(chosen) < MOST_TOLD:
            chosen.append(hint)
            left -= size
    return tuple(chosen)
