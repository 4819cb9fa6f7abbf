"""The demo, as a newcomer runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_the_demo_comes_to_its_sealed_end(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    done = subprocess.run(
        [sys.executable, "-m", "loopcoder", "demo", str(folder)],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
        env=os.environ,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    assert "the roadmap is sealed" in done.stdout
    for told in ("nothing written", "updated", "needs a person", "pr merge"):
        assert told in done.stdout, told
    project = folder / "project"
    subjects = subprocess.run(
        ["git", "log", "--format=%s"], cwd=project, capture_output=True, text=True, check=True
    ).stdout
    for title in ("Count words", "Stop words", "Command line", "Changelog", "Release notes"):
        assert title in subjects
    status = ["git", "status", "--porcelain"]
    assert subprocess.run(status, cwd=project, capture_output=True, check=True).stdout == b""
    counted = subprocess.run(
        [sys.executable, "-m", "tally", "README.md"],
        cwd=project,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "counts" in counted.stdout


def test_the_demo_spoils_no_folder(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("keep")
    done = subprocess.run(
        [sys.executable, "-m", "loopcoder", "demo", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "not empty" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
