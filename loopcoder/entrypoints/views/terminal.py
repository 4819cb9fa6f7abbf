"""What the output goes to: a terminal with colour, or a pipe that wants plain text."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TextIO

from loopcoder.entrypoints.views.text import clean, fit, pad, width_of, wrapped

Row = Sequence[object]

_CODES = {"red": 31, "green": 32, "yellow": 33, "blue": 34, "cyan": 36, "dim": 2, "bold": 1}


@dataclass(frozen=True, slots=True)
class Style:
    """Paints text, or leaves it alone."""

    colour: bool = False

    def __call__(self, text: str, name: str) -> str:
        return f"\x1b[{_CODES[name]}m{text}\x1b[0m" if self.colour and text else text


PLAIN = Style()


@dataclass(frozen=True, slots=True)
class Terminal:
    """`live` allows lines that are drawn over; `width` is in columns."""

    stream: TextIO
    live: bool
    style: Style
    width: int

    def say(self, text: str = "") -> None:
        print(text, file=self.stream, flush=True)

    def table(
        self,
        rows: Sequence[Row],
        header: Sequence[str] = (),
        *,
        elastic: int | None = None,
        wrap: bool = False,
    ) -> None:
        """Aligned columns. On a terminal the `elastic` column gives way where the line is too
        long, and the last one is cut at the edge, or continued below itself with `wrap`; in a
        pipe everything is on its line."""
        width = self.width if self.live else None
        text = "\n".join(table_lines(rows, header, width, self.style, elastic=elastic, wrap=wrap))
        if text:
            self.say(text)


_NARROWEST = 16
"""Columns that an elastic column keeps, and a wrapped one needs."""
_INDENT = 4


def table_lines(
    rows: Sequence[Row],
    header: Sequence[str] = (),
    width: int | None = None,
    style: Style = PLAIN,
    *,
    elastic: int | None = None,
    wrap: bool = False,
) -> list[str]:
    """One line for each row (with newlines inside where it was wrapped), every cell made safe."""
    cells = [[clean(str(cell)) for cell in row] for row in rows]
    if header and width is not None:
        header, cells, elastic = _without_empty(header, cells, elastic)
    lines = ([list(header)] if header and cells else []) + cells
    columns = max((len(line) for line in lines), default=0)
    widths = [
        max(width_of(line[column]) for line in lines if len(line) > column)
        for column in range(columns)
    ]
    if width is not None and elastic is not None and elastic < columns:
        over = sum(widths) + 2 * (columns - 1) - width
        widths[elastic] = max(min(_NARROWEST, widths[elastic]), widths[elastic] - max(over, 0))
    text = []
    for number, line in enumerate(lines):
        shown = _line(line, widths, width, wrap)
        text.append(style(shown, "dim") if header and number == 0 else shown)
    return text


def _without_empty(
    header: Sequence[str], cells: list[list[str]], elastic: int | None
) -> tuple[Sequence[str], list[list[str]], int | None]:
    """The table without columns that say nothing, for whose heading others would have to give
    way; and where the elastic one is then."""
    kept = [
        column
        for column in range(len(header))
        if not cells or any(len(row) > column and row[column] for row in cells)
    ]
    rows = [[row[column] for column in kept if column < len(row)] for row in cells]
    return [header[c] for c in kept], rows, kept.index(elastic) if elastic in kept else None


def _line(cells: Sequence[str], widths: Sequence[int], width: int | None, wrap: bool) -> str:
    kept = [fit(cell, widths[i]) for i, cell in enumerate(cells)]
    shown = "  ".join(pad(cell, widths[i]) for i, cell in enumerate(kept)).rstrip()
    if width is None or width_of(shown) <= width:
        return shown
    before = sum(widths[:-1]) + 2 * (len(widths) - 1)
    if not wrap or len(cells) < len(widths) or len(cells) < 2:
        return fit(shown, width)
    if width - before < _NARROWEST:
        # No room beside the others: what cannot stand there stands below.
        first = fit("  ".join(pad(cell, widths[i]) for i, cell in enumerate(kept[:-1])), width)
        below = wrapped(kept[-1], max(width - _INDENT, 1))
        return "\n".join([first.rstrip(), *(f"{' ' * _INDENT}{line}" for line in below)])
    start = "".join(pad(cell, widths[i]) + "  " for i, cell in enumerate(kept[:-1]))
    return start + f"\n{' ' * before}".join(wrapped(kept[-1], width - before))


def stdout(environ: Mapping[str, str] | None = None) -> Terminal:
    return terminal_on(sys.stdout, environ)


def stderr(environ: Mapping[str, str] | None = None) -> Terminal:
    return terminal_on(sys.stderr, environ)


def terminal_on(stream: TextIO, environ: Mapping[str, str] | None = None) -> Terminal:
    """How to write to a stream: NO_COLOR, CI and dumb terminals are honoured."""
    env = os.environ if environ is None else environ
    is_terminal = stream.isatty()
    live = is_terminal and env.get("TERM") != "dumb" and not env.get("CI")
    colour = (live or bool(env.get("FORCE_COLOR"))) and not env.get("NO_COLOR")
    return Terminal(stream, live, Style(colour), shutil.get_terminal_size((100, 24)).columns)
