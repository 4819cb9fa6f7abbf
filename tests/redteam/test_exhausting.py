"""A worker that uses up the machine, or does not want to end."""

from __future__ import annotations

import pytest

from tests.redteam.arena import Arena

GROUP = "exhausting"
pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("unit", "words"),
    [("bomb", "processes and threads"), ("fill", "more than 60 MB")],
)
def test_a_limit_ends_it_and_is_a_strike(arena: Arena, unit: str, words: str) -> None:
    row = arena.row(unit)
    if unit == "bomb" and row["outcome"] == "proposed":  # the kernel let it get no further
        assert "refused" in [what for what, _ in arena.loot(unit)]
        return
    assert (row["outcome"], row["stage"]) == ("failed", "work")
    assert words in row["reason"]


def test_endless_output_is_no_progress(arena: Arena) -> None:
    """What it had done by then is judged, and said to be incomplete."""
    row = arena.row("flood")
    assert row["outcome"] == "proposed"
    assert "possibly incomplete" in row["reason"]


def test_a_daemon_with_an_empty_environment_ends_with_the_run(arena: Arena) -> None:
    """It left session, parent and environment behind; nothing lingers after any attack."""
    assert arena.row("daemon")["outcome"] == "proposed"
    assert arena.seen["lingering"] == []
