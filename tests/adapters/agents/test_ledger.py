"""What a continued session is charged: the new part, once."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from loopcoder.adapters.agents.ledger import Ledger
from loopcoder.adapters.agents.transcript import Tally

USD = Decimal


def test_a_resumed_session_is_charged_its_new_part_only(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l.json")
    assert ledger.charge("s", Tally(100, 10, USD(1)), "") == Tally(100, 10, USD(1))
    assert ledger.charge("s", Tally(250, 30, USD(3)), "s") == Tally(150, 20, USD(2))
    assert Ledger(tmp_path / "l.json").charge("s", Tally(250, 30, USD(3)), "s") == Tally(
        0, 0, USD(0)
    )


def test_a_fork_is_charged_without_what_its_parent_used(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l.json")
    ledger.charge("s", Tally(100, 10), "")
    assert ledger.charge("f", Tally(130, 15), "s") == Tally(30, 5)
    assert ledger.charge("s", Tally(110, 11), "s") == Tally(10, 1)


def test_what_came_from_the_cache_is_told_apart(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l.json")
    ledger.charge("s", Tally(100, 10, None, 40), "")
    assert ledger.charge("s", Tally(250, 30, None, 140), "s") == Tally(150, 20, None, 100)


def test_a_total_that_fell_was_counted_anew(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l.json")
    ledger.charge("s", Tally(100, 10, USD(5)), "")
    assert ledger.charge("s", Tally(40, 4, USD(2)), "s") == Tally(40, 4, USD(2))


def test_what_cannot_be_known_is_not_guessed(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l.json")
    assert ledger.charge("s", Tally(), "") == Tally()
    assert ledger.knows("s")
    assert ledger.charge("s", Tally(100, 10, USD(1)), "stranger") == Tally()


def test_a_damaged_book_knows_nothing(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l.json")
    for text in ("", "{", "[]", '{"s": 1}', '{"s": {"in": 1}}', '{"s":{"in":1,"out":1,"usd":"x"}}'):
        ledger.path.write_text(text)
        assert not ledger.knows("s")
    ledger.open("s")
    assert ledger.knows("s")
