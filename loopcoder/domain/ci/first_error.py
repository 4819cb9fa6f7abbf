"""The line of a failing command's output that a person looks for first."""

from __future__ import annotations

import re

_TELLING = re.compile(
    r"""^\s*(?:
        FAILED\s+\S            # pytest, unittest-like summaries
      | FAIL:?\s+\S            # unittest, go test
      | ---\ FAIL:             # go test
      | ERROR:?\s+\S
      | error(?:\[\w+\])?:\s   # compilers
      | \S+:\d+(?::\d+)?:\s*(?:fatal\s+)?error\b
      | E\s{2,}\S              # pytest's own marks
      | not\s+ok\b             # TAP
      | \w*(?:Error|Exception):\s
    )""",
    re.VERBOSE,
)
_LONGEST = 160


def first_error(output: str) -> str:
    """The first line that says what failed, else the last one that says anything, cut to fit."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    found = next((line for line in lines if _TELLING.match(line)), lines[-1] if lines else "")
    return found if len(found) <= _LONGEST else found[: _LONGEST - 1] + "…"
