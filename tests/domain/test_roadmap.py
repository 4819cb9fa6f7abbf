"""What a roadmap file means, one statement at a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopcoder.domain.diagnostic import Severity
from loopcoder.domain.roadmap.roadmap import Reading, Source, parse_roadmap, parse_roadmaps
from loopcoder.domain.unit import Box, IssueRef, Step, Unit


def units(text: str) -> dict[str, Unit]:
    reading = parse_roadmap(text)
    assert not reading.errors, reading.errors
    return dict(reading.roadmap.by_id)


def said(text: str) -> list[str]:
    """The diagnostics as `severity line: summary`."""
    return lines_of(parse_roadmap(text))


def lines_of(reading: Reading) -> list[str]:
    return [
        f"{each.severity} {each.where.line if each.where else 0}: {each.summary}"
        for each in reading.diagnostics
    ]


def only(text: str) -> Unit:
    (unit,) = units(text).values()
    return unit


EXAMPLE = """\
## Now

- [ ] Session store <!-- id: session-store -->
  SQLite, no Redis. Text under an item is the issue's description.
  Verify: `pytest tests/test_session.py`
  Touches: `src/session/**`
- [ ] Login form (after: session-store) [P1] <!-- id: login-form -->
  - [ ] lockout after five tries
- [x] Repository skeleton <!-- id: skeleton -->

## Later (after: Now)

- [ ] **SSO-1** Single sign-on (after: login-form, #123)
- [-] LDAP <!-- id: ldap -->
"""


def test_the_documented_example() -> None:
    found = units(EXAMPLE)
    assert list(found) == ["session-store", "login-form", "skeleton", "sso-1", "ldap"]
    store, login, sso = found["session-store"], found["login-form"], found["sso-1"]
    assert store.body == "SQLite, no Redis. Text under an item is the issue's description."
    assert store.verify == ("pytest tests/test_session.py",)
    assert store.touches == ("src/session/**",)
    assert (login.title, login.after, login.priority) == ("Login form", ("session-store",), 1)
    assert login.steps == (Step("lockout after five tries", False, 8),)
    assert found["skeleton"].box is Box.DONE
    assert found["ldap"].box is Box.DROPPED
    assert sso.title == "Single sign-on"
    assert set(sso.after) == {"session-store", "login-form", "skeleton"}
    assert sso.after_issues == (IssueRef(123),)
    assert (sso.section, sso.line, sso.position) == ("Later", 13, 3)


# -- what is a unit -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mark", "box", "kept"),
    [
        (" ", Box.OPEN, ""), ("x", Box.DONE, ""), ("X", Box.DONE, ""), ("-", Box.DROPPED, ""),
        ("~", Box.OPEN, "~"), (">", Box.OPEN, ">"), ("!", Box.OPEN, "!"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("bullet", ["-", "*", "+", "1.", "2)"])
def test_boxes(bullet: str, mark: str, box: Box, kept: str) -> None:
    unit = only(f"{bullet} [{mark}] Do it <!-- id: a -->\n")
    assert (unit.box, unit.mark, unit.title) == (box, kept, "Do it")


@pytest.mark.parametrize(
    "hidden",
    [
        "```\n- [ ] a\n```\n",
        "    - [ ] a\n",
        "> - [ ] a\n",
        "<!--\n- [ ] a\n-->\n",
        "---\nlist:\n- [ ] a\n---\n",
        "+++\nx = 1\n- [ ] a\n+++\n",
        "Text with `- [ ] a` in it\n",
        "[a]: http://example.org '- [ ] a'\n",
        "- a\n\n      - [ ] code\n",
    ],
)
def test_what_is_not_read(hidden: str) -> None:
    reading = parse_roadmap(f"{hidden}\n# Title\n\n- [ ] Real <!-- id: real -->\n")
    assert [unit.id for unit in reading.roadmap.units] == ["real"]
    assert not reading.unidentified


def test_front_matter_keeps_line_numbers_and_rules_are_no_front_matter() -> None:
    assert only("---\ntitle: x\n---\n- [ ] A <!-- id: a -->\n").line == 4
    assert only("---\n\n- [ ] A <!-- id: a -->\n\n---\n").line == 3


def test_bom_and_every_line_end() -> None:
    found = units("\ufeff- [ ] A <!-- id: a -->\r\n- [ ] B <!-- id: b -->\r- [ ] C <!-- id: c -->")
    assert [(unit.id, unit.line) for unit in found.values()] == [("a", 1), ("b", 2), ("c", 3)]


def test_nested_boxes_are_steps_and_boxes_with_an_id_are_child_units() -> None:
    found = units(
        "- [ ] Parent <!-- id: parent -->\n"
        "  - [x] done step\n"
        "  - [-] dropped step\n"
        "  - [ ] Child <!-- id: child -->\n"
        "    - [ ] step of the child\n"
        "  - plain\n"
        "    - [ ] deep step\n"
    )
    assert [step.text for step in found["parent"].steps] == ["done step", "deep step"]
    assert [step.done for step in found["parent"].steps] == [True, False]
    assert found["child"].parent == "parent"
    assert [step.text for step in found["child"].steps] == ["step of the child"]
    assert found["parent"].body == "- plain"


def test_a_child_waits_for_what_its_parent_waits_for() -> None:
    found = units(
        "- [ ] A <!-- id: a -->\n- [ ] P (after: a) <!-- id: p -->\n  - [ ] C <!-- id: c -->\n"
    )
    assert found["c"].after == ("a",)


def test_a_step_with_details_keeps_them_in_the_body() -> None:
    unit = only("- [ ] A <!-- id: a -->\n  - [ ] step\n    - detail\n  - [ ] bare\n")
    assert [step.text for step in unit.steps] == ["step", "bare"]
    assert unit.body == "- step\n  - detail"


def test_boxes_below_plain_bullets_are_units() -> None:
    assert list(units("- MVP\n  - [ ] A <!-- id: a -->\n  - [ ] B <!-- id: b -->\n")) == ["a", "b"]


@pytest.mark.parametrize(
    "heading",
    [
        "Legend", "✅ SUCCESS CRITERIA (all must be true)", "Acceptance criteria", "Exit Criteria",
        "Done when (code complete)", "Definition of Done", "Out of scope", "Non-goals", "Checklist",
        "Release checklist", "3. Acceptance Criteria",
    ],
)  # fmt: skip
def test_criteria_are_not_units_and_the_output_says_so(heading: str) -> None:
    text = f"- [ ] A <!-- id: a -->\n\n## {heading}\n\n- [ ] x\n- [ ] y\n"
    reading = parse_roadmap(text)
    assert not reading.unidentified
    (note,) = reading.diagnostics
    assert (note.severity, note.where and note.where.line) == (Severity.NOTE, 3)
    assert "2 entries" in note.summary
    assert parse_roadmap(
        text.replace("\n\n- [ ] x", "\n<!-- units: items -->\n- [ ] x")
    ).unidentified


@pytest.mark.parametrize("heading", ["Legends of the fall", "Fix scope", "Done", "Goals", "Exit"])
def test_other_headings_are_not_taken_for_criteria(heading: str) -> None:
    assert parse_roadmap(f"## {heading}\n\n- [ ] x\n").unidentified


def test_a_label_over_a_list_counts_as_a_heading() -> None:
    assert not parse_roadmap("**Acceptance criteria:**\n\n- [ ] x\n").unidentified
    assert not parse_roadmap("- Success criteria:\n  - [ ] x\n").unidentified


def test_headings_are_units_only_with_an_explicit_id() -> None:
    found = units(
        "## Big thing <!-- id: big -->\n\nWhy.\n\nVerify: `make`\n\n- [ ] step\n\n### Part\n\n"
        "Text.\n\n## Other\n\n- [ ] A <!-- id: a -->\n"
    )
    big = found["big"]
    assert (big.title, big.verify, big.line) == ("Big thing", ("make",), 1)
    assert [step.text for step in big.steps] == ["step"]
    assert big.body == "Why.\n\n### Part\n\nText."
    assert found["a"].section == "Other"


def test_rows_are_units_only_under_a_header_that_says_id() -> None:
    found = units(
        "| ID | Task | Status | Depends on | Priority |\n|---|---|---|---|---|\n"
        "| ST-1 | **Do** it | complete | — | P0 |\n"
        "| [ST-2](x.md) | Then this | open | ST-1 | P3 |\n\n"
        "| Id | Task |\n|---|---|\n| ST-3 | no |\n"
    )
    assert list(found) == ["st-1", "st-2"]
    assert (found["st-1"].title, found["st-1"].box, found["st-1"].priority) == (
        "Do it",
        Box.DONE,
        0,
    )
    assert (found["st-2"].after, found["st-2"].priority) == (("st-1",), 3)


def test_a_row_with_a_bare_number_is_reported() -> None:
    lines = said("| ID | Task |\n|--|--|\n| 1 | x |\n")
    assert "warning 3: `1` is a bare number, which is never an id" in lines


@pytest.mark.parametrize(
    ("switch", "expected"),
    [
        ("items", ["Boxed", "Plain"]),
        ("rows", ["Row"]),
        ("headings", ["Sub"]),
        ("items, headings", ["Boxed", "Plain", "Sub"]),
        ("none", []),
    ],
)
def test_a_switch_says_what_the_units_of_a_section_are(switch: str, expected: list[str]) -> None:
    reading = parse_roadmap(
        f"## S\n<!-- units: {switch} -->\n- [ ] Boxed\n- Plain\n\n| Task |\n|---|\n| Row |\n\n"
        "### Sub\n\ntext\n\n## Next\n\n- [ ] Kept <!-- id: kept -->\n"
    )
    assert [each.title for each in reading.unidentified] == expected
    assert [unit.id for unit in reading.roadmap.units] == ["kept"]


def test_an_unknown_switch_is_an_error_with_the_nearest_name() -> None:
    (error,) = parse_roadmap("<!-- units: item -->\n\n- [ ] A <!-- id: a -->\n").errors
    assert "did you mean items?" in error.detail


def test_index_and_detail_heading_are_one_unit() -> None:
    found = units(
        "- [x] T1: Goodbye packets\n- [ ] **T2** Validate (after: T1)\n\n## Details\n\n"
        "### T1: Goodbye packets (RFC)\n\nSend them.\n\n- [x] step\n\n"
        "### T2: Validate\n\nVerify: `make`\n"
    )
    assert list(found) == ["t1", "t2"]
    assert (found["t1"].box, found["t1"].body) == (Box.DONE, "Send them.")
    assert [step.text for step in found["t1"].steps] == ["step"]
    assert found["t2"].verify == ("make",)


def test_index_and_detail_that_disagree_are_a_duplicate() -> None:
    (error,) = parse_roadmap("- [ ] T1: Goodbye packets\n\n## T1: Login form\n").errors
    assert error.summary == "the id `t1` is used twice"


def test_a_heading_with_a_lead_id_alone_is_a_section() -> None:
    found = units("## T1: Goodbye\n\n- [ ] A <!-- id: a -->\n\n## B (after: T1)\n- [ ] B1: x\n")
    assert list(found) == ["a", "b1"]
    assert found["b1"].after == ("a",)


# -- ids ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "id", "title"),
    [
        ("Do <!-- id: A.b_c-1 -->", "a.b_c-1", "Do"),
        ("<!-- id: a --> Do", "a", "Do"),
        ("Do ^a1", "a1", "Do"),
        ("**T12** Do", "t12", "Do"),
        ("`T12` Do", "t12", "Do"),
        ("[T12] Do", "t12", "Do"),
        ("[T12](x.md) Do", "t12", "Do"),
        ("T12: Do", "t12", "Do"),
        ("T12 — Do", "t12", "Do"),
        ("**T12:** Do", "t12", "Do"),
        ("**T12: Do** it", "t12", "Do it"),
        ("T001 Do", "t001", "Do"),
        ("**T12**", "t12", "T12"),
        ("T12: Do <!-- id: other -->", "other", "T12: Do"),
        ("**004-source-fix** - Do", "004-source-fix", "Do"),
    ],
)
def test_ids(line: str, id: str, title: str) -> None:
    unit = only(f"- [ ] {line}\n")
    assert (unit.id, unit.title) == (id, title)


@pytest.mark.parametrize(
    "line",
    [
        "S3 bucket", "P1: urgent", "**P0** now", "Q3: plan", "**v1.2** release", "1.2.3: release",
        "12: number", "**12** number", "2.1 Kiro", "`e2e` tests", "i18n: texts", "`README2.md` x",
        "`<!-- id: x -->` in code", "GH-12: reserved", "fix-base: reserved", "T12 spaced",
        "**Phase 1: Foundation** - x",
    ],
)  # fmt: skip
def test_what_is_not_an_id(line: str) -> None:
    reading = parse_roadmap(f"- [ ] {line}\n")
    assert not reading.roadmap.units
    assert len(reading.unidentified) == 1


def test_an_id_comment_on_the_next_line_belongs_to_the_item() -> None:
    assert only("- [ ] Do\n  <!-- id: a -->\n  text\n").id == "a"


@pytest.mark.parametrize("id", ["a..b", "a.lock", "-a", "a b", "a" * 64, "ä", "gh-12", "fix-base"])
def test_bad_and_reserved_ids_are_errors(id: str) -> None:
    (error,) = parse_roadmap(f"- [ ] Do <!-- id: {id} -->\n").errors
    assert error.where is not None
    assert (error.where.line, error.where.column) == (1, 19)


def test_the_same_id_twice_is_an_error_that_names_the_first_place() -> None:
    (error,) = parse_roadmap("- [ ] A <!-- id: x -->\n- [ ] B <!-- id: X -->\n").errors
    assert error.where is not None
    assert (error.where.line, error.summary) == (2, "the id `x` is used twice")
    assert "ROADMAP.md:1" in error.detail


def test_a_unit_with_a_bad_id_blocks_nothing_and_breaks_nothing() -> None:
    reading = parse_roadmap(
        "## A\n- [ ] Bad <!-- id: a b -->\n  - [ ] C <!-- id: c -->\n## B (after: A)\n"
        "- [x] D <!-- id: d -->\n"
    )
    assert [unit.id for unit in reading.roadmap.units] == ["c", "d"]
    assert reading.roadmap.by_id["d"].after == ("c",)


def test_a_slip_of_the_pen_in_a_field_is_an_error_and_not_prose() -> None:
    text = "- [ ] S <!-- id: session-store -->\n- [ ] L <!-- id: l -->\n  Needs: sesion-store\n"
    assert said(text) == ["error 3: `needs: sesion-store` names no unit"]


def test_two_ids_on_one_unit_are_an_error() -> None:
    assert said("- [ ] A ^a <!-- id: b -->\n") == ["error 1: this unit has the ids `b` and `a`"]


def test_units_without_an_id_are_listed_with_the_id_they_would_get() -> None:
    (missing,) = parse_roadmap(
        "- [x] Has it <!-- id: login-form -->\n- [ ] Login form\n"
    ).unidentified
    assert (missing.line, missing.title, missing.id) == (2, "Login form", "login-form-2")


# -- titles and bodies ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("**Bold** and `code` and [link](x)", "Bold and code and link"),
        ("a \\* b &amp; c", "a * b & c"),
        ("snake_case_name *stays*", "snake_case_name stays"),
        ("Do (after: b) it", "Do it"),
        ("[P1] Do it", "Do it"),
        ("Do it (see below)", "Do it (see below)"),
        ("`(after: b)` is code", "(after: b) is code"),
    ],
)
def test_titles_are_plain_text(line: str, title: str) -> None:
    assert units(f"- [ ] {line} <!-- id: a -->\n- [ ] B <!-- id: b -->\n")["a"].title == title


def test_a_long_line_is_cut_and_kept_whole_in_the_body() -> None:
    words = " ".join(["word"] * 40)
    cut = only(f"- [ ] {words} <!-- id: a -->\n  more\n")
    assert len(cut.title) <= 100
    assert cut.title.endswith("…")
    assert cut.body == f"{words}\nmore"
    assert only(f"- [ ] **Bold lead** - {words} <!-- id: a -->\n").title == "Bold lead"


def test_a_sentence_that_runs_on_stays_whole_in_the_body() -> None:
    unit = only("- [ ] Fix the table that\n  has duplicates <!-- id: a -->\n")
    assert unit.title == "Fix the table that"
    assert unit.body == "Fix the table that\nhas duplicates"


def test_the_body_is_moved_left_and_keeps_code_as_it_is() -> None:
    unit = only(
        "1.  [ ] A <!-- id: a -->\n\n    Text.\n\n    ```py\n    if x:\n        y = `1`\n    ```\n"
    )
    assert unit.body == "Text.\n\n```py\nif x:\n    y = `1`\n```"


# -- fields ---------------------------------------------------------------------------------------


def test_every_field() -> None:
    unit = only(
        "- [ ] A <!-- id: a -->\n"
        "  Verify: `pytest -q`, `make lint`\n"
        "  **Touches:** src/**, tests/*.py\n"
        "  **Priority**: P0\n"
        "  Size: M\n"
        "  Labels: e2e, backend\n"
        "  - Worker: mine\n"
        "  - Reviewer: other\n"
        "  - Candidates: 2\n"
        "  - Budget: $5.50\n"
        "  - Owner: @ana\n"
    )
    assert unit.verify == ("pytest -q", "make lint")
    assert unit.touches == ("src/**", "tests/*.py")
    assert (unit.priority, unit.size, unit.labels) == (0, "M", ("e2e", "backend"))
    assert (unit.worker, unit.reviewer, unit.candidates) == ("mine", "other", 2)
    assert (unit.budget, unit.owner, unit.body) == (Decimal("5.50"), "ana", "")


def test_a_field_can_be_followed_by_a_list() -> None:
    unit = only("- [ ] A <!-- id: a -->\n  Verify:\n  - `make`\n  - `make e2e`\n\n  Text.\n")
    assert unit.verify == ("make", "make e2e")
    assert unit.body == "Text."


def test_other_words_with_a_colon_are_prose() -> None:
    unit = only("- [ ] A <!-- id: a -->\n  Goal: fast\n  Requires thought: yes\n")
    assert unit.body == "Goal: fast\nRequires thought: yes"


@pytest.mark.parametrize(
    ("field", "severity"),
    [
        ("Priority: someday", "warning"), ("Touches: ../x", "warning"),
        ("Verify:\n  text", "warning"), ("Budget: much", "error"), ("Candidates: 9", "error"),
    ],
)  # fmt: skip
def test_values_that_make_no_sense_are_reported(field: str, severity: str) -> None:
    (line,) = said(f"- [ ] A <!-- id: a -->\n  {field}\n")
    assert line.startswith(f"{severity} 2: ")


# -- dependencies ---------------------------------------------------------------------------------

THREE = "- [ ] One: a <!-- id: t1 -->\n- [ ] Two <!-- id: t2 -->\n- [ ] Three <!-- id: t3 -->\n"


@pytest.mark.parametrize(
    ("value", "after"),
    [
        ("t1", ["t1"]),
        ("T1, `t3`", ["t1", "t3"]),
        ("t1 and t2", ["t1", "t2"]),
        ("t1–t3", ["t1", "t2", "t3"]),
        ("T1-T3", ["t1", "t2", "t3"]),
        ("T2 to T3", ["t2", "t3"]),
        ("[T1](#t1) (needed for x, y)", ["t1"]),
        ("none", []), ("Nothing (first phase)", []), ("–", []),
        ("Start", ["t1", "t2", "t3"]),
        ("start", ["t1", "t2", "t3"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "word", ["After", "Depends on", "Needs", "requires", "**Blocked by**", "Prerequisites"]
)
def test_references(word: str, value: str, after: list[str]) -> None:
    text = f"## Start: now\n{THREE}\n## End\n- [ ] X <!-- id: x -->\n  {word}: {value}\n"
    unit = units(text)["x"]
    assert list(unit.after) == after
    assert unit.body == ""


def test_issues_elsewhere() -> None:
    unit = only("- [ ] X (after: #12, o/r#3, gh-4) <!-- id: x -->\n")
    assert unit.after_issues == (IssueRef(12), IssueRef(3, "o/r"), IssueRef(4))


def test_blocks_is_the_reverse_edge() -> None:
    found = units("- [ ] A <!-- id: a -->\n  Blocks: b\n- [ ] B <!-- id: b -->\n")
    assert found["b"].after == ("a",)


def test_a_section_can_wait_for_a_section() -> None:
    found = units(
        "## Phase 1: Base\n- [ ] A <!-- id: a -->\n## Phase 2 (after: Phase 1)\n"
        "- [ ] B <!-- id: b -->\n## Phase 3\n**Depends on**: Phase 2 (all of it)\n\n"
        "- [ ] C <!-- id: c -->\n"
    )
    assert (found["b"].after, found["c"].after) == (("a",), ("b",))


def test_sections_are_sequential_only_where_it_is_written() -> None:
    text = "# Plan\n## One\n- [ ] A: x <!-- id: a -->\n## Two\n- [ ] B <!-- id: b -->\n"
    text += "## Three (after: none)\n- [ ] C <!-- id: c -->\n"
    assert units(text)["b"].after == ()
    found = units(f"<!-- roadmap: sections=sequential -->\n\n{text}")
    assert (found["b"].after, found["c"].after) == (("a",), ())


def test_a_plan_has_an_id() -> None:
    assert parse_roadmap("<!-- roadmap: id=docs -->\n").roadmap.plan == "docs"
    assert parse_roadmap("").roadmap.plan == "main"
    assert said("<!-- roadmap: ids=x -->\n\n- [ ] A <!-- id: a -->\n")[0].startswith("error 1:")


def test_an_unknown_inline_reference_is_an_error_with_a_caret() -> None:
    (error,) = parse_roadmap(
        "- [ ] S <!-- id: session-store -->\n- [ ] Login (after: sesion-store) <!-- id: l -->\n"
    ).errors
    assert error.summary == "`after: sesion-store` names no unit"
    assert error.detail == "did you mean session-store?"
    place = error.where
    assert place is not None
    assert (place.line, place.column, place.length) == (2, 21, len("sesion-store"))
    assert place.source == "- [ ] Login (after: sesion-store) <!-- id: l -->"


def test_a_field_is_an_error_where_part_of_it_is_known_and_prose_where_nothing_is() -> None:
    partly = said(f"{THREE}- [ ] X <!-- id: x -->\n  Needs: t1, the design\n")
    assert partly == ["error 5: `needs: the design` names no unit"]
    reading = parse_roadmap(f"{THREE}- [ ] X <!-- id: x -->\n  Needs: the design\n")
    assert lines_of(reading) == ["warning 5: `needs: the design` names no unit"]
    assert reading.roadmap.units[3].body == "Needs: the design"


def test_a_reference_to_a_unit_without_an_id_says_so() -> None:
    (error,) = parse_roadmap("- [ ] Base\n- [ ] X (after: base) <!-- id: x -->\n").errors
    assert "loopcoder plan" in error.detail


def test_a_name_that_two_sections_have_is_an_error() -> None:
    text = (
        "## A\n- [ ] Y <!-- id: y -->\n## A\n- [ ] B <!-- id: b -->\n## C (after: A)\n- [ ] C ^c\n"
    )
    assert said(text) == ["error 5: `after: A` names several sections (lines 1, 3)"]


def test_waiting_for_oneself_is_an_error() -> None:
    assert said("- [ ] X (after: x) <!-- id: x -->\n") == [
        "error 1: `after: x` makes this unit wait for itself"
    ]
    assert said("## Now\n- [ ] X (after: Now) <!-- id: x -->\n") == [
        "error 2: `after: Now` makes this unit wait for itself"
    ]


def test_a_cycle_is_printed() -> None:
    text = "- [ ] A (after: c) <!-- id: a -->\n- [ ] B (after: a) <!-- id: b -->\n"
    assert said(text + "- [ ] C (after: b) <!-- id: c -->\n") == [
        "error 1: these units wait for each other: a → c → b → a"
    ]


def test_a_child_that_waits_for_its_parent_is_a_cycle() -> None:
    text = "- [ ] P <!-- id: p -->\n  - [ ] C (after: p) <!-- id: c -->\n"
    assert said(text) == ["error 1: these units wait for each other: p → c → p"]


# -- what is reported, and never guessed ----------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("- []\n", "error 1: `[]` is not a box"),
        ("- [] Do\n", "error 1: `[]` is not a box"),
        ("- [  ] Do\n", "error 1: `[  ]` is not a box"),
        ("- [x ] Do\n", "error 1: `[x ]` is not a box"),
        ("- [ ]\n", "error 1: this box has no text"),
        ("- [ ] <!-- id: a -->\n", "error 1: this box has no text"),
        ("- [ ]Do\n", "error 1: `[ ]` is not followed by a space"),
        ("- [ ] Store <!-- id: s -->\n  Verfy: `make`\n", "warning 2: `Verfy:` is read as prose"),
        ("- [ ] A <!-- id: a -->\n  - Depend on: x\n", "warning 2: `Depend on:` is read as prose"),
        ("##Title\n", "warning 1: a heading needs a space after `#`"),
        ("-Item\n-Other\n", "warning 1: a bullet needs a space after `-`"),
        ("-[ ] Item\n", "warning 1: a bullet needs a space after `-`"),
        ("- Plain <!-- id: a -->\n", "warning 1: this bullet carries an id, but has no box"),
        ("- [ ] A (after: b <!-- id: a -->\n", "error 1: this dependency is never closed"),
        ("<div>\n- [ ] a\n</div>\n", "warning 1: boxes inside HTML are not read"),
        ("<!-- note\n\n- [ ] a\n", "warning 1: this comment is never closed"),
        ("```\n- [ ] a\n", "warning 1: this code fence is never closed"),
        ("- [P] parallel <!-- id: a -->\n", "warning 1: the box `[P]` is read as open"),
    ],
)
def test_what_looks_like_something_and_is_not(text: str, line: str) -> None:
    assert line in said(text)


@pytest.mark.parametrize(
    "text",
    [
        "- [](x) link\n",
        "- [x](y) link\n",
        "-5 degrees\n",
        "*emphasis*\n",
        "a\n-b is prose\n",
        "#1\n",
        "- [ ] B <!-- id: b -->\n  Note: as before\n  Result: works\n",
    ],
)
def test_what_is_fine_is_not_reported(text: str) -> None:
    assert said(f"{text}\n- [ ] A <!-- id: a -->\n") == []


def test_many_problems_are_reported_at_once_in_the_order_of_the_file() -> None:
    text = (
        "- []\n- [ ] A (after: zz) <!-- id: a -->\n- [ ] B <!-- id: a -->\n- [ ] C (after: c) ^c\n"
    )
    assert [line.split(":")[0] for line in said(text)] == [
        "error 1",
        "error 2",
        "error 3",
        "error 4",
    ]


def test_done_before_its_blocker_and_done_but_reverted_are_warnings() -> None:
    assert said("- [ ] A <!-- id: a -->\n- [x] B, reverted (after: a) <!-- id: b -->\n") == [
        "warning 2: `b` is done, but `a` before it is open",
        "warning 2: `b` is ticked, but says “reverted”",
    ]


@pytest.mark.parametrize("text", ["", "# Title\n\nprose\n", "- a\n- b\n", '{"tasks": []}', "\x00"])
def test_a_file_without_units_says_so(text: str) -> None:
    assert any("no units found" in line for line in said(text))


def test_several_files_are_one_roadmap() -> None:
    reading = parse_roadmaps(
        [
            Source("a.md", "- [ ] A (after: b, Later) <!-- id: a -->\n"),
            Source("b.md", "- [ ] B <!-- id: b -->\n## Later\n- [ ] C <!-- id: c -->\n"),
        ]
    )
    assert not reading.diagnostics
    assert reading.roadmap.by_id["a"].after == ("b", "c")
    assert [unit.position for unit in reading.roadmap.units] == [0, 1, 2]
    assert reading.roadmap.files == ("a.md", "b.md")


MANY = 2_000


@pytest.mark.parametrize(
    "text",
    [
        "- [ ] a " + "(after: " * MANY,
        "- [ ] a " + "`" * MANY + " `" * MANY,
        "- [ ] a " + "[" * MANY + "]" * MANY,
        "- [ ] a " + "<!--" * MANY,
        "- [ ] a " + "*_" * MANY,
        "- [ ] a\n  After: " + "x, " * MANY,
        "- [ ] a\n  After: " + "(" * MANY,
        "> " * MANY + "- [ ] a",
        "- " * MANY + "[ ] a",
        "".join("  " * n + "- [ ] a\n" for n in range(200)),
        "".join(f"- [ ] A (after: unknown-{n}) <!-- id: a{n} -->\n" for n in range(MANY)),
        "".join(f"- [ ] A{n}: x\n" for n in range(MANY)) * 2,
        "".join(f"## T{n}: x\n" for n in range(MANY))
        + "".join(f"- [ ] T{n}: x\n" for n in range(MANY)),
        "- [ ] P <!-- id: p -->\n" + "".join(f"  - [ ] C <!-- id: c{n} -->\n" for n in range(MANY)),
        "| ID | Task |\n|---|---|\n" + "".join(f"| T{n} | x |\n" for n in range(MANY)),
    ],
    ids=range(15),
)
def test_hostile_text_takes_no_more_than_seconds(text: str) -> None:
    begun = time.process_time()
    parse_roadmap(text)
    assert time.process_time() - begun < 8


def test_ten_thousand_units_cost_little_more_than_their_markdown() -> None:
    from markdown_it import MarkdownIt

    text = "".join(
        f"- [ ] Unit number {n} does it <!-- id: unit-{n} -->\n  Text.\n  Verify: `pytest -k {n}`\n"
        + (f"  After: unit-{n - 1}\n" if n else "")
        for n in range(1_000)
    )
    bare = MarkdownIt("commonmark").enable("table")
    assert _seconds(lambda: parse_roadmap(text)) < 3 * _seconds(lambda: bare.parse(text))


def _seconds(run: Callable[[], object]) -> float:
    times = []
    for _ in range(3):
        begun = time.process_time()
        run()
        times.append(time.process_time() - begun)
    return min(times)


@given(st.text(alphabet=st.sampled_from("-*[] x#`\n|:<>!()aT1\t~^.,–"), max_size=120))
def test_nothing_makes_it_fail(text: str) -> None:
    reading = parse_roadmap(text)
    for each in reading.diagnostics:
        assert each.where is not None
        assert each.where.line >= 1


def test_a_caret_points_to_the_word_and_not_to_a_letter_of_the_title() -> None:
    line = "- [ ] C, carry on (after: c) <!-- id: c -->"
    (error,) = parse_roadmap(line + "\n").errors
    assert error.where is not None
    assert error.where.column == line.index("after: c") + len("after: ") + 1


def test_boxes_that_are_all_criteria_are_not_said_to_be_missing() -> None:
    reading = parse_roadmap("## Acceptance criteria\n\n- [ ] It works\n")
    warning = next(each for each in reading.diagnostics if each.summary == "no units found")
    assert "none was read as a unit" in warning.detail
    assert "adopt" not in warning.detail


CONFLICT = """\
- [ ] A <!-- id: a -->
<<<<<<< HEAD
- [ ] B <!-- id: b -->
=======
- [ ] C <!-- id: c -->
>>>>>>> other
"""


def test_a_conflict_that_git_left_is_an_error() -> None:
    (error,) = parse_roadmap(CONFLICT).errors
    assert error.summary == "a merge conflict is not resolved here"
    assert error.where is not None and error.where.line == 2
    shown = "\n".join(f"  {line}" for line in CONFLICT.splitlines())
    for quoted in (f"- [ ] X <!-- id: x -->\n\n  ```\n{shown}\n  ```\n", f"```\n{CONFLICT}```\n"):
        assert parse_roadmap(quoted).errors == ()
