"""Hints: what is taken from receipts, what is told, what is forgotten."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from loopcoder.domain.context.learned import (
    LONGEST,
    MOST_KEPT,
    MOST_TOLD,
    Hint,
    hint_name,
    lessons_of,
    told_hints,
)
from loopcoder.domain.journal.event import Event, Fact, Forgotten, Learned, StageFinished
from loopcoder.domain.journal.history import History
from loopcoder.domain.journal.records.attempt import StageRecord
from loopcoder.domain.unit import UnitId

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def recorded(*facts: Fact) -> History:
    return History().apply_all(
        Event(str(n), NOON + timedelta(minutes=n), fact, UnitId("a"), 1, None, "worker", "", "")
        for n, fact in enumerate(facts)
    )


def receipt(*rows: object) -> StageRecord:
    done = StageFinished("work", 1, True, detail={"learned": list(rows)})  # type: ignore[dict-item]
    return StageRecord("work", 1, NOON, NOON, done)


def test_lessons_are_cleaned_bounded_and_kept_once() -> None:
    told = lessons_of(
        [
            receipt({"text": "Use\nUTC\u202e.", "paths": ["a\nb", 1]}, {"text": "use utc."}),
            receipt({"text": "x" * 9000}, {"text": " "}, "odd", {"paths": []}),
        ]
    )
    assert told[0].text.startswith("use utc")
    assert len(told) <= 3
    assert all("\n" not in each.text and len(each.text) <= LONGEST + 40 for each in told)


def hint(number: int, text: str, *paths: str) -> Hint:
    return Hint(hint_name(text), text, paths, None, NOON + timedelta(minutes=number))


def test_near_hints_come_first_and_the_room_is_small() -> None:
    hints = [hint(1, "old near", "src/login/"), hint(2, "old far", "docs"), hint(3, "new far")]
    by_name = {each.name: each for each in hints}
    assert [each.text for each in told_hints(by_name, ["src/**"])] == [
        "old near",
        "new far",
        "old far",
    ]
    many = {each.name: each for each in (hint(n, f"{n} " + "x" * 490) for n in range(40))}
    told = told_hints(many, [])
    assert [each.text.split()[0] for each in told] == ["39", "38", "37", "36", "35", "34"]
    short = {each.name: each for each in (hint(n, str(n)) for n in range(40))}
    assert len(told_hints(short, [])) == MOST_TOLD


def test_what_is_forgotten_stays_forgotten() -> None:
    history = recorded(Learned("Use UTC."), Forgotten("ana", hint_name("use  utc.")))
    assert history.hints == {}
    history = recorded(Forgotten("ana", hint_name("Use UTC.")), Learned("Use UTC."))
    assert history.hints == {}


def test_only_the_newest_are_kept_and_a_repeated_one_is_new_again() -> None:
    history = recorded(*(Learned(str(n)) for n in range(MOST_KEPT)), Learned("0"), Learned("new"))
    assert len(history.hints) == MOST_KEPT
    assert hint_name("0") in history.hints and hint_name("1") not in history.hints
