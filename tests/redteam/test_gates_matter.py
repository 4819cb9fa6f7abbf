"""A test that passes when its gate is gone proves nothing: each is run once without its gate."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.redteam.gates import GATES

ROOT = Path(__file__).resolve().parents[2]
_FAILED = 1  # pytest's exit code for tests that ran and failed; anything else proves nothing


@pytest.mark.parametrize("name", GATES)
def test_a_gate_stands_where_it_is_said_to(name: str) -> None:
    gate = GATES[name]
    text = (ROOT / "loopcoder" / gate.place).read_text()
    assert text.count(gate.gate) == 1, f"{gate.place} has changed: say anew what the gate is"
    file, _, test = gate.attack.partition("::")
    assert f"def {test.partition('[')[0]}" in (ROOT / file).read_text()


@pytest.mark.slow
@pytest.mark.parametrize("name", GATES)
def test_the_attack_succeeds_without_the_gate(name: str, tmp_path: Path) -> None:
    gate = GATES[name]
    for folder in ("loopcoder", "tests", "docs"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("*.pyc"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    place = tmp_path / "loopcoder" / gate.place
    place.write_text(place.read_text().replace(gate.gate, gate.without))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", gate.attack],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == _FAILED, done.stdout[-3000:] + done.stderr[-1000:]
    assert "1 failed" in done.stdout
