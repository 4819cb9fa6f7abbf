"""Ids are written once, one changed line a unit, and nothing else changes."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from loopcoder.domain.roadmap.ids import is_reserved_id, mint_id
from loopcoder.domain.roadmap.minting import mint_ids
from loopcoder.domain.roadmap.roadmap import parse_roadmap
from loopcoder.domain.unit import is_unit_id

COMMENT = re.compile(r" <!-- id: [a-z0-9._-]+ -->")

PIECES = st.sampled_from(
    [
        "- [ ] do it", "* [x] did it", "1. [-] dropped", "- [ ]", "-\t[ ] tab", "- [~] odd",
        "  - [ ] nested", "    continued `code", "  more` text", "- [ ] open `span", "- [ ] a \\",
        "- [ ] hard break  ", "- plain", "## Next", "## Done when", "<!-- units: items -->",
        "<!-- units: headings -->", "<!-- units: rows -->", "### A heading ##", "Setext", "---",
        "| ID | Task |", "|---|---|", "| T1 | x |", "| | y |", "```", "    indented", "> - [ ] q",
        "<!-- open", "-->", "- [ ] x <!-- id: same -->", "- [ ] T12: lead", "- [ ] 日本語", "",
        "- [ ] [link", "  text](x)", "- [ ] <a", "  href='x'>", "- [ ] ^", "- [ ] a ^anchor",
        "  Verify: `x`", "  After: nothing", "- [ ] **bold", "  still** x", "+ [ ] (after: x",
        "- - [ ] two in one", "<details>", "- [ ] \\\\", "- [ ] a | b", "  --|--", "  ===",
    ]
)  # fmt: skip
ENDS = st.sampled_from(["\n", "\r\n", "\r", "\n\n", "\r\n\r\n", ""])
DOCUMENTS = st.lists(st.tuples(PIECES | st.text(max_size=12), ENDS), max_size=14).map(
    lambda parts: "".join(text + end for text, end in parts)
)


def split(text: str) -> list[str]:
    return re.split(r"(\r\n|\r|\n)", text)


@given(DOCUMENTS, st.booleans())
@settings(max_examples=200, deadline=None)
@example("- [ ] a `b\n  c` d\n", False)
@example("- [ ] a <!-- b\n  c -->\n", False)
@example("- [ ]\n  text below\r\n", True)
@example("<!-- units: items -->\n- `a\n  b` c\n", False)
def test_minting_is_minimal_and_idempotent(text: str, bom: bool) -> None:
    text = "\ufeff" * bom + text
    before = parse_roadmap(text)
    minted = mint_ids(text)
    old, new = split(text), split(minted.text)
    assert len(old) == len(new)
    changed = [n for n, (one, two) in enumerate(zip(old, new, strict=True)) if one != two]
    assert [n // 2 + 1 for n in changed] == [mint.line for mint in minted.mints]
    for n in changed:
        assert old[n] in {
            new[n][: found.start()] + new[n][found.end() :] for found in COMMENT.finditer(new[n])
        }
    again = mint_ids(minted.text)
    assert (again.text, again.mints) == (minted.text, ())
    after = parse_roadmap(minted.text)
    ids = {unit.id: unit for unit in after.roadmap.units}
    for mint in minted.mints:
        assert ids[mint.id].title == mint.title
    assert len(ids) == len(before.roadmap.units) + len(minted.mints)


@given(st.text(max_size=300))
@settings(max_examples=150, deadline=None)
def test_no_text_makes_it_fail(text: str) -> None:
    parse_roadmap(text)
    assert mint_ids(mint_ids(text).text).mints == ()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("- [ ] Login form", "- [ ] Login form <!-- id: login-form -->"),
        ("- [ ] Hard break  \n  more", "- [ ] Hard break <!-- id: hard-break -->  \n  more"),
        ("- [ ] Backslash \\\n  more", "- [ ] Backslash <!-- id: backslash --> \\\n  more"),
        ("- [ ] One\r\n- [ ] Two", "- [ ] One <!-- id: one -->\r\n- [ ] Two <!-- id: two -->"),
        ("- [ ] Same\n- [ ] Same", "- [ ] Same <!-- id: same -->\n- [ ] Same <!-- id: same-2 -->"),
        ("- [ ]\n  Below", "- [ ] <!-- id: below -->\n  Below"),
        ("- [ ] a `b\n  c`", "- [ ] <!-- id: a-b --> a `b\n  c`"),
        ("-\t[ ] Tab", "-\t[ ] Tab <!-- id: tab -->"),
        (
            "## Work\n<!-- units: headings -->\n### Do it ##\n",
            "## Work\n<!-- units: headings -->\n### Do it <!-- id: do-it --> ##\n",
        ),
        (
            "<!-- units: rows -->\n\n| Task | Who |\n|---|---|\n| Do it | me |\n",
            "<!-- units: rows -->\n\n| Task | Who |\n|---|---|\n"
            "| Do it | me | <!-- id: do-it -->\n",
        ),
    ],
)
def test_where_the_id_is_written(before: str, after: str) -> None:
    assert mint_ids(before).text == after


def test_an_id_that_is_taken_elsewhere_is_not_given_again() -> None:
    minted = mint_ids("- [ ] Login form\n", taken=frozenset({"login-form", "login-form-2"}))
    assert [mint.id for mint in minted.mints] == ["login-form-3"]


def test_steps_and_what_is_no_unit_get_no_id() -> None:
    text = "- plain\n- [ ] A <!-- id: a -->\n  - [ ] step\n\n## Checklist\n- [ ] criterion\n"
    assert mint_ids(text).text == text


@pytest.mark.parametrize(
    ("phrase", "id"),
    [
        ("Daemon process management (Linux)", "daemon-process"),
        ("Catégorisation avancée", "categorisation-avancee"),
        ("Don't break `it`", "dont-break-it"),
        ("Donaudampfschifffahrtsgesellschaft", "donaudampfschifffahrtsge"),
        ("2.1 Create wallet", "create-wallet"),
        ("GH 12", "gh-12-2"),
        ("Fix base", "fix-base-2"),
    ],
)
def test_ids_come_from_the_lead_phrase(phrase: str, id: str) -> None:
    assert mint_id(phrase, ()) == id


@given(st.text(max_size=80), st.text(max_size=5))
def test_a_minted_id_is_always_an_id(phrase: str, seed: str) -> None:
    id = mint_id(phrase, (), seed)
    assert is_unit_id(id)
    assert not is_reserved_id(id)
    assert len(id) <= 24 + 2
    assert mint_id(phrase, (), seed) == id
    assert mint_id(phrase, {id}, seed) != id


def test_where_no_letter_is_left_the_id_is_drawn_from_the_seed() -> None:
    one, other = mint_id("日本語", (), "one"), mint_id("日本語", (), "other")
    assert re.fullmatch(r"u-[a-z2-7]{5}", one)
    assert one != other


def test_a_number_alone_is_no_id_because_issues_have_numbers() -> None:
    assert mint_id("支持 100", frozenset()).startswith("u-")
    assert mint_id("Serve 100 users", frozenset()) == "serve-100-users"
