"""How long loopcoder takes to say anything at all."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from benchmarks.figures import Figure, Sizes, at_most
from benchmarks.measure import compare, run_process

CLICK = (sys.executable, "-c", "import click")
MOST = 2.5


def start_up(sizes: Sizes, folder: Path) -> Iterator[Figure]:
    """Whole processes, against the library that no command line of ours can do without."""
    program = Path(sys.executable).with_name("loopcoder")
    for option in ("--version", "--help"):
        pair = compare(
            partial(_whole, (str(program), option), folder),
            partial(_whole, CLICK, folder),
            3 * sizes.turns,
        )
        how = 'whole processes, against `python -c "import click"`'
        yield at_most(f"`loopcoder {option}`", pair, MOST, how)


def _whole(argv: Sequence[str], folder: Path) -> float:
    return run_process(argv, folder).seconds
