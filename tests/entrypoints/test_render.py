"""What is printed: diagnostics with carets, tables, and nothing that a stranger can repaint."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopcoder.domain.diagnostic import Diagnostic, Place, Severity
from loopcoder.entrypoints.views.quantities import (
    parse_count,
    parse_duration,
    parse_money,
    parse_size,
    show_count,
    show_duration,
    show_money,
    show_size,
)
from loopcoder.entrypoints.views.render import diagnostic_text, diagnostics_json
from loopcoder.entrypoints.views.terminal import Style, table_lines, terminal_on
from loopcoder.entrypoints.views.text import clean, width_of, wrapped

LINE = "- [ ] Login form (after: sesion-store) <!-- id: login-form -->"


def error(detail: str = "", where: Place | None = None) -> Diagnostic:
    return Diagnostic(Severity.ERROR, "`after: sesion-store` names no unit", detail, where)


def test_a_mistake_is_shown_with_its_line_and_a_caret() -> None:
    place = Place("ROADMAP.md", 14, LINE.index("sesion") + 1, 12, LINE)
    assert diagnostic_text(error("did you mean session-store?", place)) == (
        "ROADMAP.md:14: error: `after: sesion-store` names no unit\n"
        f"   14 | {LINE}\n"
        "                                 ^^^^^^^^^^^^ did you mean session-store?"
    )


def test_without_a_column_the_advice_stands_under_the_line() -> None:
    assert diagnostic_text(error("Do this.", Place("R.md", 3, source="- x"))) == (
        "R.md:3: error: `after: sesion-store` names no unit\n    3 | - x\n        Do this."
    )


def test_without_a_place_the_advice_follows() -> None:
    assert diagnostic_text(error("Do this.")) == (
        "error: `after: sesion-store` names no unit\n  Do this."
    )


def test_long_advice_has_a_line_of_its_own() -> None:
    long = "Write this. " * 10
    lines = diagnostic_text(error(long, Place("R.md", 3, 1, 2, "ab"))).splitlines()
    assert lines[2].strip() == "^^"
    assert lines[3].strip() == long.strip()


def test_a_long_line_is_cut_around_what_is_meant() -> None:
    source = "x" * 300 + "HERE" + "y" * 300
    lines = diagnostic_text(error("", Place("R.md", 3, 301, 4, source))).splitlines()
    assert len(lines[1]) < 130
    assert lines[1][lines[2].index("^") :].startswith("HERE")
    assert lines[2].count("^") == 4


def test_carets_stand_under_wide_characters() -> None:
    lines = diagnostic_text(error("", Place("R.md", 1, 3, 2, "漢字ab"))).splitlines()
    before = lines[1][: lines[1].index("ab")]
    assert lines[2].index("^") == width_of(before)


def test_json_keys() -> None:
    (one,) = diagnostics_json([error("d", Place("R.md", 3))])
    assert one == {
        "severity": "error",
        "summary": "`after: sesion-store` names no unit",
        "detail": "d",
        "file": "R.md",
        "line": 3,
    }


@given(st.text(max_size=60), st.integers(1, 80), st.integers(1, 20))
def test_any_line_and_column_can_be_shown(source: str, column: int, length: int) -> None:
    text = diagnostic_text(error("", Place("R.md", 1, column, length, source)))
    assert len(text.split("\n")) <= 3


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("red\x1b[31m", "red\ufffd[31m"),
        ("over\rwrite", "over write"),
        ("a\nb", "a b"),
        ("moc\u202egpj", "moc\ufffdgpj"),
        ("zero\u200bwidth", "zero\ufffdwidth"),
        ("tab\there", "tab here"),
        ("plain ünï 漢字 🙂", "plain ünï 漢字 🙂"),
    ],
)
def test_strangers_cannot_paint_on_the_terminal(hostile: str, shown: str) -> None:
    assert clean(hostile) == shown
    assert clean(clean(hostile)) == shown


@given(st.text())
def test_what_is_printed_has_no_control_characters(text: str) -> None:
    assert all(char == " " or not char.isspace() or char >= "\xa0" for char in clean(text))
    assert all("\x1b" not in line for line in table_lines([[text, text]]))


def test_a_table_is_aligned_by_columns_on_the_screen() -> None:
    assert table_lines([["漢字", "x"], ["abcdef", "y"], ["a"]], ["NAME", "V"]) == [
        "NAME    V",
        "漢字    x",
        "abcdef  y",
        "a",
    ]
    assert table_lines([], ["NAME"]) == []


def test_a_table_fits_the_terminal() -> None:
    (text,) = table_lines([["漢" * 40, "b" * 40]], width=50)
    assert width_of(text) <= 50
    assert text.endswith("…")


def test_a_title_gives_way_before_what_stands_behind_it() -> None:
    rows = [["a", "word " * 12, "ROADMAP.md:5"], ["b", "short", "ROADMAP.md:16"]]
    first, second = table_lines(rows, width=40, elastic=1)
    assert first == "a  word word word word w…  ROADMAP.md:5"
    assert second == "b  short                   ROADMAP.md:16"
    assert "word word word word word word" in table_lines(rows, elastic=1)[0]


def test_a_reason_goes_on_below_itself() -> None:
    rows = [["ready", "漢字", "one two three four five six"], ["done", "x", "seven"]]
    first, second = table_lines(rows, width=30, wrap=True)
    assert first == "ready  漢字  one two three\n             four five six"
    assert second == "done   x     seven"
    assert len(table_lines(rows, wrap=True)[0].splitlines()) == 1


def test_a_reason_without_room_stands_below() -> None:
    (line,) = table_lines([["needs human", "unit", "one two three four"]], width=20, wrap=True)
    assert line == "needs human  unit\n    one two three\n    four"


@given(st.text(max_size=60), st.integers(2, 20))
def test_wrapping_loses_nothing_and_keeps_the_edge(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert "".join(lines).replace(" ", "") == "".join(text.split())
    assert all(width_of(line) <= width for line in lines)


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "environ", "live", "colour"),
    [
        (Tty(), {}, True, True),
        (Tty(), {"NO_COLOR": "1"}, True, False),
        (Tty(), {"CI": "true"}, False, False),
        (Tty(), {"TERM": "dumb"}, False, False),
        (io.StringIO(), {}, False, False),
        (io.StringIO(), {"FORCE_COLOR": "1"}, False, True),
        (io.StringIO(), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
    ],
)
def test_colour_is_for_terminals(
    stream: io.StringIO, environ: dict[str, str], live: bool, colour: bool
) -> None:
    terminal = terminal_on(stream, environ)
    assert (terminal.live, terminal.style) == (live, Style(colour))
    assert terminal.style("x", "red") == ("\x1b[31mx\x1b[0m" if colour else "x")


@given(st.integers(0, 10**7))
def test_what_is_shown_can_be_read_back(number: int) -> None:
    assert parse_duration(show_duration(number)) == number
    assert parse_size(show_size(number)) == number
    assert parse_count(show_count(number)) == number
    assert parse_money(show_money(parse_money(number))) == number
