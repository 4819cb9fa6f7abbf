"""One walk over a roadmap file: which items, rows and headings are units, and in which section."""

from __future__ import annotations

import re
from dataclasses import dataclass

from loopcoder.domain.markdown import Block, Kind, Outline, plain_text
from loopcoder.domain.roadmap.draft import Draft, Form
from loopcoder.domain.roadmap.fields import field_line, set_field
from loopcoder.domain.roadmap.findings import Findings
from loopcoder.domain.roadmap.index import Index
from loopcoder.domain.roadmap.items import ItemReader
from loopcoder.domain.roadmap.lead import Lead, read_lead, task_box
from loopcoder.domain.roadmap.rows import TableHeader, read_header, read_row
from loopcoder.domain.roadmap.sections import (
    PlanDirective,
    Section,
    is_excluded_label,
    open_section,
    read_directives,
)
from loopcoder.domain.roadmap.slips import check_bullet, check_text

_BOX_LINE = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+\[[ xX-]\]\s", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class FileReading:
    """What one file says, before references are resolved."""

    file: str
    outline: Outline
    drafts: list[Draft]
    sections: list[Section]
    plan: PlanDirective
    findings: Findings


def read_file(file: str, document: Outline, index: Index) -> FileReading:
    """Read one file.

    `index` says, by file and line, where the ids stand that items and rows begin with: a heading
    elsewhere that begins with such an id is that unit's detail.
    """
    reader = _Reader(file, document, index)
    reader.read()
    return FileReading(
        file, document, reader.items.drafts, reader.sections, reader.plan, reader.findings
    )


class _Reader:
    def __init__(self, file: str, document: Outline, index: Index) -> None:
        self.file = file
        self.lines = document.lines
        self.blocks = document.blocks
        self.index = index
        self.findings = Findings(file, document.lines)
        self.items = ItemReader(file, document.lines, self.findings)
        self.plan = PlanDirective()
        self.section = Section("", 0, 0, file)
        self.sections = [self.section]
        self.owners: list[tuple[int, Draft]] = []
        self.skipped: dict[tuple[int, str], int] = {}
        self.ends = _heading_ends(document)

    def read(self) -> None:
        previous: Block | None = None
        for block in self.blocks:
            if block.kind is Kind.HEADING:
                self._heading(block)
            elif block.kind is Kind.HTML:
                self._html(block)
            elif block.kind is Kind.FENCE:
                self._fence(block)
            elif self.owners:
                self._owned(block)
            elif block.kind is Kind.LIST:
                self._list(block, previous)
            elif block.kind is Kind.TABLE:
                self._table(block)
            elif block.kind is Kind.PARAGRAPH:
                self._paragraph(block)
            previous = block
        self._leave(0, len(self.lines))
        self._report_skipped()

    # -- headings ---------------------------------------------------------------------------

    def _heading(self, block: Block) -> None:
        self._leave(block.level, block.start)
        lead = read_lead(block.text, block.start)
        section = open_section(lead, block.level, block.start, self.file, self.section)
        if self._is_unit(lead, block):
            owner = self.owners[-1][1] if self.owners else None
            draft = self.items.open(Form.HEADING, block, lead, self.section, owner)
            draft.end = self.ends[block.start]
            if owner is not None:
                owner.hide(block.start, draft.end)
            self.owners.append((block.level, draft))
        section.span = (len(self.items.drafts), len(self.items.drafts))
        self.section = section
        self.sections.append(section)
        read_directives(block.text, block.start, section, self.plan, self.findings)

    def _is_unit(self, lead: Lead, block: Block) -> bool:
        if not lead.title:
            return False
        reads = self.section.reads
        if reads is not None and not reads:
            return False
        if lead.ids or (reads is not None and "headings" in reads):
            return True
        where = self.index.get(lead.token) if lead.token else None
        if where is None:
            return False
        return where[0] != self.file or not block.start <= where[1] < self.ends[block.start]

    def _leave(self, level: int, line: int) -> None:
        """Close what a heading of this level ends (everything for level 0)."""
        while self.owners and self.owners[-1][0] >= level:
            self.owners.pop()
        section: Section | None = self.section
        while section is not None and section.level >= level:
            section.span = (section.span[0], len(self.items.drafts))
            section = section.parent
        self.section = section or self.sections[0]

    # -- blocks -----------------------------------------------------------------------------

    def _owned(self, block: Block) -> None:
        """A block under a heading that is a unit."""
        self.items.inside(self.owners[-1][1], (block,))

    def _list(self, block: Block, previous: Block | None) -> None:
        label = previous.text if previous and previous.kind is Kind.PARAGRAPH else ""
        if is_excluded_label(label) and self.section.reads is None:
            self._skip(block, plain_text(label), block.start)
            return
        for item in block.children:
            self._item(item)

    def _item(self, item: Block, nested: bool = False) -> None:
        first = item.children[0] if item.children else None
        if first is None or first.kind is not Kind.PARAGRAPH:
            self._below(item)
            return
        reads = self.section.reads
        box = task_box(first.text)
        if self.section.excluded and reads is None:
            if box is not None:
                self._count_excluded()
            else:
                self._below(item)
            return
        if reads is not None and "items" not in reads:
            return
        if box is not None or (reads is not None and not nested):
            self.items.unit(item, box, self.section, None)
            return
        check_text(self.findings, first)
        check_bullet(self.findings, first)
        self._section_field(first.text, first.start)
        self._below(item)

    def _below(self, item: Block) -> None:
        """A plain bullet is a heading of sorts: boxes below it are units."""
        label = item.children[0] if item.children else None
        excluded = label is not None and is_excluded_label(label.text)
        for block in item.children:
            if block.kind is not Kind.LIST:
                continue
            if excluded and label is not None and self.section.reads is None:
                self._skip(block, plain_text(label.text), label.start)
            else:
                for inner in block.children:
                    self._item(inner, nested=True)

    def _table(self, block: Block) -> None:
        header = read_header(block.children[0].cells) if block.children else None
        reads = self.section.reads
        if header is None or (header.id < 0 if reads is None else "rows" not in reads):
            return
        for row in block.children[1:]:
            if self.section.excluded and reads is None:
                self._count_excluded()
            else:
                self._row(header, row)

    def _row(self, header: TableHeader, row: Block) -> None:
        reading = read_row(header, row.cells, self.lines[row.start], row.start)
        if reading.problem:
            detail = "The row is not a unit. Give it an id with a letter, or put "
            detail += "`<!-- id: x -->` at the end of the row."
            self.findings.warning(row.start, reading.problem, detail)
            return
        if not reading.lead.title or not (reading.lead.ids or self.section.reads):
            return
        draft = self.items.open(Form.ROW, row, reading.lead, self.section, None)
        draft.box = reading.box
        draft.opening = list(reading.prose)
        for stated in reading.fields:
            if stated.is_dependency:
                draft.mentions.append(stated.mention)
            else:
                set_field(draft.fields, stated, self.findings)

    def _paragraph(self, block: Block) -> None:
        check_text(self.findings, block)
        for number, text in enumerate(block.text.split("\n"), start=block.start):
            self._section_field(text, number)

    def _section_field(self, text: str, line: int) -> None:
        """`Depends on: Phase 1` under a heading, before its first unit, speaks for the section."""
        stated = field_line(text, line) if "\n" not in text else None
        if stated is None or not stated.is_dependency or not stated.values:
            return
        if self.section.level and self.section.span[0] == len(self.items.drafts):
            self.section.mentions.append(stated.mention)

    def _html(self, block: Block) -> None:
        read_directives(block.text, block.start, self.section, self.plan, self.findings)
        is_comment = block.text.lstrip().startswith("<!--")
        if is_comment and "-->" not in block.text:
            detail = "Everything to the end of the file is part of it."
            self.findings.warning(block.start, "this comment is never closed", detail, at="<!--")
        elif not is_comment and _BOX_LINE.search(block.text):
            detail = "Leave a blank line between the HTML and the list."
            self.findings.warning(block.start, "boxes inside HTML are not read", detail)

    def _fence(self, block: Block) -> None:
        last = self.lines[block.end - 1].strip()
        closed = block.end - 1 > block.start and last and set(last) == set(block.text[0])
        if closed or any(line.strip() for line in self.lines[block.end :]):
            return
        if _BOX_LINE.search("\n".join(self.lines[block.start : block.end])):
            detail = "The boxes after it are read as code."
            self.findings.warning(
                block.start, "this code fence is never closed", detail, at=block.text
            )

    # -- what is left out -------------------------------------------------------------------

    def _skip(self, block: Block, name: str, line: int) -> None:
        self._count(name, line, _count_boxes(block))

    def _count_excluded(self) -> None:
        section = self.section
        while section.parent is not None and section.parent.excluded:
            section = section.parent
        self._count(section.name, section.line, 1)

    def _count(self, name: str, line: int, boxes: int) -> None:
        if boxes:
            self.skipped[line, name] = self.skipped.get((line, name), 0) + boxes

    def _report_skipped(self) -> None:
        for (line, name), count in self.skipped.items():
            boxes = "1 entry" if count == 1 else f"{count} entries"
            self.findings.note(
                line,
                f"{boxes} under “{name.rstrip(':')}” read as criteria, not as units",
                "Write `<!-- units: items -->` under the heading to make them units.",
            )


def _count_boxes(block: Block) -> int:
    """The outermost boxes of a list."""
    count, pending = 0, [block]
    while pending:
        for item in pending.pop().children:
            first = item.children[0] if item.children else None
            if first is not None and first.kind is Kind.PARAGRAPH and task_box(first.text):
                count += 1
            else:
                pending += [each for each in item.children if each.kind is Kind.LIST]
    return count


def _heading_ends(document: Outline) -> dict[int, int]:
    """For the line of each heading, the line after everything that stands under it."""
    ends: dict[int, int] = {}
    opened: list[Block] = []
    for block in document.blocks:
        if block.kind is Kind.HEADING:
            while opened and opened[-1].level >= block.level:
                ends[opened.pop().start] = block.start
            opened.append(block)
    return ends | {block.start: len(document.lines) for block in opened}
