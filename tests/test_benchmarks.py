"""Every benchmark runs, and the page has its rows. No time is asserted: that would test the
machine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.figures import TINY, Figure, at_least, at_most
from benchmarks.measure import Pair, compare, run_process
from benchmarks.page import BEGIN, END, PAGE, kind_of, table, with_figures, with_rows
from benchmarks.suite import BENCHMARKS


@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_benchmark_runs_and_has_its_rows(name: str, tmp_path: Path) -> None:
    figures = list(BENCHMARKS[name](TINY, tmp_path))
    assert figures
    rows = {
        kind_of(line.split("|")[1]) for line in PAGE.read_text("utf-8").splitlines() if "|" in line
    }
    assert {kind_of(figure.what) for figure in figures} <= rows


def test_rows_of_one_benchmark_are_kept_beside_the_others() -> None:
    first, second = Figure("a, 10 units", "1", "", None, "x"), Figure("b", "2", "", None, "x")
    page = with_figures(f"Words.\n\n{BEGIN}\n{END}\n\nMore.\n", [first, second])
    fresh = with_rows(page, [replace(first, what="a, 1,000 units", figure="3")])
    assert fresh == page.replace("| a, 10 units | 1 |", "| a, 1,000 units | 3 |")
    more = with_rows(page, [replace(first, what="c", figure="4")])
    assert more == page.replace("| b | 2 |  | x |", "| b | 2 |  | x |\n| c | 4 |  | x |")


def test_turns_are_taken_in_turn() -> None:
    said: list[str] = []

    def ours() -> float:
        said.append("ours")
        return 2.0 * len(said)

    def theirs() -> float:
        said.append("theirs")
        return 1.0 * len(said)

    pair = compare(ours, theirs, 2)
    assert said == ["ours", "theirs", "theirs", "ours"]
    assert pair.ratio == pytest.approx((2.0 / 2 + 8.0 / 3) / 2)


def test_a_process_is_measured_as_a_whole(tmp_path: Path) -> None:
    run = run_process(["sh", "-c", "pwd"], tmp_path)
    assert run.stdout.decode().strip() == str(tmp_path.resolve())
    assert run.memory > 100_000


def test_a_missed_target_is_said_in_the_table() -> None:
    figures = [
        at_most("slow", Pair(3.0, 1.0, 3.0), 2.0, "in turns"),
        at_least("good", 0.95, 0.9, "once"),
    ]
    assert table(figures).splitlines()[2:] == [
        "| slow | 3.00 × (3.0 s / 1.0 s) | **≤ 2 ×, missed** | in turns |",
        "| good | 0.95 | ≥ 0.9 | once |",
    ]


def test_only_the_table_is_rewritten() -> None:
    text = PAGE.read_text("utf-8")
    figure = Figure("a", "b", "c", None, "d")
    once = with_figures(text, [figure])
    assert with_figures(once, [figure]) == once
    assert text.partition("<!-- figures")[0] == once.partition("<!-- figures")[0]
    assert text.partition("<!-- /figures")[2] == once.partition("<!-- /figures")[2]
    with pytest.raises(ValueError, match="figures"):
        with_figures("no markers", [figure])
