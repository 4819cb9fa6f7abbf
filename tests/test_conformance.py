"""The conformance page is complete, and every test that it names exists."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
COUNTS = {"A": 9, "B": 11, "C": 9, "D": 6, "E": 6, "F": 11, "G": 5, "H": 9, "I": 7, "S": 14}
IDS = [f"{letter}{number}" for letter, count in COUNTS.items() for number in range(1, count + 1)]


def _rows() -> dict[str, tuple[str, str, list[str]]]:
    """State, words and tests by requirement id."""
    rows = {}
    for line in (ROOT / "docs/reference/conformance.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 4 and cells[0] in IDS:
            assert cells[0] not in rows, f"{cells[0]} stands there twice"
            rows[cells[0]] = (cells[1], cells[2], [t for t in cells[3].split(", ") if t])
    return rows


@cache
def _tests_in(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text())
    return frozenset(n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef))


def test_every_requirement_has_its_row() -> None:
    assert sorted(_rows()) == sorted(IDS)


@pytest.mark.parametrize("requirement", IDS)
def test_a_row_is_honest(requirement: str) -> None:
    state, words, tests = _rows()[requirement]
    assert state in ("done", "partly", "planned")
    assert words
    assert bool(tests) is (state != "planned"), "what is there is shown, what is not is not"
    for test in tests:
        file, _, name = test.partition("::")
        assert (ROOT / file).is_file(), f"{file} does not exist"
        assert name in _tests_in(ROOT / file), f"{file} has no {name}"
