"""docs/reference/performance.md: words by hand, and one table between two markers."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from benchmarks.figures import Figure

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "performance.md"
BEGIN, END = "<!-- figures: made by `make bench` -->", "<!-- /figures -->"


def table(figures: Sequence[Figure]) -> str:
    """The figures as a Markdown table; a target that was missed is in bold."""
    rows = ["| what | figure | target | measured |", "|---|---|---|---|"]
    rows += [f"| {f.what} | {f.figure} | {_target(f)} | {f.how} |" for f in figures]
    return "\n".join(rows)


def kind_of(what: str) -> str:
    """A row's name with its sizes left out."""
    return re.sub(r"[\d,]+", "N", what).strip()


def with_rows(text: str, figures: Sequence[Figure]) -> str:
    """The page with the rows of some figures put in place of the old ones, or after the others."""
    rows = table(figures).split("\n")[2:]
    fresh = {kind_of(f.what): row for f, row in zip(figures, rows, strict=True)}
    head, begin, rest = text.partition(BEGIN)
    body, end, tail = rest.partition(END)
    lines = [fresh.pop(_kind_of_row(line), line) for line in body.rstrip().split("\n")]
    return "".join([head, begin, "\n".join([*lines, *fresh.values()]), "\n\n", end, tail])


def _kind_of_row(line: str) -> str:
    return kind_of(line.split("|")[1]) if line.startswith("| ") else ""


def _target(figure: Figure) -> str:
    return f"**{figure.target}, missed**" if figure.kept is False else figure.target


def machine() -> str:
    """What the figures were measured on, in a line."""
    git = subprocess.run(["git", "version"], capture_output=True, text=True, check=True).stdout
    version = git.split()[2]
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, git {version}."


def with_figures(text: str, figures: Sequence[Figure]) -> str:
    """The page with new figures. Raises ValueError when its markers are gone."""
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the page has no {BEGIN} … {END}")
    return f"{head}{BEGIN}\n\n{machine()}\n\n{table(figures)}\n\n{END}{tail}"
