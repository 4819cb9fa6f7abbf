"""What stands inside a unit: its fields, its steps, its child units."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from loopcoder.domain.markdown import Block, Kind
from loopcoder.domain.roadmap.draft import Draft, Form
from loopcoder.domain.roadmap.fields import FieldLine, field_line, set_field
from loopcoder.domain.roadmap.findings import Findings
from loopcoder.domain.roadmap.ids import ID_COMMENT
from loopcoder.domain.roadmap.lead import (
    Lead,
    TaskBox,
    read_lead,
    task_box,
    without_comments,
)
from loopcoder.domain.roadmap.sections import Section
from loopcoder.domain.roadmap.slips import (
    check_bullet,
    check_field,
    check_lead,
    check_text,
    empty_box,
    odd_mark,
)
from loopcoder.domain.unit import Box, Step

BOXES = {" ": Box.OPEN, "x": Box.DONE, "X": Box.DONE, "-": Box.DROPPED}

_BOX_START = re.compile(r"\[[^\]\n]\][ \t]?")
_CONTINUED = 6


class ItemReader:
    """Reads items into `drafts`, in the order in which they stand."""

    def __init__(self, file: str, lines: Sequence[str], findings: Findings) -> None:
        self.file = file
        self.lines = lines
        self.findings = findings
        self.drafts: list[Draft] = []

    # -- units ------------------------------------------------------------------------------

    def open(
        self, form: Form, block: Block, lead: Lead, section: Section, parent: Draft | None
    ) -> Draft:
        """A new draft for the entry that starts on the first line of `block`."""
        check_lead(self.findings, lead, block.start)
        draft = Draft(
            form, self.file, block.start, lead, section, id=lead.id, parent=parent,
            body_start=block.end, end=block.end, mentions=list(lead.mentions),
        )  # fmt: skip
        if lead.priority is not None:
            draft.fields.priority = lead.priority
        self.drafts.append(draft)
        return draft

    def unit(
        self, item: Block, box: TaskBox | None, section: Section, parent: Draft | None
    ) -> Draft | None:
        """Read a list item as a unit; `box` is None for a plain bullet that is one."""
        first, text = item.children[0], box.text if box else item.children[0].text
        lead = self._lead(item, text)
        if not lead.title:
            empty_box(self.findings, first.start)
            return None
        draft = self.open(Form.ITEM, first, lead, section, parent)
        draft.end = item.end
        if box is not None:
            draft.box = BOXES.get(box.mark, Box.OPEN)
            draft.mark = "" if box.mark in BOXES else box.mark
            if draft.mark.isalnum():
                odd_mark(self.findings, draft)
        draft.offset = self._content_column(first)
        draft.body_start = first.start + 1
        waiting = self._rest_of_lead(draft, first)
        self.inside(draft, item.children[1:], waiting)
        return draft

    def _lead(self, item: Block, text: str) -> Lead:
        """The lead of an item; an id comment on the line right below its text belongs to it."""
        first = item.children[0]
        lead = read_lead(text, first.start)
        below = item.children[1] if len(item.children) > 1 else None
        if below and below.kind is Kind.HTML and below.start == first.end and not lead.ids:
            found = ID_COMMENT.match(below.text)
            if found:
                return read_lead(f"{text}\n{found.group()}", first.start)
        return lead

    def _content_column(self, first: Block) -> int:
        line = self.lines[first.start]
        content = first.text.split("\n", 1)[0]
        before = line[: line.find(content)] if content else line
        return len(before.expandtabs(4))

    def _rest_of_lead(self, draft: Draft, first: Block) -> FieldLine | None:
        lead = draft.lead
        for number, text in enumerate(lead.rest, start=first.start + 1):
            if number < len(self.lines) and text.strip() != self.lines[number].strip():
                draft.rewritten[number] = " " * draft.offset + text
        if lead.runs_on and not self._starts_with_field(lead.rest):
            draft.opening.append(lead.line)
        elif lead.cut or len(lead.line) > len(lead.title) * 2:
            draft.opening += [lead.line, ""]
        return self._fields(draft, lead.rest, first.start + 1)

    @staticmethod
    def _starts_with_field(rest: Sequence[str]) -> bool:
        return bool(rest) and field_line(rest[0], 0) is not None

    # -- what is in a unit --------------------------------------------------------------------

    def inside(
        self, draft: Draft, blocks: Sequence[Block], waiting: FieldLine | None = None
    ) -> None:
        """Read the blocks under a unit's first paragraph, or under its heading.

        `waiting` is a field whose values are still to come, as a list.
        """
        for block in blocks:
            if block.kind is Kind.PARAGRAPH:
                check_text(self.findings, block)
                waiting = self._fields(draft, block.text.split("\n"), block.start)
            elif block.kind is Kind.LIST and waiting and not _has_boxes(block):
                self._listed_values(draft, waiting, block)
                waiting = None
            elif block.kind is Kind.LIST:
                self._inner_list(draft, block)
                waiting = None

    def _fields(self, draft: Draft, lines: Sequence[str], start: int) -> FieldLine | None:
        """Take the field lines out of a paragraph. Returns the last one if it has no value yet."""
        number = 0
        stated: FieldLine | None = None
        while number < len(lines):
            stated = field_line(lines[number], start + number)
            if stated is None:
                check_field(self.findings, lines[number], start + number)
                number += 1
                continue
            length = _length_of(lines, number) if stated.is_dependency else 1
            if length > 1:
                joined = " ".join(line.strip() for line in lines[number : number + length])
                stated = field_line(joined, start + number)
            number += length
            if stated and stated.values:
                self._state(draft, stated, start + number - length, start + number)
            elif stated and number < len(lines):
                set_field(draft.fields, stated, self.findings)
        return stated if stated is not None and not stated.values else None

    def _state(self, draft: Draft, stated: FieldLine, start: int, end: int) -> None:
        if stated.is_dependency:
            draft.mentions.append(replace(stated.mention, length=end - start))
            draft.hide(start, end)
        elif set_field(draft.fields, stated, self.findings):
            draft.hide(start, end)

    def _listed_values(self, draft: Draft, stated: FieldLine, block: Block) -> None:
        values = tuple(item.children[0].text for item in block.children if item.children)
        full = FieldLine(stated.name, values, stated.line)
        self._state(draft, full, stated.line, block.end)

    def _inner_list(self, draft: Draft, block: Block) -> None:
        for item in block.children:
            first = _first_paragraph(item)
            if first is None:
                self.inside_plain(draft, item)
                continue
            check_text(self.findings, first)
            box = task_box(first.text)
            if box is not None:
                self.inner_box(draft, item, box)
            elif not self._bullet_field(draft, item, first):
                check_bullet(self.findings, first)
                self.inside_plain(draft, item)

    def inside_plain(self, draft: Draft, item: Block) -> None:
        """A plain bullet inside a unit is prose, but boxes below it are steps."""
        for block in item.children:
            if block.kind is Kind.LIST:
                self._inner_list(draft, block)

    def _bullet_field(self, draft: Draft, item: Block, first: Block) -> bool:
        """`- Verify: …` as a bullet of its own, its value on the line or in a list below."""
        stated = field_line(first.text, first.start) if "\n" not in first.text else None
        if stated is None:
            check_field(self.findings, first.text, first.start)
            return False
        below = item.children[1] if len(item.children) > 1 else None
        if stated.values and below is None:
            self._state(draft, stated, item.start, first.end)
            return True
        if not stated.values and below and below.kind is Kind.LIST and not _has_boxes(below):
            self._listed_values(draft, stated, below)
            return True
        return False

    # -- steps --------------------------------------------------------------------------------

    def inner_box(self, draft: Draft, item: Block, box: TaskBox) -> None:
        """A box inside a unit: a child unit if it carries an id, else a step."""
        first = item.children[0]
        lead = self._lead(item, box.text)
        if lead.id and lead.title:
            draft.hide(item.start, item.end)
            self.unit(item, box, draft.section, draft)
            return
        text = without_comments(box.text)
        if not text:
            empty_box(self.findings, first.start)
            return
        if box.mark != "-":
            draft.steps.append(Step(text, BOXES.get(box.mark) is Box.DONE, first.start + 1))
        if _has_details(item):
            line = self.lines[first.start]
            draft.rewritten[first.start] = _BOX_START.sub("", line, count=1)
        else:
            draft.hide(item.start, first.end)
        for block in item.children[1:]:
            if block.kind is Kind.LIST:
                self._inner_list(draft, block)


def _first_paragraph(item: Block) -> Block | None:
    first = item.children[0] if item.children else None
    return first if first is not None and first.kind is Kind.PARAGRAPH else None


def _has_boxes(block: Block) -> bool:
    return any(
        (first := _first_paragraph(item)) is not None and task_box(first.text) is not None
        for item in block.children
    )


def _has_details(item: Block) -> bool:
    """Whether a step says more than its own line and further steps."""
    pending = list(item.children[1:])
    while pending:
        block = pending.pop()
        if block.kind is not Kind.LIST:
            return True
        for inner in block.children:
            first = _first_paragraph(inner)
            if first is None or task_box(first.text) is None:
                return True
            pending += inner.children[1:]
    return False


def _length_of(lines: Sequence[str], start: int) -> int:
    """How many lines a dependency field takes: an open parenthesis or a comma goes on."""
    text = lines[start]
    for length in range(1, min(len(lines) - start, _CONTINUED)):
        depth = text.count("(") - text.count(")")
        if (depth <= 0 and not text.rstrip().endswith(",")) or field_line(lines[start + length], 0):
            return length
        text += lines[start + length]
    return min(len(lines) - start, _CONTINUED)
