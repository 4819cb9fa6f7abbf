"""Points that hold or do not (`domain/proof/attestation.py`), for people and for programs."""

from __future__ import annotations

from loopcoder.domain.proof.attestation import Point
from loopcoder.entrypoints.views.terminal import Terminal
from loopcoder.entrypoints.views.text import clean

_MARKS = {True: ("✓", "green"), False: ("✗", "red"), None: ("?", "yellow")}


def say_point(terminal: Terminal, point: Point) -> None:
    mark, colour = _MARKS[point.holds]
    terminal.say(f"  {terminal.style(mark, colour)} {point.name:<10} {clean(point.said)}")


def point_json(point: Point) -> dict[str, object]:
    return {"name": point.name, "holds": point.holds, "said": point.said}
