"""docs/reference/security.md and the tests: each attack has a test, and each battle its row."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.redteam.gates import GATES

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "reference" / "security.md").read_text()
NAMED = re.findall(r"tests/[\w/]+\.py::\w+", PAGE)
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and "---" not in line]

ATTACKS = (  # a word or two of every attack that a test has to carry out
    *("prompt injection", "HTML comment", "alt text", "CI log", "/proc/self/environ", "hooks"),
    *("core.fsmonitor", "core.sshCommand", "diff.external", "filters", "include"),
    *(".gitattributes", ".gitmodules", "Symlinks", "`..`", "Absolute paths", "hard links"),
    *("conftest.py", "package.json", "in pieces", "base64", "marker of a unit", "pull request"),
    *("forged verdict", "forged attestation", "forged event", "trailer", "closing keyword"),
    *("a label", "a branch", "x[bot]", "between approval and dispatch", "fork bomb"),
    *("Filling the disk", "Endless output", "process group", "sibling's workspace", "journal"),
)


@pytest.mark.parametrize("name", sorted(set(NAMED)))
def test_a_test_that_the_page_names_exists(name: str) -> None:
    file, _, test = name.partition("::")
    assert f"def {test}(" in (ROOT / file).read_text()


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_has_a_row_with_a_test(attack: str) -> None:
    assert any(attack.lower() in row.lower() and "tests/" in row for row in ROWS), attack


def test_every_battle_has_its_row() -> None:
    """What is tried against the whole program is on the page."""
    fought = {
        f"tests/redteam/{path.name}::{test}"
        for path in Path(__file__).parent.glob("test_*.py")
        for test in re.findall(r"^def (test_\w+)\(arena", path.read_text(), re.M)
    }
    helpers = {name for name in fought if "no_secret_came_along" in name or "what_was_" in name}
    helpers |= {name for name in fought if "what_was_kept" in name or "machine_knows" in name}
    assert fought - set(NAMED) - helpers == set()


def test_every_gate_is_taken_out_by_a_test_of_its_own() -> None:
    assert len({gate.attack for gate in GATES.values()}) == len(GATES)
