"""What an issue says about a unit."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopcoder.domain.issues.host_rules import BODY_MAX, TITLE_MAX
from loopcoder.domain.issues.issue_body import END, Marker, parse_body, render_section
from loopcoder.domain.issues.unit_text import (
    CUT,
    digest_text,
    normal,
    open_fence,
    render_block,
    render_text,
    share_of_words,
    what_changed,
)
from loopcoder.domain.unit import IssueRef, Step, Unit, UnitId


def unit(**changes: Any) -> Unit:
    return Unit(UnitId("login-form"), **{"title": "Login form", **changes})


def read_back(one: Unit) -> str | None:
    """The block as it is found again in an issue."""
    text = render_text(one)
    body = render_section(Marker(one.id, "main", text.digest), text.block)
    section = parse_body(f"{body}\n\nPeople's text.").section(one.id, "main")
    return section.block if section else None


def test_the_whole_block() -> None:
    one = unit(
        body="A form.\n\n```py\nx = 1\n```",
        steps=(Step("lockout", False, 3), Step("captcha", True, 4)),
        verify=("pytest -q", "echo `date`"),
        touches=("src/**", "tests/login/**"),
        after=(UnitId("session-store"),),
        after_issues=(IssueRef(12), IssueRef(3, "acme/lib")),
        parent=UnitId("sign-in"),
        section="Now",
    )
    assert render_block(one) == (
        "A form.\n\n```py\nx = 1\n```\n\n"
        "- [ ] lockout\n- [x] captcha\n\n"
        "**Verify:** `pytest -q`, `` echo `date` ``\n"
        "**Touches:** `src/**`, `tests/login/**`\n"
        "**After:** `session-store`, #12, acme/lib#3\n"
        "**Part of:** `sign-in`\n"
        "**Roadmap:** Now, `login-form`"
    )


def test_where_the_text_stands_is_no_part_of_it() -> None:
    here = unit(file="ROADMAP.md", line=3, position=1)
    there = unit(file="docs/plan.md", line=90, position=7)
    assert render_text(here) == render_text(there)
    assert render_text(here).digest == render_text(there).digest


@pytest.mark.parametrize(
    "body",
    [
        END,
        f"x\n{END}\ny",
        "<!-- loopcoder:unit id=sso plan=main digest=x v=1 -->",
        "<!-- a comment that never ends",
        "```\nnever closed",
        "~~~~\nnever closed\n~~~",
        "a\x00b\x1b[31mc\u202ed\u200be",
        "lone \ud800 surrogate",
        "trailing  \n\n\n",
        "\ufefftext",
        "a\rb\r\nc",
    ],
)
def test_no_body_breaks_out_of_the_block(body: str) -> None:
    block = read_back(unit(body=body, section=body, steps=(Step(body, False, 1),)))
    assert block is not None
    assert block.endswith("`login-form`")
    assert "<!--" not in block
    assert open_fence(block) == ""
    assert not set("\x00\x1b\u202e\u200b\ufeff\r") & set(block)


@given(st.text(), st.text(), st.text())
def test_any_text_is_read_back_as_it_was_rendered(title: str, body: str, step: str) -> None:
    one = unit(title=title, body=body, steps=(Step(step, False, 1),), verify=(step,))
    text = render_text(one)
    assert read_back(one) == text.block == normal(text.block)
    assert text.title == text.title.strip()
    assert len(text.title.splitlines()) == 1
    assert 0 < len(text.title) <= TITLE_MAX


def test_what_is_too_long_is_cut_where_people_see_it() -> None:
    one = unit(title="t" * 400, body="```\n" + "a line\n" * 20_000, touches=("src/**",))
    text = render_text(one)
    assert len(text.title) == TITLE_MAX
    assert text.title.endswith("…")
    assert len(text.block) < BODY_MAX - 10_000
    assert f"```\n\n{CUT}" in text.block
    assert text.block.endswith("`login-form`")


def test_fields_that_are_too_long_are_cut_too() -> None:
    block = render_block(unit(touches=tuple(f"src/{n}/**" for n in range(20_000))))
    assert len(block) < BODY_MAX - 10_000
    assert block.endswith(CUT)


def test_labels() -> None:
    asked = ("Backend", "backend", "loopcoder", "blocked-by:#3", "x" * 80, " two  words ")
    text = render_text(unit(labels=asked, mark="~"))
    assert text.labels == ("backend", "box:~", "loopcoder", "two words", "x" * 50)


def test_the_digest_is_that_of_canonical_json() -> None:
    one = digest_text("T", "a\r\nb  \n", ["y", "x"], ["loopcoder"])
    assert one == digest_text("T ", "a\nb", ["x", "y"], ["loopcoder"])
    # printf '{"block":"a\\nb","edges":["x","y"],"labels":["loopcoder"],"title":"T"}' | sha256sum
    assert one == "sha256:9fee2bf33e0c57d0d49c5a065bf2f69330347cfb805ff0dbb37d955eafc23aaf"


@pytest.mark.parametrize("field", ["title", "block", "edges", "labels"])
def test_each_part_counts_in_the_digest(field: str) -> None:
    parts: dict[str, Any] = {"title": "T", "block": "b", "edges": ["x"], "labels": ["l"]}
    other = {**parts, field: ["other"] if field in ("edges", "labels") else "other"}
    assert digest_text(**parts) != digest_text(**other)


def test_what_changed_is_named() -> None:
    before = render_block(unit(body="Old.", verify=("a",), steps=(Step("one", False, 1),)))
    after = render_block(unit(body="New.", verify=("b",), steps=(Step("one", True, 1),)))
    assert what_changed(before, after) == "description, steps, verify"
    assert what_changed(before, before) == ""


@pytest.mark.parametrize(
    ("before", "after", "low"),
    [
        ("Login form", "Login form with captcha", False),
        ("Login form", "The form people log in with", False),
        ("Login form", "Quarterly export", True),
        ("", "", True),
        ("text", "", True),
    ],
)
def test_share_of_words(before: str, after: str, low: bool) -> None:
    assert (share_of_words(before, after) < 0.2) is low
