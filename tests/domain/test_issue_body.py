"""The marked block in an issue's body, and everybody else's text around it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopcoder.domain.issues.issue_body import END, MARK, Marker, parse_body, render_section
from loopcoder.domain.issues.unit_text import normal
from loopcoder.domain.unit import UnitId

MARKER = Marker(UnitId("login-form"), "main", "sha256:ab")
SECTION = render_section(MARKER, "The block.")
OTHER = render_section(Marker(UnitId("sso"), "main", "sha256:cd"), "Another block.")
OPENING = str(MARKER)


def our_block(body: str) -> str | None:
    section = parse_body(body).section(MARKER.unit, MARKER.plan)
    return section.block if section else None


def test_what_is_rendered_is_parsed_back() -> None:
    (section,) = parse_body(SECTION).sections
    assert section.marker == MARKER
    assert section.block == "The block."


def test_the_marker_reads_as_documented() -> None:
    assert OPENING == "<!-- loopcoder:unit id=login-form plan=main digest=sha256:ab v=1 -->"
    assert SECTION.endswith("\n<!-- /loopcoder:unit -->")


def test_a_new_block_replaces_the_old_one_and_nothing_else() -> None:
    body = f"Before \r\n\r\n{SECTION}  \r\nAfter\t\r\n\r\n"
    assert parse_body(body).with_block(MARKER, "New.") == body.replace("The block.", "New.")


def test_crlf_inside_the_block_is_not_a_difference() -> None:
    assert our_block(SECTION.replace("\n", "\r\n") + "\r\n") == "The block."


def test_without_a_block_it_is_put_first() -> None:
    assert parse_body("Mine.").with_block(MARKER, "New.").endswith("-->\n\nMine.")
    assert parse_body("").with_block(MARKER, "New.") == render_section(MARKER, "New.")


@pytest.mark.parametrize(
    ("situation", "body", "block"),
    [
        ("another unit's block only", OTHER, None),
        ("another unit's block first", f"{OTHER}\n{SECTION}", "The block."),
        ("another plan", SECTION.replace("plan=main", "plan=next"), None),
        ("a copy below: the first one counts", f"{SECTION}\n{SECTION}", "The block."),
        ("in a code fence", f"```\n{SECTION}\n```", None),
        ("in a tilde fence", f"~~~md\n{SECTION}\n~~~", None),
        ("after a closed fence", f"```\nx\n```\n{SECTION}", "The block."),
        ("indented as code", "    " + SECTION.replace("\n", "\n    "), None),
        ("quoted", "> " + SECTION.replace("\n", "\n> "), None),
        ("in a list item", f"- {OPENING}\n  x\n  {END}", None),
        ("without an end", f"{OPENING}\nThe block.", None),
        ("without a beginning", f"The block.\n{END}", None),
        ("the end is in the next block", f"{OPENING}\nx\n{OTHER}", None),
        ("a version we do not know", SECTION.replace("v=1", "v=2"), None),
        ("a bad id", SECTION.replace("id=login-form", "id=../x"), None),
        ("an attribute twice", SECTION.replace("v=1", "v=1 id=login-form"), None),
        ("text behind the marker", SECTION.replace("v=1 -->", "v=1 --> hello"), None),
        ("nested: the inner one is whole", f"{OPENING}\nx\n{SECTION}\n{END}", "The block."),
    ],
)
def test_hostile_bodies(situation: str, body: str, block: str | None) -> None:
    assert our_block(body) == block, situation


def test_of_two_copies_the_one_we_know_is_ours() -> None:
    forged = SECTION.replace("The block.", "Forged.")
    body = f"{forged}\n\n{SECTION}"
    written = parse_body(body).with_block(MARKER, "New.", known="The block.")
    assert written == f"{forged}\n\n{render_section(MARKER, 'New.')}"


def test_markers_that_delimit_nothing_are_counted() -> None:
    assert parse_body(f"{OPENING}\n{SECTION}\n{OPENING}").broken == 2


@pytest.mark.parametrize("around", ["```\n", f"{OPENING}\nold\n", "<!--\n", "~~~~\n"])
def test_a_written_block_is_found_again_whatever_people_left_open(around: str) -> None:
    body = parse_body(around).with_block(MARKER, "New.")
    assert our_block(body) == "New."
    assert body.endswith(around)


pieces = st.sampled_from(
    [SECTION, OTHER, OPENING, END, MARK, "```", "~~~", "text", "\n", "\r\n", "    ", "> ", "- "]
)
bodies = st.lists(pieces | st.text(max_size=8), max_size=12).map("".join)


@given(bodies)
def test_writing_twice_is_writing_once(body: str) -> None:
    once = parse_body(body).with_block(MARKER, "New.", known="The block.")
    assert parse_body(once).with_block(MARKER, "New.", known="New.") == once
    section = parse_body(once).section(MARKER.unit, MARKER.plan, "New.")
    assert section is not None
    assert section.block == "New."


@given(bodies)
def test_peoples_text_survives_byte_for_byte(body: str) -> None:
    parsed = parse_body(body)
    old = parsed.section(MARKER.unit, MARKER.plan)
    before, after = (body[: old.start], body[old.end :]) if old else ("", body)
    written = parsed.with_block(MARKER, "New.")
    assert written.startswith(before)
    assert written.endswith(after) or not body.strip()


@given(st.text())
def test_normal_text_is_a_fixed_point(text: str) -> None:
    assert normal(normal(text)) == normal(text)
    plain = text.replace("\r", "")
    assert normal(plain.replace("\n", "\r\n")) == normal(plain)
