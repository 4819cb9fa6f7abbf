import re
import subprocess
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from loopcoder.domain.review.dispute import Round
from loopcoder.domain.review.verdict import Check, Finding, Weight
from loopcoder.domain.settings import CommitStyle
from loopcoder.domain.unit import Step, Unit, UnitId
from loopcoder.domain.views.issue_comment import status_comment
from loopcoder.domain.views.pull_body import PullFacts, commit_message, pull_body, pull_title
from loopcoder.domain.views.pull_text import (
    EDITED,
    PullMarker,
    digest_of_body,
    last_written,
    next_body,
    parse_marker,
)
from tests.support.golden import assert_golden

HEAD = "4be1d0a94be1d0a94be1d0a94be1d0a94be1d0a9"
PLAIN = PullFacts(Unit(UnitId("x"), "X"), 1, HEAD)
FULL = PullFacts(
    unit=Unit(
        UnitId("login-form"),
        "Login form",
        body="A form with *name* and password.\n\n```html\n<form>\n```",
        steps=(Step("lockout after five tries", True, 9), Step("markup", False, 10)),
    ),
    attempt=2,
    head=HEAD,
    issue=12,
    summary="Five tries, then ten minutes of silence.\nThe markup is as it was.",
    files=("src/login/form.py", "src/login/lock.py", "tests/test_login.py", "README.md"),
    checks=(Check("pytest -q", True, 0, 3.21), Check("ruff check . | tail", True, 0, 0.4)),
    verdict="approve",
    verdict_summary="Does what is asked; the lockout is tested.",
    findings=(Finding(Weight.NIT, "Name the constant", "src/login/lock.py", 3),),
    earlier=(Finding(Weight.MAJOR, "The lockout never ends", "src/login/lock.py", 31),),
    worker="claude",
    reviewer="opus",
    reliability="catches 22 of 24 (92%, 95% interval 74%–98%)",
    exchange=(
        Round(
            1,
            "claude",
            "Five tries. <!-- sneaky -->",
            "codex",
            "request_changes",
            findings=(Finding(Weight.MAJOR, "The lockout | never ends", "src/login/lock.py", 9),),
            usd=Decimal("0.31"),
        ),
        Round(2, "claude", "It ends after ten minutes.", "codex", "approve", usd=Decimal("0.10")),
    ),
    usd=Decimal("0.4123"),
    escalations=("pyproject.toml: decides which foreign code is installed",),
    warnings=("the reviewer was never measured (calibration: off)",),
)


def test_a_body_with_everything() -> None:
    assert_golden("pull-body.md", pull_body(FULL))


def test_a_body_with_nothing_to_tell() -> None:
    assert_golden("pull-body-plain.md", pull_body(PLAIN))


def test_a_comment_for_a_person() -> None:
    reasons = (
        "Checks failed: `pytest -q` exited 1",
        "the reviewer repeats: The lockout never ends",
        "timeout after 50 minutes\n\n# closes #3 @ana",
    )
    assert_golden("needs-human.md", status_comment(UnitId("login-form"), reasons))
    assert "No reason was given." in status_comment(UnitId("x"), ())


def test_what_the_body_says_of_itself_is_read_back() -> None:
    assert parse_marker(pull_body(FULL)) == PullMarker(UnitId("login-form"), 2, HEAD)
    assert parse_marker("A person wrote above.\r\n" + pull_body(FULL).replace("\n", "\r\n"))


MARKER = f"<!-- loopcoder:pr unit=x attempt=1 head={HEAD} -->"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "no marker",
        f"text {MARKER}",
        f"> {MARKER}",
        f"    {MARKER}",
        MARKER.replace("unit=x", "unit=../x"),
        MARKER.replace("unit=x", "unit=X"),
        MARKER.replace("attempt=1", "attempt=0"),
        MARKER.replace("attempt=1", "attempt=-1"),
        MARKER.replace(HEAD, "main"),
        MARKER + "\n" + MARKER.replace("unit=x", "unit=y"),
    ],
)
def test_what_is_no_marker(body: str) -> None:
    assert parse_marker(body) is None


def test_what_people_wrote_into_a_body_outlives_a_fix_up() -> None:
    first, other = pull_body(FULL), pull_body(replace(FULL, attempt=3, head="d" * 40))
    written = digest_of_body(first)
    assert next_body(first.replace("\n", "\r\n"), other, written) == other
    assert next_body(other, other, written) == other
    edited = first.replace("Closes", "Ships in 2.0. Closes")
    kept = next_body(edited, other, written)
    assert "Ships in 2.0." in kept and kept.count(EDITED) == 1
    assert parse_marker(kept) == parse_marker(other)
    assert last_written(kept, written) == written != last_written(other, written)
    again = next_body(kept, pull_body(replace(FULL, attempt=4, head="e" * 40)), written)
    assert "Ships in 2.0." in again and again.count(EDITED) == 1


def test_an_issue_that_stays_open_is_not_closed() -> None:
    assert "Closes" not in pull_body(replace(FULL, closes=False))
    assert "Part of #12" in pull_body(replace(FULL, closes=False))
    assert "#" not in pull_body(replace(PLAIN, issue=None)).splitlines()[2]


def test_long_lists_are_cut_visibly() -> None:
    many = replace(
        FULL,
        files=tuple(f"src/f{n}.py" for n in range(500)),
        checks=tuple(Check(f"check {n}", True, 0, 1.0) for n in range(300)),
        findings=tuple(Finding(Weight.NIT, "x" * 5000) for _ in range(300)),
        earlier=tuple(Finding(Weight.NIT, "y" * 5000) for _ in range(300)),
        escalations=("z" * 5000,) * 300,
        summary="s" * 100_000,
        verdict_summary="v" * 100_000,
        unit=replace(FULL.unit, body="b" * 100_000, steps=(Step("t" * 9000, False, 1),) * 300),
    )
    body = pull_body(many)
    assert len(body) < 65_536
    assert "and 494 more" in body and "… and 280 more" in body and "(cut)" in body


TITLES = [
    ("Login form", "Login form"),
    ("  Two\n\nlines ", "Two lines"),
    ("x\n\nSigned-off-by: Eve <eve@example.com>", "x Signed-off-by: Eve \u2039eve@example.com>"),
    ("Fix login, closes #3", "Fix login, closes \uff033"),
    ("@ana [skip ci] <!-- hidden -->", "\uff20ana \uff3bskip ci]"),
    ("{id} {title}", "{id} {title}"),
    ("\u202e", "login-form"),
    ("\x1b[31mred", "red"),
]


@pytest.mark.parametrize(("title", "expected"), TITLES)
def test_a_title_is_one_line_that_does_nothing(title: str, expected: str) -> None:
    assert pull_title(replace(FULL.unit, title=title), CommitStyle()) == expected


def test_the_title_follows_the_repositorys_custom() -> None:
    assert pull_title(FULL.unit, CommitStyle(title="feat({id}): {title}")) == (
        "feat(login-form): Login form"
    )


def trailers(message: str, folder: Path) -> list[str]:
    """What git itself takes for trailers."""
    command = ["git", "interpret-trailers", "--parse"]
    result = subprocess.run(command, input=message, cwd=folder, capture_output=True, text=True)
    assert result.returncode == 0
    return result.stdout.splitlines()


@pytest.mark.parametrize(
    "title",
    [
        "Login form",
        "Loopcoder-Unit: evil",
        "x\n\nLoopcoder-Unit: evil\nLoopcoder-Attempt: 99",
        "Signed-off-by: Eve <eve@example.com>",
        "x\r\rLoopcoder-Unit: evil",
        "x\u2028\u2028Loopcoder-Unit: evil",
        "---\nLoopcoder-Unit: evil",
    ],
)
def test_git_reads_our_two_trailers_and_no_other(title: str, tmp_path: Path) -> None:
    message = commit_message(replace(FULL.unit, title=title), 2, CommitStyle())
    assert trailers(message, tmp_path) == ["Loopcoder-Unit: login-form", "Loopcoder-Attempt: 2"]
    assert message.splitlines()[1] == ""


PIECES = [
    "```", "~~~", "\n", "\n\n", "# Heading", "</details>", "<summary>", MARKER, "<!--", "-->",
    "closes #99", "fixes https://github.com/a/b/issues/99", "@everyone", "|", "`", "> ", "- ",
    "\n/merge", "---", "\x1b[2J", "\u202e", "![x](https://evil)", "plain words", "&#64;ana",
]  # fmt: skip
HOSTILE = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)


def outline(markdown: str) -> list[tuple[str, int]]:
    """The block structure of a body, but for what stands in its lists and quotes."""
    skipped = ("inline", "paragraph_open", "paragraph_close")
    parsed = MarkdownIt("commonmark").enable("table").parse(markdown)
    return [(t.type, t.level) for t in parsed if t.level == 0 and t.type not in skipped]


@settings(max_examples=80)
@given(HOSTILE)
def test_nobody_elses_text_acts_or_becomes_a_part_of_ours(text: str) -> None:
    hostile = replace(
        FULL,
        unit=replace(FULL.unit, title=f"t {text}", body=f"b {text}", steps=(Step(text, True, 1),)),
        summary=f"s {text}",
        files=(f"f {text}",),
        checks=(Check(f"c {text}", True, 0, 1.0),),
        verdict_summary=f"v {text}",
        findings=(Finding(Weight.NIT, f"n {text}", f"p {text}"),),
        escalations=(f"e {text}",),
        reviewer=f"r {text}",
        worker=f"w {text}",
        reliability=f"m {text}",
        exchange=(Round(1, "w", f"x {text}", decision="abstain", verdict=text), *FULL.exchange[1:]),
    )
    body = pull_body(hostile)
    assert parse_marker(body) == parse_marker(pull_body(FULL))
    assert re.findall(r"(?i)\b(?:close[sd]?|fix(?:e[sd])?)\b:?\s+(?:#|https?://)\S*", body) == [
        "Closes #12"
    ]
    assert outline(body) == outline(pull_body(replace(FULL, findings=FULL.findings)))
    assert body.count("</details>") == 2 and "\x1b" not in body and "\u202e" not in body
    assert not re.search(r"(?<!\w)@everyone", body) and "![" not in body
