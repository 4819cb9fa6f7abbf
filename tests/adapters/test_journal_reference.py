"""docs/reference/journal.md lists every kind of event with its fields."""

from __future__ import annotations

import json
import re
from dataclasses import MISSING, fields
from datetime import UTC, datetime
from pathlib import Path

from loopcoder.adapters.journal.codec import VERSION, encode
from loopcoder.domain.journal import event as e

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "journal.md").read_text("utf-8")


def rows(heading: str) -> list[list[str]]:
    section = PAGE.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_every_kind_stands_there_with_its_fields_in_order() -> None:
    expected = [
        [
            f"`{fact.kind}`",
            fact.carries.value,
            ", ".join(
                f"`{field.name}`"
                if field.default is MISSING and field.default_factory is MISSING
                else f"*`{field.name}`*"
                for field in fields(fact)
            ),
        ]
        for fact in e.FACTS
    ]
    assert [row[:3] for row in rows("Kinds")] == expected
    assert all(row[3] for row in rows("Kinds"))


def test_every_column_stands_there() -> None:
    event = e.Event(
        "id", datetime(2026, 1, 5, tzinfo=UTC), e.Released("a"), None, 1, 1, "p", "", ""
    )
    named = {name for row in rows("A row") for name in re.findall(r"`(\w+)`", row[0])}
    assert named == set(json.loads(encode(event)))
    assert f"now {VERSION} |" in PAGE
