"""What a roadmap says against itself, once its references are resolved."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from loopcoder.domain.graph import describe_cycle, find_cycles, waits_of
from loopcoder.domain.markdown import Block, Kind
from loopcoder.domain.roadmap.draft import Draft, Form
from loopcoder.domain.roadmap.findings import Findings
from loopcoder.domain.roadmap.reader import FileReading
from loopcoder.domain.roadmap.sections import Section, name_key, section_keys
from loopcoder.domain.unit import Box, Unit

_UNDONE = re.compile(r"\b(?:reverted|deferred|postponed|rolled back)\b", re.IGNORECASE)
_OURS = re.compile(r"<{7}(?: |$)")
_THEIRS = re.compile(r">{7}(?: |$)")
_START = 6


def check_units(
    units: Sequence[Unit],
    drafts: Sequence[Draft],
    readings: Sequence[FileReading],
    findings: Mapping[str, Findings],
) -> None:
    """Report cycles, boxes that contradict the order or the text, and files without a unit."""
    _check_order(units, findings)
    _check_words(drafts, findings)
    _check_cycles(units, findings)
    for reading in readings:
        _check_conflict(reading)
        _check_index(reading)
        _check_emptiness(reading)


def _check_conflict(reading: FileReading) -> None:
    """A file that git could not merge holds two roadmaps; neither is what its author wants."""
    lines = reading.outline.lines
    begins = [n for n, line in enumerate(lines) if _OURS.match(line)]
    if not begins or not any(_THEIRS.match(line) for line in lines[begins[0] :]):
        return
    code = {n for fence in _fences(reading.outline.blocks) for n in range(fence.start, fence.end)}
    for number in begins:
        if number not in code:
            detail = "Keep what you want of both sides, and remove the lines with the marks."
            reading.findings.error(number, "a merge conflict is not resolved here", detail)


def _fences(blocks: Iterable[Block]) -> Iterator[Block]:
    for block in blocks:
        if block.kind is Kind.FENCE:
            yield block
        yield from _fences(block.children)


def _check_order(units: Sequence[Unit], findings: Mapping[str, Findings]) -> None:
    by_id = {unit.id: unit for unit in units}
    for unit in units:
        if unit.box is not Box.DONE:
            continue
        report = findings[unit.file]
        waiting = next((id for id in unit.after if by_id[id].box is Box.OPEN), None)
        if waiting is not None:
            report.warning(
                unit.line - 1,
                f"`{unit.id}` is done, but `{waiting}` before it is open",
                "Tick the other box, or remove the dependency.",
            )


def _check_words(drafts: Iterable[Draft], findings: Mapping[str, Findings]) -> None:
    for draft in drafts:
        if draft.box is Box.DONE and (said := _UNDONE.search(draft.lead.line)):
            findings[draft.file].warning(
                draft.line,
                f"`{draft.id or draft.title}` is ticked, but says “{said.group()}”",
                "Write `[ ]` to keep it open or `[-]` to drop it.",
                at=said.group(),
            )


def _check_cycles(units: Sequence[Unit], findings: Mapping[str, Findings]) -> None:
    by_id = {unit.id: unit for unit in units}
    for cycle in find_cycles(waits_of(units)):
        unit = by_id[cycle[0]]
        findings[unit.file].error(
            unit.line - 1,
            f"these units wait for each other: {describe_cycle(cycle)}",
            "Remove one of the dependencies. A unit with child units waits for them.",
            at=unit.id,
        )


def _check_emptiness(reading: FileReading) -> None:
    """A file without a unit says so, at the first line that could be one."""
    if reading.drafts or any(each.is_error for each in reading.findings.diagnostics):
        return
    first = next(
        (
            block.start
            for kinds in ((Kind.LIST, Kind.TABLE), (Kind.HEADING,), tuple(Kind))
            for block in reading.outline.blocks
            if block.kind in kinds
        ),
        0,
    )
    text = next((line for line in reading.outline.lines if line.strip()), "")
    detail = "A unit is a list item that starts with a box: `- [ ] …`. "
    if any("not as units" in each.summary for each in reading.findings.diagnostics):
        detail = "There are boxes, but none was read as a unit: the notes say why."
    elif text.lstrip().startswith(("{", "[{")) or reading.file.endswith((".json", ".jsonl")):
        detail += "This looks like JSON: `loopcoder import` reads task files."
    else:
        detail += "`loopcoder adopt` turns plain bullets and tables into units."
    reading.findings.warning(first, "no units found", detail)


def _check_index(reading: FileReading) -> None:
    """Warn of a list that looks like an index of headings which have units of their own."""
    named: dict[str, Section] = {}
    for section in reading.sections:
        if section.level > 1 and section.span[0] < section.span[1]:
            for key in section_keys(section.name):
                named.setdefault(key, section)
    starts = {key[:_START] for key in named}
    doubles = [
        (draft, named[key])
        for draft in reading.drafts
        if draft.form is Form.ITEM and name_key(draft.title[: _START + 6])[:_START] in starts
        for key in section_keys(draft.title)[:3]
        if key in named and not named[key].contains(draft.section)
    ]
    if not doubles:
        return
    first, section = doubles[0]
    count = len({draft for draft, _ in doubles})
    entries = "this entry has" if count == 1 else f"this entry and {count - 1} more have"
    reading.findings.warning(
        first.line,
        f"{entries} the name of a heading with units of its own (line {section.line + 1})",
        "Both are read as units. Give entry and heading the same `<!-- id: … -->` to make them "
        "one, or write `<!-- units: none -->` under the heading of the list.",
    )
