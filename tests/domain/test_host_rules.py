"""What GitHub accepts, stated once for every host."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopcoder.domain.diagnostic import LoopcoderError
from loopcoder.domain.issues.host_rules import (
    checked_branch,
    checked_label,
    checked_labels,
    checked_title,
    parse_closes,
)

NUMBERS = st.lists(st.integers(min_value=1, max_value=10**6), max_size=5, unique=True)
KEYWORDS = ("close", "closes", "closed", "fix", "fixes", "fixed", "resolve", "resolves", "resolved")


@settings(deadline=None)
@given(NUMBERS, st.sampled_from(KEYWORDS), st.booleans())
def test_every_keyword_closes(numbers: list[int], keyword: str, shout: bool) -> None:
    word = keyword.upper() if shout else keyword
    body = ", ".join(f"{word} #{number}" for number in numbers)
    assert parse_closes(body) == tuple(numbers)


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_read_without_failing(body: str) -> None:
    assert all(number > 0 for number in parse_closes(body))


@settings(deadline=None)
@given(NUMBERS)
def test_nothing_is_read_inside_comments_and_code(numbers: list[int]) -> None:
    text = " ".join(f"Closes #{number}" for number in numbers)
    for hidden in (f"<!-- {text} -->", f"```\n{text}\n```", f"`{text}`", f"<!-- {text}"):
        assert parse_closes(hidden) == ()


def test_a_long_hostile_body_is_read_in_reasonable_time() -> None:
    for piece in ("<!--", "```\n", "`", "closes ", "closes #", "~~~"):
        parse_closes(piece * (65_000 // len(piece)))


@settings(deadline=None)
@given(st.text(max_size=80))
def test_a_label_that_is_accepted_is_short_and_on_one_line(text: str) -> None:
    try:
        label = checked_label(text)
    except LoopcoderError:
        return
    assert 0 < len(label) <= 50 and label == label.strip() and "\n" not in label
    assert checked_label(label) == label


@settings(deadline=None)
@given(st.lists(st.sampled_from(["a", "A", "b", "B ", " c"])))
def test_labels_are_unique_whatever_their_case(labels: list[str]) -> None:
    checked = checked_labels(labels)
    assert len({label.casefold() for label in checked}) == len(checked)
    assert checked_labels(checked) == checked


@pytest.mark.parametrize("title", ["", "   ", "two\nlines", "a\u2028b", "x" * 257])
def test_a_wrong_title_is_refused(title: str) -> None:
    with pytest.raises(LoopcoderError):
        checked_title(title)


@settings(deadline=None)
@given(st.text("ab./-@{~^:?*[\\ \t\x7f", max_size=12))
def test_an_accepted_branch_is_one_that_git_accepts(tail: str) -> None:
    try:
        branch = checked_branch(f"loopcoder/{tail}", "main")
    except LoopcoderError:
        return
    done = subprocess.run(["git", "check-ref-format", f"refs/heads/{branch}"], cwd=Path("/"))
    assert done.returncode == 0, branch


@pytest.mark.parametrize(
    "branch", ["loopcoder/login-form", "loopcoder/plan/login-form", "loopcoder/gh-7"]
)
def test_ordinary_branches_are_ours(branch: str) -> None:
    assert checked_branch(branch, "main") == branch
    with pytest.raises(LoopcoderError):
        checked_branch(branch, branch)
