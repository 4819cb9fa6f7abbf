"""A unit while its file is being read: its place, its parts, and the lines of its body."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from loopcoder.domain.roadmap.fields import Fields
from loopcoder.domain.roadmap.lead import Lead, Mention
from loopcoder.domain.roadmap.sections import Section
from loopcoder.domain.unit import Box, Step


class Form(StrEnum):
    ITEM = "item"
    ROW = "row"
    HEADING = "heading"


@dataclass(slots=True, eq=False)
class Draft:
    """What was read of one unit. Lines count from 0; the body lies between `body_start` and `end`.

    `offset` is the column at which the item's content starts. `hidden` are lines of the body
    taken out (fields, steps, child units), `rewritten` lines that read differently in the body.
    """

    form: Form
    file: str
    line: int
    lead: Lead
    section: Section
    box: Box = Box.OPEN
    mark: str = ""
    id: str = ""
    parent: Draft | None = None
    body_start: int = 0
    end: int = 0
    offset: int = 0
    fields: Fields = field(default_factory=Fields)
    steps: list[Step] = field(default_factory=list)
    mentions: list[Mention] = field(default_factory=list)
    opening: list[str] = field(default_factory=list)
    hidden: set[int] = field(default_factory=set)
    rewritten: dict[int, str] = field(default_factory=dict)
    detail: Draft | None = None

    @property
    def title(self) -> str:
        return self.lead.title

    def hide(self, start: int, end: int) -> None:
        self.hidden.update(range(start, end))

    def body(self, lines: Sequence[str]) -> str:
        """The Markdown under the unit, moved to the left margin."""
        kept: list[str] = list(self.opening)
        gap = False
        for number in range(self.body_start, self.end):
            if number in self.hidden:
                gap = True
                continue
            text = self.rewritten.get(number, lines[number])
            text = outdent(text, self.offset) if text.strip() else ""
            if not text and gap and kept and not kept[-1]:
                continue
            gap = False
            kept.append(text)
        return "\n".join(_trim(kept))


def outdent(line: str, columns: int) -> str:
    """`line` without up to `columns` columns of leading white space (a tab stops at fours)."""
    width = 0
    for index, letter in enumerate(line):
        if width >= columns or letter not in " \t":
            return " " * (width - columns) + line[index:]
        width += 1 if letter == " " else 4 - width % 4
    return ""


def _trim(lines: list[str]) -> list[str]:
    start, end = 0, len(lines)
    while start < end and not lines[start].strip():
        start += 1
    while end > start and not lines[end - 1].strip():
        end -= 1
    return lines[start:end]
