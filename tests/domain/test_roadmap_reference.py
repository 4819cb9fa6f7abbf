"""Every example of docs/reference/roadmap-format.md reads as the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from loopcoder.domain.diagnostic import Diagnostic
from loopcoder.domain.roadmap.roadmap import parse_roadmap
from loopcoder.domain.unit import DEFAULT_PRIORITY, Box, Unit

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "roadmap-format.md"
EXAMPLES = re.findall(
    r"```markdown\n(.*?)```\n```reads-as\n(.*?)```", PAGE.read_text("utf-8"), re.S
)


def told(unit: Unit) -> str:
    parts = [f"{unit.id}: {unit.title}"]
    if unit.priority != DEFAULT_PRIORITY:
        parts.append(f"P{unit.priority}")
    if unit.box is not Box.OPEN:
        parts.append(unit.box)
    if after := [*unit.after, *map(str, unit.after_issues)]:
        parts.append(f"after {', '.join(after)}")
    if unit.parent:
        parts.append(f"in {unit.parent}")
    if unit.labels:
        parts.append(f"labels {', '.join(unit.labels)}")
    if unit.budget is not None:
        parts.append(f"budget {unit.budget}")
    if unit.steps:
        parts.append("1 step" if len(unit.steps) == 1 else f"{len(unit.steps)} steps")
    return " | ".join(parts)


def reported(diagnostic: Diagnostic) -> str:
    line = diagnostic.where.line if diagnostic.where else 0
    hint = f" ({diagnostic.detail})" if diagnostic.detail.startswith("did you mean") else ""
    return f"{diagnostic.severity} {line}: {diagnostic.summary}{hint}"


@pytest.mark.parametrize(("text", "expected"), EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example_reads_as_the_page_says(text: str, expected: str) -> None:
    reading = parse_roadmap(text)
    lines = [told(unit) for unit in reading.roadmap.units]
    lines += [f"no id, line {u.line}: {u.title} -> {u.id}" for u in reading.unidentified]
    lines += map(reported, reading.diagnostics)
    shown = [line for line in lines if "no units found" not in line]
    assert shown == expected.splitlines()


def test_every_example_is_checked() -> None:
    assert len(EXAMPLES) == PAGE.read_text("utf-8").count("```markdown\n") > 10
