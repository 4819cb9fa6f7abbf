"""Turning the plain bullets and tables of a roadmap into units, to be shown before it is written.

Only what looks like work is taken: lists and tables under headings such as *Backlog*, *Phase 2* or
*v1.3*, or in the section that was asked for. A bullet gets a box, a table a directive above it; all
units get an id. Every other byte stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from loopcoder.domain.markdown import Block, Kind, Outline, outline, plain_text
from loopcoder.domain.roadmap.fields import field_line
from loopcoder.domain.roadmap.lead import broken_box, read_lead, task_box
from loopcoder.domain.roadmap.minting import Mint, mint_ids
from loopcoder.domain.roadmap.rows import read_header
from loopcoder.domain.roadmap.sections import is_excluded, is_excluded_label, name_key, section_keys
from loopcoder.domain.unit import UnitId

_WORK = re.compile(
    r"\b(?:roadmap|road map|to-?do|backlog|next|now|later|planned|plans?|upcoming|future|soon"
    r"|tasks?|phase|milestone|sprint|iteration|ideas?|wish ?list|bugs?|features?|improvements?"
    r"|enhancements?|in progress|(?:short|mid|medium|long)[ -]term|q[1-4]|20\d\d"
    r"|v?\d+\.\d+(?:\.\d+)?|release)\b"
)
_NOT_WORK = re.compile(
    r"\b(?:done|completed?|shipped|released|finished|archived?|changelog|history|overview|summary"
    r"|vision|mission|goals?|principles?|background|context|introduction|about|references?|links?"
    r"|resources?|notes?|risks?|assumptions?|questions?|decisions?|metrics|glossary|status"
    r"|contributing|license|how to|definitions?|format|conventions?|dependencies|timeline)\b|✅"
)
_FINISHED = re.compile(r"[✅✔☑]|\[(?:done|x)\]|\((?:done|shipped|completed?)\)", re.IGNORECASE)
_STRUCK = re.compile(r"~~.+~~\W*")
_LINE = re.compile(r"([^\r\n]*)(\r\n|\r|\n|$)")
_DIRECTIVE = "<!-- units: rows -->"


@dataclass(frozen=True, slots=True)
class Adopted:
    """A bullet or row that becomes a unit; `line` counts from 1 in the text as it was."""

    line: int
    title: str
    id: UnitId
    done: bool = False


@dataclass(frozen=True, slots=True)
class Adoption:
    """The text with its new units, what they are, and ids given to units that were there before."""

    text: str
    shown: tuple[Adopted, ...] = ()
    mints: tuple[Mint, ...] = ()


@dataclass(frozen=True, slots=True)
class _Part:
    """A heading (None at the top) with the blocks directly under it."""

    heading: Block | None
    blocks: tuple[Block, ...]
    is_work: bool
    is_leaf: bool
    chapter: int
    is_asked_for: bool

    @property
    def has_boxes(self) -> bool:
        return any(
            task_box(_text_of(item))
            for block in self.blocks
            if block.kind is Kind.LIST
            for item in block.children
        )


def adopt(
    text: str,
    file: str = "ROADMAP.md",
    section: str = "",
    taken: frozenset[str] = frozenset(),
    seed: str = "",
) -> Adoption:
    """Propose units for the plain bullets and tables of a roadmap.

    `section` names the only section to look at, whatever its heading says. Adopting what was
    adopted finds nothing more.
    """
    document = outline(text)
    every = list(_parts(document, section))
    # Where some entries have boxes, their author meant the others to have none.
    with_boxes = {part.chapter for part in every if part.has_boxes and not section}
    parts = [part for part in every if part.is_work and part.chapter not in with_boxes]
    refused: set[int] = set()
    while True:
        adoption, lost = _attempt(text, file, document, parts, refused, taken, seed)
        if not lost:
            return adoption
        refused |= lost


def listed_sections(text: str) -> list[tuple[str, int]]:
    """The sections with plain bullets directly under their heading, and how many: what `adopt`
    would find if it were asked for by name. Criteria and their like are left out."""
    found = []
    for part in _parts(outline(text), ""):
        if part.heading is None:
            continue
        name = plain_text(read_lead(part.heading.text, part.heading.start).line)
        number = sum(1 for block in part.blocks for _ in _bullets(block))
        if number and not is_excluded(name):
            found.append((name, number))
    return found


def _attempt(
    text: str,
    file: str,
    document: Outline,
    parts: Sequence[_Part],
    refused: set[int],
    taken: frozenset[str],
    seed: str,
) -> tuple[Adoption, set[int]]:
    """Adopt everything but the `refused` lines; also returns the lines that gave no unit."""
    lines = [list(found) for found in _LINE.findall(text)]
    boxed: dict[int, bool] = {}
    directives: list[int] = []
    for part in parts:
        bullets = list(_bullets_of(part))
        for item in bullets:
            start = item.children[0].start
            if start not in refused:
                boxed[start] = _is_finished(item.children[0].text)
                _put_box(lines[start], item.children[0], boxed[start])
        if not bullets and part.heading is not None and _is_table_of_work(part):
            directives.append(part.heading.end)
    if not boxed and not directives:
        return Adoption(text), set()
    minted = mint_ids(_with_directives(lines, directives), file, taken, seed)
    adoption = _adoption(minted.text, minted.mints, boxed, sorted(directives), document)
    return adoption, boxed.keys() - {each.line - 1 for each in adoption.shown}


def _adoption(
    text: str,
    mints: Sequence[Mint],
    boxed: dict[int, bool],
    directives: Sequence[int],
    document: Outline,
) -> Adoption:
    rows = {
        row.start
        for block in document.blocks
        if block.kind is Kind.TABLE
        for row in block.children[1:]
    }
    shown: list[Adopted] = []
    others: list[Mint] = []
    for mint in mints:
        inserted = sum(1 for n, at in enumerate(directives) if at + n < mint.line - 1)
        before = mint.line - 1 - inserted
        if before in boxed or before in rows:
            done = boxed.get(before, False)
            shown.append(Adopted(before + 1, mint.title, mint.id, done))
        else:
            others.append(mint)
    return Adoption(text, tuple(shown), tuple(others))


def _parts(document: Outline, section: str) -> Iterator[_Part]:
    """The document cut at its headings, each part judged by its heading and those above it."""
    wanted = name_key(section)
    above: list[tuple[int, bool]] = []
    headings = sum(block.kind is Kind.HEADING for block in document.blocks)
    chapter = 0
    heading: Block | None = None
    blocks: list[Block] = []
    is_work = not wanted and headings == 0
    for block in (*document.blocks, None):
        if block is not None and block.kind is not Kind.HEADING:
            blocks.append(block)
            continue
        is_leaf = block is None or heading is None or block.level <= heading.level
        # A title that says "Roadmap" speaks for its own list where there is no other heading.
        own = is_work and (bool(wanted) or headings < 2 or heading is None or heading.level > 1)
        yield _Part(heading, tuple(blocks), own, is_leaf, chapter, bool(wanted))
        if block is None:
            return
        while above and above[-1][0] >= block.level:
            above.pop()
        inherited = bool(above) and above[-1][1]
        is_work = _is_work(block, inherited, wanted)
        above.append((block.level, is_work and (bool(wanted) or block.level > 1)))
        heading, blocks = block, []
        chapter += block.level <= 2


def _is_work(heading: Block, inherited: bool, wanted: str) -> bool:
    name = plain_text(read_lead(heading.text, heading.start).line)
    if wanted:
        return inherited or wanted in section_keys(name)
    if is_excluded(name) or _NOT_WORK.search(name.casefold()):
        return False
    return inherited or _WORK.search(name.casefold()) is not None


def _bullets(block: Block) -> Iterator[Block]:
    """The items of a list that has no boxes yet and reads like a list of work."""
    if block.kind is not Kind.LIST:
        return
    firsts = [_text_of(item) for item in block.children]
    if any(task_box(first) or broken_box(first) for first in firsts):
        return
    for item, first in zip(block.children, firsts, strict=True):
        words = re.findall(r"[^\W\d_]{2,}", plain_text(first.split("\n", 1)[0]))
        if words and not _is_label(item, first) and field_line(first, 0) is None:
            yield item


def _bullets_of(part: _Part) -> Iterator[Block]:
    """The bullets of a part; a list under a label such as "Risks:" must be named like work too."""
    label = ""
    for block in part.blocks:
        text = plain_text(label.rpartition("\n")[2]).casefold()
        names_work = _WORK.search(text) is not None and _NOT_WORK.search(text) is None
        label = block.text if block.kind is Kind.PARAGRAPH else ""
        if part.is_asked_for or names_work or not text.endswith((":", "：")):
            yield from _bullets(block)


def _text_of(item: Block) -> str:
    first = item.children[0] if item.children else None
    return first.text if first is not None and first.kind is Kind.PARAGRAPH else ""


def _is_label(item: Block, first: str) -> bool:
    """Whether an item only stands over boxes, criteria or a list of other things."""
    if is_excluded_label(first):
        return True
    boxes = any(
        task_box(_text_of(inner))
        for block in item.children
        if block.kind is Kind.LIST
        for inner in block.children
    )
    return boxes or (len(item.children) == 1 and plain_text(first).endswith(":"))


def _is_finished(text: str) -> bool:
    first = text.split("\n", 1)[0]
    return _FINISHED.search(first) is not None or _STRUCK.fullmatch(first.strip()) is not None


def _put_box(line: list[str], first: Block, finished: bool) -> None:
    start = line[0].find(first.text.split("\n", 1)[0])
    if start >= 0:
        line[0] = f"{line[0][:start]}[{'x' if finished else ' '}] {line[0][start:]}"


def _is_table_of_work(part: _Part) -> bool:
    """A table can be switched on where its section holds nothing else that could be a unit."""
    tables = [block for block in part.blocks if block.kind is Kind.TABLE]
    if len(tables) != 1 or not part.is_leaf:
        return False
    if any(block.kind is Kind.LIST or "units:" in block.text for block in part.blocks):
        return False
    header = read_header(tables[0].children[0].cells)
    return header.id < 0 and header.names_title and len(tables[0].children) > 1


def _with_directives(lines: list[list[str]], directives: Sequence[int]) -> str:
    end = next((end for _, end in lines if end), "\n")
    parts: list[str] = []
    for number, (line, line_end) in enumerate(lines):
        if number in directives:
            parts.append(f"{_DIRECTIVE}{end}")
        parts.append(line + line_end)
    return "".join(parts)
