"""When what happened in a wave, as a chart that GitHub and many editors draw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from loopcoder.domain.tick.report import StageTime, UnitLine

MOST_UNITS = 30
SHOWN = frozenset({"work", "verify", "review", "integrate", "publish"})
"""Stages that take time. What lies between them is ours, and short."""


def timeline(lines: Sequence[UnitLine]) -> str:
    """A Mermaid chart with a row for each stage of each unit; empty when nothing took time."""
    timed = [line for line in lines if any(each.stage in SHOWN for each in line.stages)]
    if not timed:
        return ""
    rows = [row for line in timed[:MOST_UNITS] for row in _unit(line)]
    head = ["gantt", "  dateFormat YYYY-MM-DDTHH:mm:ss", "  axisFormat %H:%M:%S"]
    text = "\n".join(["```mermaid", *head, *rows, "```"])
    rest = len(timed) - MOST_UNITS
    return f"{text}\n\n… and {rest} more units" if rest > 0 else text


def _unit(line: UnitLine) -> Iterator[str]:
    yield f"  section {line.unit}"
    rounds = max(each.round for each in line.stages)
    for each in line.stages:
        if each.stage in SHOWN:
            name = f"{each.stage} {each.round}" if rounds > 1 else each.stage
            yield f"  {name} :{_state(each)}{each.begun_at:%Y-%m-%dT%H:%M:%S}, {_seconds(each)}s"


def _state(each: StageTime) -> str:
    """Mermaid draws what failed in red and everything else in its usual colour."""
    return "" if each.passed else "crit, "


def _seconds(each: StageTime) -> int:
    return max(1, round((each.finished_at - each.begun_at).total_seconds()))
