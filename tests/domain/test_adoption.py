"""Plain bullets and tables become units, shown first, and nothing else changes."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from loopcoder.domain.roadmap.adoption import adopt
from loopcoder.domain.roadmap.roadmap import parse_roadmap

PLAIN = """\
# Roadmap

Why we do this.

## Vision

- be fast

## Backlog

- Session store
  SQLite.
* ✅ Skeleton
1. Login form

## Done

- old things

## Reading

- a book
"""


def test_bullets_under_work_headings_become_units() -> None:
    adoption = adopt(PLAIN)
    assert [(each.line, each.title, each.id, each.done) for each in adoption.shown] == [
        (11, "Session store", "session-store", False),
        (13, "✅ Skeleton", "skeleton", True),
        (14, "Login form", "login-form", False),
    ]
    assert adoption.text == (
        PLAIN.replace("- Session store", "- [ ] Session store <!-- id: session-store -->")
        .replace("* ✅ Skeleton", "* [x] ✅ Skeleton <!-- id: skeleton -->")
        .replace("1. Login form", "1. [ ] Login form <!-- id: login-form -->")
    )
    assert adopt(adoption.text).text == adoption.text


def test_a_section_can_be_asked_for() -> None:
    adoption = adopt(PLAIN, section="reading")
    assert [each.title for each in adoption.shown] == ["a book"]
    assert adopt(PLAIN, section="nowhere").text == PLAIN


def test_a_table_gets_a_directive_and_ids() -> None:
    text = "## Phase 1: Fixes\r\n\r\n| Task | Status |\r\n|---|---|\r\n| Do it | done |\r\n"
    adoption = adopt(text)
    assert adoption.text == (
        "## Phase 1: Fixes\r\n<!-- units: rows -->\r\n\r\n| Task | Status |\r\n|---|---|\r\n"
        "| Do it | done | <!-- id: do-it -->\r\n"
    )
    assert [(each.line, each.title) for each in adoption.shown] == [(5, "Do it")]
    assert adopt(adoption.text).text == adoption.text


def test_lists_with_boxes_criteria_and_fields_are_left_alone() -> None:
    text = (
        "## Next\n\n- [ ] Boxed <!-- id: boxed -->\n- note\n\n**Acceptance criteria:**\n\nText.\n\n"
        "- Done when:\n  - x\n- Depends on: Now\n- 1.2\n"
    )
    assert adopt(text).text == text


PIECES = st.sampled_from(
    [
        "## Next", "# Roadmap", "## Vision", "- do it", "* other `thing", "  nested` text",
        "  - deeper", "1. first", "- [ ] box", "| Task | X |", "|---|---|", "| a thing | b |", "",
        "```", "> - quote", "- ~~gone~~", "text", "---", "- **Bold** - x", "\t- tab", "## v1.2",
        "-\ttabbed", "- \\", "- # heading", "- > quote", "- [link](x)", "<!-- units: none -->",
    ]
)  # fmt: skip
ENDS = st.sampled_from(["\n", "\r\n", "\r", "\n\n"])


@given(st.lists(st.tuples(PIECES, ENDS), max_size=14))
@settings(max_examples=150, deadline=None)
def test_only_boxes_ids_and_directives_are_added(parts: list[tuple[str, str]]) -> None:
    text = "".join(piece + end for piece, end in parts)
    adoption = adopt(text)
    bare = re.sub(r"<!-- units: rows -->(?:\r\n|\r|\n)", "", adoption.text)
    bare = re.sub(r" <!-- id: [a-z0-9._-]+ -->", "", bare)
    for each in adoption.shown:
        assert f"<!-- id: {each.id} -->" in adoption.text
    assert sorted(re.sub(r"\[[ x]\] ", "", bare)) == sorted(re.sub(r"\[[ x]\] ", "", text))
    units = parse_roadmap(adoption.text).roadmap.by_id
    assert {each.id for each in adoption.shown} <= set(units)
    boxes = sum(len(re.findall(r"\[[ x]\] ", each)) for each in (adoption.text, text))
    assert boxes - 2 * len(re.findall(r"\[[ x]\] ", text)) <= len(adoption.shown)
    assert adopt(adoption.text).text == adoption.text
