"""A unit: one thing the roadmap asks for, under an id that never changes."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import NewType

UnitId = NewType("UnitId", str)

ID_PATTERN = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
DEFAULT_PLAN = "main"
SECTION = "section:"
"""What the name of a section's own issue begins with. No id of a unit can."""
DEFAULT_PRIORITY = 2


def is_unit_id(text: str) -> bool:
    """Whether `text` can stand as a unit id, a branch component and a marker value at once."""
    return (
        ID_PATTERN.fullmatch(text) is not None
        and ".." not in text
        and not text.endswith((".", ".lock"))
    )


def is_section_id(text: str) -> bool:
    """Whether `text` names a section's own issue: it is bound and written like a unit's."""
    return text.startswith(SECTION) and is_unit_id(text.removeprefix(SECTION))


class Box(StrEnum):
    """What a task box says: `[ ]` open, `[x]` done, `[-]` dropped."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Step:
    """A task box nested in a unit: an entry of the worker's checklist."""

    text: str
    done: bool
    line: int


@dataclass(frozen=True, slots=True, order=True)
class IssueRef:
    """`#123`, or `owner/repo#123` when `repository` is set."""

    number: int
    repository: str = ""

    def __str__(self) -> str:
        return f"{self.repository}#{self.number}"

    def is_in(self, repository: str) -> bool:
        """Whether the issue is one of that repository (`owner/name`): the one that is meant where
        none is named."""
        return not self.repository or self.repository.casefold() == repository.casefold()


@dataclass(frozen=True, slots=True)
class Unit:
    """One thing the roadmap asks for.

    `body` is the Markdown under the item, fields and steps taken out. `after` are blockers in
    this roadmap, `after_issues` blockers that only the tracker knows. `line` counts from 1 in
    `file`; `position` is the rank among all units. `priority` runs from 0 (first) to 4.
    `mark` keeps the character of an unusual box such as `[~]`.
    """

    id: UnitId
    title: str
    box: Box = Box.OPEN
    body: str = ""
    steps: tuple[Step, ...] = ()
    after: tuple[UnitId, ...] = ()
    after_issues: tuple[IssueRef, ...] = ()
    parent: UnitId | None = None
    section: str = ""
    file: str = "ROADMAP.md"
    line: int = 0
    position: int = 0
    mark: str = ""
    verify: tuple[str, ...] = ()
    touches: tuple[str, ...] = ()
    priority: int = DEFAULT_PRIORITY
    size: str = ""
    labels: tuple[str, ...] = ()
    worker: str = ""
    reviewer: str = ""
    candidates: int = 1
    budget: Decimal | None = None
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Roadmap:
    """Everything one plan asks for, in the order it stands in its files."""

    units: tuple[Unit, ...] = ()
    plan: str = DEFAULT_PLAN
    files: tuple[str, ...] = ("ROADMAP.md",)
    by_id: dict[UnitId, Unit] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_id", {unit.id: unit for unit in self.units})


def text_digest(unit: Unit) -> str:
    """SHA-256 of everything a worker is told about the unit: what was approved is this text."""
    steps = [[step.text, step.done] for step in unit.steps]
    told = [unit.title, unit.body, steps, list(unit.verify), list(unit.touches)]
    return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()


def edges_digest(unit: Unit) -> str:
    """SHA-256 of what the roadmap says the unit waits for: a waiver lasts as long as this does."""
    return digest_edges([*unit.after, *map(str, unit.after_issues)])


def digest_edges(edges: Iterable[str]) -> str:
    """SHA-256 of edges by name, in any order."""
    return hashlib.sha256(json.dumps(sorted(edges)).encode()).hexdigest()
