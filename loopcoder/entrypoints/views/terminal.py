"""What the output goes to: a terminal with colour, or a pipe that wants plain text."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TextIO

from loopcoder.entrypoints.views.text import clean, fit, pad, width_of

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

    def table(self, rows: Sequence[Row], header: Sequence[str] = ()) -> None:
        """Aligned columns; the last one is cut at the terminal's edge, never in a pipe."""
        text = table_text(rows, header, self.width if self.live else None, self.style)
        if text:
            self.say(text)


def table_text(
    rows: Sequence[Row],
    header: Sequence[str] = (),
    width: int | None = None,
    style: Style = PLAIN,
) -> str:
    """The rows as aligned columns, every cell made safe to print."""
    cells = [[clean(str(cell)) for cell in row] for row in rows]
    lines = ([list(header)] if header and cells else []) + cells
    columns = max((len(line) for line in lines), default=0)
    widths = [
        max(width_of(line[column]) for line in lines if len(line) > column)
        for column in range(columns)
    ]
    text = []
    for number, line in enumerate(lines):
        shown = "  ".join(pad(cell, widths[i]) for i, cell in enumerate(line)).rstrip()
        shown = shown if width is None else fit(shown, width)
        text.append(style(shown, "dim") if header and number == 0 else shown)
    return "\n".join(text)


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
