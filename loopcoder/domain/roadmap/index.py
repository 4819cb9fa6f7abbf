"""Where the ids of items and rows stand: a heading with the same id tells more of that unit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from loopcoder.domain.markdown import Block, Kind, Outline, plain_text
from loopcoder.domain.roadmap.ids import fold_id, lead_token
from loopcoder.domain.roadmap.lead import read_lead, task_box
from loopcoder.domain.roadmap.rows import read_header

# File and line (from 0) by id.
Index = Mapping[str, tuple[str, int]]


def index_of(documents: Iterable[tuple[str, Outline]]) -> dict[str, tuple[str, int]]:
    """Where the ids that items and rows begin with stand; empty if no heading begins with one."""
    listed = list(documents)
    wanted = {
        token.id
        for _, document in listed
        for block in document.blocks
        if block.kind is Kind.HEADING and (token := lead_token(block.text))
    }
    index: dict[str, tuple[str, int]] = {}
    if wanted:
        for file, document in listed:
            for id, line in _leading_ids(document.blocks):
                if id in wanted:
                    index.setdefault(id, (file, line))
    return index


def _leading_ids(blocks: Sequence[Block]) -> Iterator[tuple[str, int]]:
    pending = list(reversed(blocks))
    while pending:
        block = pending.pop()
        if block.kind in (Kind.LIST, Kind.ITEM):
            pending += reversed(block.children)
        elif block.kind is Kind.PARAGRAPH and (box := task_box(block.text)):
            lead = read_lead(box.text, block.start)
            if lead.id:
                yield lead.id, block.start
        elif block.kind is Kind.TABLE and block.children:
            header = read_header(block.children[0].cells)
            for row in block.children[1:] if header.id >= 0 else ():
                if header.id < len(row.cells):
                    yield fold_id(plain_text(row.cells[header.id])), row.start
