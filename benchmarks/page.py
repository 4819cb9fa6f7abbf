"""docs/reference/performance.md: words by hand, and one table between two markers."""

from __future__ import annotations

import os
import platform
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
