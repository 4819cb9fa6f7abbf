"""What of a CI's reports has to be answered."""

from __future__ import annotations

from datetime import timedelta

import pytest

from loopcoder.domain.ci.ci import CheckRun, CheckState, Verdicts, judge_checks
from loopcoder.domain.ci.log import log_excerpt
from tests.support.world import NOW

HEAD = "c" * 40
GREEN, RED, PENDING, OTHER = (
    CheckState.GREEN, CheckState.RED, CheckState.PENDING, CheckState.OTHER,
)  # fmt: skip


def run(number: int, state: CheckState, name: str = "test", **more: object) -> CheckRun:
    at = NOW - timedelta(minutes=30) + timedelta(seconds=number)
    fields: dict[str, object] = {"at": at, "series": "7", **more}
    return CheckRun(f"check-{number}", name, HEAD, state, **fields)  # type: ignore[arg-type]


def names(seen: Verdicts) -> tuple[list[str], list[str], list[str]]:
    return tuple([run.id for run in each] for each in (seen.red, seen.pending, seen.flaky))  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("situation", "runs", "required", "expected"),
    [
        ("nothing was reported", [], (), ([], [], [])),
        ("all is green", [run(1, GREEN), run(2, OTHER, "docs")], (), ([], [], [])),
        ("one is red", [run(1, RED), run(2, GREEN, "lint")], (), (["check-1"], [], [])),
        ("red, and then green", [run(1, RED), run(2, GREEN)], (), ([], [], [])),
        ("red twice", [run(2, RED), run(1, RED)], (), (["check-2"], [], [])),
        ("green, and then red", [run(1, GREEN), run(2, RED)], (), ([], [], ["check-2"])),
        (
            "green on a push, red on the pull request",
            [run(1, GREEN), run(2, RED, series="8")],
            (),
            (["check-2"], [], []),
        ),
        ("run again after red", [run(1, RED), run(2, PENDING)], (), ([], ["check-2"], [])),
        (
            "waiting for hours",
            [run(1, PENDING, "deploy", at=NOW - timedelta(hours=2)), run(2, RED)],
            (),
            (["check-2"], [], []),
        ),
        ("red, but nobody asks for it", [run(1, RED, "slow")], ("test",), ([], [], [])),
        ("cancelled", [run(1, OTHER)], ("test",), ([], [], [])),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_counts(
    situation: str,
    runs: list[CheckRun],
    required: tuple[str, ...],
    expected: tuple[list[str], list[str], list[str]],
) -> None:
    assert names(judge_checks(runs, frozenset(required), NOW)) == expected, situation


LOG = """\
2026-03-01T11:00:00.0000000Z ##[group]Run make test
2026-03-01T11:00:00.1000000Z make test
2026-03-01T11:00:00.2000000Z ##[endgroup]
2026-03-01T11:00:01.0000000Z \x1b[31mFAILED tests/test_store.py::test_kept\x1b[0m - AssertionError
2026-03-01T11:00:02.0000000Z ##[error]Process completed with exit code 1.
"""


def test_a_short_log_is_shown_without_stamps_and_colours() -> None:
    assert log_excerpt(LOG).splitlines() == [
        "make test",
        "FAILED tests/test_store.py::test_kept - AssertionError",
        "##[error]Process completed with exit code 1.",
    ]


def test_of_a_long_log_the_failure_is_shown() -> None:
    noise = "".join(f"2026-03-01T11:00:00.0Z line {n}\n" for n in range(5000))
    shown = log_excerpt(noise + LOG + noise, limit=2000)
    assert "FAILED tests/test_store.py" in shown
    assert len(shown) < 2400
    assert shown.startswith("[… ") and shown.endswith(" characters after this …]")


def test_of_a_long_log_without_a_telling_line_the_end_is_shown() -> None:
    shown = log_excerpt("".join(f"line {n}\n" for n in range(5000)), limit=500)
    assert shown.endswith("line 4999")
