"""The shipped cases: enough, of every kind, and true to what they say."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from loopcoder.adapters.calibration_cases import read_cases
from loopcoder.adapters.git.case_bench import GitCaseBench
from loopcoder.domain.review.calibration import Case, Expected, too_few
from loopcoder.engine.attempt.context import build_review_prompt

CASES = read_cases()
KINDS = {
    *("logic", "off-by-one", "security", "test-weakened", "test-deleted", "scope-creep"),
    *("dead-code", "missing-acceptance", "secret", "race"),
}


def test_there_are_enough_of_every_kind() -> None:
    counts = Counter(case.expected for case in CASES)
    assert counts[Expected.DEFECT] >= 24
    assert counts[Expected.CLEAN] >= 16
    assert not too_few(counts[Expected.DEFECT], counts[Expected.CLEAN])
    assert {case.defect for case in CASES} >= KINDS


def test_each_applies_and_its_defect_is_where_it_says(tmp_path: Path) -> None:
    bench, other = GitCaseBench(tmp_path / "bench"), GitCaseBench(tmp_path / "other")
    assert bench.lay_out(CASES[0]) == other.lay_out(CASES[0])
    for case in CASES:
        laid_out = bench.lay_out(case)
        for spot in case.spots:
            text = bench.workspaces.read(laid_out.head, spot.file)
            assert text is not None, case.id
            assert spot.last <= len(text.splitlines()), case.id


def test_nothing_shown_tells_that_it_is_a_case(tmp_path: Path) -> None:
    for case in CASES:
        prompt = build_review_prompt(
            unit=case.unit,
            diff=case.patch,
            checks=case.checks,
            head="",
            diff_sha256="",
            summary=case.summary,
        )
        for word in (case.id, "calibrat", "seeded", case.why):
            assert not word or word not in prompt.text, (case.id, word)
        assert not prompt.truncated


COMMANDS = {
    "python3 -m unittest -q": ["python3", "-B", "-m", "unittest", "-q"],
    "sh test/run.sh": ["sh", "test/run.sh"],
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_its_own_checks_are_green_as_the_packet_says(case: Case, tmp_path: Path) -> None:
    """A reviewer is only ever shown changes that have passed their checks."""
    argv = COMMANDS.get(case.checks[0].name)
    if argv is None or shutil.which(argv[0]) is None:
        pytest.skip("needs another language's tools")
    for path, text in case.base.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=case.patch, text=True, check=True)
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
