"""Ticking boxes: which, and nothing else."""

from __future__ import annotations

import pytest

from loopcoder.domain.roadmap.bookkeeping import books_body, plan_books, tick_boxes
from loopcoder.domain.roadmap.roadmap import Source
from loopcoder.domain.unit import UnitId

ROADMAP = """\
# Plan

- [ ] Store <!-- id: store -->
  - [ ] a step of it
- [x] Notes <!-- id: notes -->
* [~] Login (after: store) <!-- id: login -->
  1. [ ] Form <!-- id: form -->
- [ ] Nameless thing

```
- [ ] Code <!-- id: code -->
```

## Search <!-- id: search -->
"""


def ids(*names: str) -> set[UnitId]:
    return {UnitId(name) for name in names}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_boxes_are_ticked_and_every_other_byte_stays(end: str) -> None:
    text = ROADMAP.replace("\n", end)
    after, ticked = tick_boxes(
        Source("R.md", text), ids("store", "login", "form", "code", "search")
    )
    assert ticked == ("store", "login", "form")
    before_lines, after_lines = text.split(end), after.split(end)
    changed = [(old, new) for old, new in zip(before_lines, after_lines, strict=True) if old != new]
    assert changed == [
        ("- [ ] Store <!-- id: store -->", "- [x] Store <!-- id: store -->"),
        (
            "* [~] Login (after: store) <!-- id: login -->",
            "* [x] Login (after: store) <!-- id: login -->",
        ),
        ("  1. [ ] Form <!-- id: form -->", "  1. [x] Form <!-- id: form -->"),
    ]


def test_nothing_to_tick_is_no_change() -> None:
    books = plan_books([Source("R.md", ROADMAP)], ids("notes"))
    assert (books.files, books.ticked, books.minted) == ({}, (), ())


def test_missing_ids_are_written_when_asked_for() -> None:
    source = Source("R.md", ROADMAP)
    books = plan_books([source], ids("store"), mint=True, taken=frozenset({"nameless-thing"}))
    assert (books.ticked, books.minted) == (("store",), ("nameless-thing-2",))
    assert "- [ ] Nameless thing <!-- id: nameless-thing-2 -->" in books.files["R.md"]
    again = plan_books([Source("R.md", books.files["R.md"])], ids("store"), mint=True)
    assert again.files == {}


def test_a_roadmap_with_errors_is_left_alone() -> None:
    broken = ROADMAP + "- [ ] Again <!-- id: store -->\n"
    assert plan_books([Source("R.md", broken)], ids("store")).files == {}


def test_the_body_names_units_and_closes_nothing() -> None:
    books = plan_books([Source("R.md", ROADMAP)], ids("store", "login"), mint=True)
    body = books_body(books, {UnitId("store"): 1})
    assert "- `store` (#1)\n- `login`" in body
    assert "- `nameless-thing`" in body
    assert "loses #" not in body and "ixes #" not in body
