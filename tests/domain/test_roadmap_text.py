"""What is written as a roadmap reads back as the same units."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopcoder.domain.roadmap.minting import mint_ids
from loopcoder.domain.roadmap.roadmap import parse_roadmap
from loopcoder.domain.roadmap.text import place_nowhere, render_units, settle_unit
from loopcoder.domain.unit import Box, IssueRef, Step, Unit, UnitId


def read_back(units: list[Unit]) -> list[Unit]:
    reading = parse_roadmap(render_units(units))
    assert not reading.errors, (reading.errors, render_units(units))
    assert not reading.unidentified
    return [place_nowhere(unit) for unit in reading.roadmap.units]


def test_a_unit_with_everything() -> None:
    full = Unit(
        UnitId("full"), "Every *field* of `it` (after: x) [P1] <b> &amp; snake_case", Box.OPEN,
        "Text.\n\n```\n- [ ] code\n```", (Step("one", True, 0), Step("`two`", False, 0)),
        after=(UnitId("a"),), after_issues=(IssueRef(3, "o/r"),), section="Phase 1: Now",
        verify=("pytest -q", "echo `x`  y"), touches=("src/**", "a b.md"), priority=0, size="M",
        labels=("e2e", "back end"), worker="w", reviewer="r", candidates=2,
        budget=Decimal("5.50"), owner="ana", mark="~",
    )  # fmt: skip
    child = Unit(UnitId("child"), "Child", parent=full.id, section=full.section,
                 after=full.after, after_issues=full.after_issues)  # fmt: skip
    units = [Unit(UnitId("a"), "A", Box.DONE), full, child]
    assert read_back(units) == [place_nowhere(unit) for unit in units]


def test_the_text_is_what_a_person_would_write() -> None:
    units = [
        Unit(UnitId("a"), "Session store", Box.DONE, "SQLite.", section="Now"),
        Unit(UnitId("b"), "Login form", after=(UnitId("a"),), priority=1, section="Now",
             steps=(Step("lockout", False, 0),)),
    ]  # fmt: skip
    assert render_units(units) == (
        "## Now\n\n"
        "- [x] Session store <!-- id: a -->\n\n  SQLite.\n"
        "- [ ] Login form <!-- id: b -->\n  After: a\n  Priority: P1\n  - [ ] lockout\n"
    )


@pytest.mark.parametrize(
    "body",
    [
        "Verify: rm -rf", "- [ ] box", "- []", "##Title", "-Item", "    indented code",
        "```\nnever closed", "<!-- never closed", "<div>\n\n- x", "> quote\n- [ ] y", "---",
        "Title\n===", "a\n\n\n\nb", "| ID |\n|---|\n| T1 |", "<!-- id: y -->", "- a <!-- id: z -->",
        "\t- [ ] tab", "[x]: http://a.b", "After: nowhere", "- Depends on: x", "1. [ ] n",
    ],
)  # fmt: skip
def test_any_body_becomes_a_body(body: str) -> None:
    unit = settle_unit(Unit(UnitId("a"), "A", body=body, steps=(Step("s", False, 0),)))
    assert read_back([unit]) == [place_nowhere(unit)]


TEXT = st.text(max_size=60) | st.text(
    alphabet=st.sampled_from("-*[] x#`\n|:<>!()aT1\t~^.&;_\\PV"), max_size=40
)


@given(TEXT, TEXT, TEXT, TEXT)
@settings(max_examples=150, deadline=None)
def test_any_text_settles_into_something_that_reads_back(
    title: str, body: str, step: str, section: str
) -> None:
    unit = settle_unit(
        Unit(UnitId("a"), title, body=body, section=section, steps=(Step(step, False, 0),))
    )
    assert settle_unit(unit) == unit
    assert read_back([unit]) == [place_nowhere(unit)]


LINES = st.sampled_from(
    [
        "- [ ] do it", "* [x] did it", "  - [ ] nested", "  text", "  Verify: `x  y`", "## Next",
        "### P1: now", "- [-] T12: lead", "  After: t12", "  - [ ] T13: child", "- [~] odd",
        "  ```", "  code", "  ```", "", "", "  - detail", "    - [ ] deep", "## Done when",
        "<!-- units: items -->", "- plain", "| ID | Task |", "|---|---|", "| X1 | a *b* |", "",
        "  Labels: a, b", "  Budget: $3", "- [ ] **Bold** `code` (after: #3)", "    code",
    ]
)  # fmt: skip


@given(st.lists(LINES, max_size=16).map("\n".join))
@settings(max_examples=150, deadline=None)
def test_what_was_read_can_be_written_and_read_again(text: str) -> None:
    reading = parse_roadmap(mint_ids(text).text)
    if reading.errors:
        return
    units = sorted(reading.roadmap.units, key=lambda unit: bool(unit.section))
    assert read_back(units) == [place_nowhere(replace(unit)) for unit in units]
