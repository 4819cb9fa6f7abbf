"""Rows of tables as units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from loopcoder.domain.markdown import plain_text
from loopcoder.domain.roadmap.fields import FieldLine, field_line
from loopcoder.domain.roadmap.ids import fold_id, is_reserved_id
from loopcoder.domain.roadmap.lead import Lead, read_lead
from loopcoder.domain.unit import Box, is_unit_id

_TITLES = (
    "title", "task", "name", "item", "feature", "story", "summary", "goal", "deliverable",
    "milestone", "what", "work", "subject", "description",
)  # fmt: skip
_STATES = ("status", "state", "done")
_NUMBERS = ("#", "no", "no.", "nr", "num", "number")
_NOTHING = ("", "-", "–", "—", "n/a", "N/A")
_DONE = frozenset(
    [
        "done",
        "complete",
        "completed",
        "finished",
        "shipped",
        "closed",
        "merged",
        "released",
        "x",
        "[x]",
        "✅",
        "✓",
        "✔",
        "✔️",
        "☑",
        "yes",
    ]
)
_DROPPED = frozenset(
    [
        "dropped",
        "cancelled",
        "canceled",
        "rejected",
        "superseded",
        "obsolete",
        "abandoned",
        "[-]",
        "wontfix",
    ]
)


@dataclass(frozen=True, slots=True)
class TableHeader:
    """What the columns of a table mean; -1 where there is no such column."""

    names: tuple[str, ...]
    id: int
    title: int
    state: int
    names_title: bool = False


@dataclass(frozen=True, slots=True)
class RowReading:
    """A row as a unit: its lead, its box, its fields, and the other cells as lines of prose."""

    lead: Lead
    box: Box
    fields: tuple[FieldLine, ...]
    prose: tuple[str, ...]
    problem: str = ""


def read_header(cells: Sequence[str]) -> TableHeader:
    """Read a header row. Only a cell that says exactly `ID` makes an id column."""
    names = tuple(plain_text(cell) for cell in cells)
    folded = [name.casefold() for name in names]
    id_column = names.index("ID") if "ID" in names else -1
    state = next((number for number, name in enumerate(folded) if name in _STATES), -1)
    title = next((folded.index(name) for name in _TITLES if name in folded), -1)
    names_title = title >= 0
    if title < 0:
        skipped = {id_column, state, *(n for n, name in enumerate(folded) if name in _NUMBERS)}
        title = next((n for n in range(len(names)) if n not in skipped), -1)
    return TableHeader(names, id_column, title, state, names_title)


def read_row(header: TableHeader, cells: Sequence[str], source: str, line: int) -> RowReading:
    """Read a row; `source` is its whole line, where a minted id stands after the last cell."""
    raw_title = cells[header.title] if 0 <= header.title < len(cells) else ""
    lead = read_lead(raw_title or source, line)
    ids = read_lead(source, line).ids
    problem = ""
    if not ids and 0 <= header.id < len(cells):
        written = plain_text(cells[header.id])
        given = fold_id(written)
        problem = _id_problem(given)
        ids = (given,) if given and not problem else ()
    others = [
        (header.names[n], cell)
        for n, cell in enumerate(cells[: len(header.names)])
        if n not in (header.id, header.title, header.state) and cell not in _NOTHING
    ]
    fields, prose = _split(others, line)
    return RowReading(
        lead=_with_ids(lead, ids),
        box=_box(plain_text(cells[header.state])) if 0 <= header.state < len(cells) else Box.OPEN,
        fields=fields,
        prose=prose,
        problem=problem,
    )


def _id_problem(given: str) -> str:
    if not given:
        return ""
    if given.isdecimal():
        return f"`{given}` is a bare number, which is never an id"
    if is_reserved_id(given):
        return f"`{given}` is reserved"
    return "" if is_unit_id(given) else f"`{given}` is not an id"


def _with_ids(lead: Lead, ids: tuple[str, ...]) -> Lead:
    return Lead(
        title=lead.title, line=lead.line, ids=ids, phrase=lead.phrase, mentions=lead.mentions,
        priority=lead.priority, runs_on=lead.runs_on, unclosed=lead.unclosed,
    )  # fmt: skip


def _split(
    cells: Sequence[tuple[str, str]], line: int
) -> tuple[tuple[FieldLine, ...], tuple[str, ...]]:
    fields: list[FieldLine] = []
    prose: list[str] = []
    for name, cell in cells:
        stated = field_line(f"{name}: {cell}", line)
        if stated is not None and stated.values:
            fields.append(stated)
        else:
            prose.append(f"{name}: {cell}" if name else cell)
    return tuple(fields), tuple(prose)


def _box(state: str) -> Box:
    words = state.casefold().split()
    if not words:
        return Box.OPEN
    if words[0].strip(".,:;") in _DONE:
        return Box.DONE
    return Box.DROPPED if words[0].strip(".,:;") in _DROPPED else Box.OPEN
