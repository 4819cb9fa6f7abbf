import re
import time
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from loopcoder.domain.guard.untrusted import (
    CUT,
    cell,
    clean,
    code,
    fence,
    quote,
    sanitise,
    sanitise_line,
)

HOSTILE = [
    # what a reader cannot see
    ("\x1b[31mred\x1b[0m", "red"),
    ("\x1b]0;title\x07text", "text"),
    ("\x1b]8;;https://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
    ("\x9b31mred", "red"),
    ("\x1b(Bplain", "plain"),
    ("a\x00b\x08c\x7fd", "abcd"),
    ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
    ("user\u202etxt.exe", "usertxt.exe"),
    ("in\u200bvi\u2060si\ufeffble\u00ad", "invisible"),
    ("tags\U000e0041\U000e0042", "tags"),
    ("filler\u3164\u2800", "filler"),
    ("lone \udcff surrogate", "lone  surrogate"),
    # comments
    ("a<!-- hidden -->b", "ab"),
    ("a<!-->b", "ab"),
    ("a <!-- never closed\nb", "a \nb"),
    ("<!<!-- x -->-- y -->", "\u2039!-- y --\u203a"),
    ("stray -->", "stray --\u203a"),
    ("<\u200b!-- hidden -->", ""),
    ("<!-- loopcoder:pr unit=x attempt=1 head=y -->", ""),
    ("`<!-- loopcoder:unit id=x -->`", "``"),
    # HTML
    ("<details>", "\u2039details>"),
    ("</details>", "\u2039/details>"),
    ("<img src=x onerror=y>", "\u2039img src=x onerror=y>"),
    ("<?php", "\u2039?php"),
    ("List<String>", "List\u2039String>"),
    ("a < b <= c <- d", "a < b <= c <- d"),
    # closing keywords
    ("closes #12", "closes \uff0312"),
    ("Fixes: #12 and fixed #13", "Fixes: \uff0312 and fixed \uff0313"),
    ("RESOLVES octo/hub#3", "RESOLVES octo/hub\uff033"),
    ("close **#12**", "close **\uff0312**"),
    ("fix [#12](x)", "fix [\uff0312](x)"),
    ("fixes\n#12", "fixes\n\uff0312"),
    ("closes GH-12", "closes GH\u201112"),
    ("resolved https://github.com/o/r/issues/12", "resolved https\uff1a//github.com/o/r/issues/12"),
    ("clo\u200bses #12", "closes \uff0312"),
    ("clo<!-- -->ses #12", "closes \uff0312"),
    ("closes &#35;12", "closes \uff06\uff0335;12"),
    ("closes &num;12", "closes \uff06num;12"),
    ("see #12, prefix #13", "see #12, prefix #13"),
    ("see https://example.com", "see https://example.com"),
    # mentions
    ("@ana", "\uff20ana"),
    ("thanks (@org/team)", "thanks (\uff20org/team)"),
    ("&#64;ana &commat;ana", "\uff06#64;ana \uff06commat;ana"),
    ("mail ana@example.com", "mail ana@example.com"),
    ("a @ b", "a @ b"),
    # slash commands
    ("/approve", "\uff0fapprove"),
    ("text\n  /merge now", "text\n  \uff0fmerge now"),
    ("a /path and 1/2", "a /path and 1/2"),
    # skipping continuous integration from a commit message
    ("chore [skip ci]", "chore \uff3bskip ci]"),
    ("[CI SKIP]", "\uff3bCI SKIP]"),
    # images, which are fetched when somebody looks
    ("![x](https://evil/?q=1) wow!", "\uff01[x](https://evil/?q=1) wow!"),
    # ordinary text
    ("caf&eacute; &amp; &lt;b&gt; &nbsp;", "caf&eacute; &amp; &lt;b&gt; &nbsp;"),
    ("# Title\n\n- [ ] a\tb\n> *q* `code`", "# Title\n\n- [ ] a\tb\n> *q* `code`"),
    ("naïve 日本語 😀 Ω", "naïve 日本語 😀 Ω"),
    ("", ""),
]


@pytest.mark.parametrize(("text", "expected"), HOSTILE)
def test_published_text_does_nothing(text: str, expected: str) -> None:
    assert sanitise(text, max_length=500) == expected


@pytest.mark.parametrize("text", [text for text, _ in HOSTILE])
def test_the_table_is_stable(text: str) -> None:
    once = sanitise(text, max_length=500)
    assert sanitise(once, max_length=500) == once


CLEANED = [
    ("a<!-- hidden -->b", "ab"),
    ("keep `<!-- id: x -->` in code", "keep `<!-- id: x -->` in code"),
    ("```html\n<!-- shown -->\n```", "```html\n<!-- shown -->\n```"),
    ("\\`<!-- hidden -->\\`", "\\`\\`"),
    ("`a` <!-- hidden --> `b`", "`a`  `b`"),
    ("one ` tick <!-- hidden -->\nother ` tick", "one ` tick \nother ` tick"),
    ("``` <!-- hidden -->\n<!-- shown -->\n```", "``` \n<!-- shown -->\n```"),
    ("@property\n/usr/bin/x fixes #1 <T>", "@property\n/usr/bin/x fixes #1 <T>"),
    ("\x1b[1mbold\u200b", "bold"),
]


@pytest.mark.parametrize(("text", "expected"), CLEANED)
def test_clean_takes_out_what_a_reader_cannot_see_and_nothing_else(
    text: str, expected: str
) -> None:
    assert clean(text, max_length=500) == expected


SNIPPETS = [text for text, _ in HOSTILE] + [
    *(
        "<!--",
        "-->",
        "&",
        "#",
        ";",
        "@",
        "/",
        "`",
        "\n",
        "fix",
        "12",
        "[",
        "skip ci]",
        "~~~",
        "GH-",
    ),
]
MIXED = st.lists(st.one_of(st.sampled_from(SNIPPETS), st.text(max_size=5)), max_size=12).map(
    "".join
)
SAFE: list[Callable[[str], str]] = [
    lambda text: sanitise(text, max_length=80),
    lambda text: sanitise(text, max_length=5000),
    lambda text: sanitise_line(text, max_length=60),
]


@pytest.mark.parametrize("safe", SAFE)
@given(text=MIXED)
def test_twice_is_once(safe: Callable[[str], str], text: str) -> None:
    assert safe(safe(text)) == safe(text)


@given(MIXED)
def test_nothing_that_acts_is_left(text: str) -> None:
    shown = sanitise(text, max_length=5000)
    assert "<!--" not in shown and "-->" not in shown and "\x1b" not in shown
    assert not re.search(r"(?<![A-Za-z0-9_])@[A-Za-z0-9_]", shown)
    assert not re.search(r"(?m)^[ \t]*/[A-Za-z]", shown)
    assert not re.search(r"(?i)\b(close[sd]?|fix(e[sd])?|resolve[sd]?)\b:?\s*#\d", shown)
    hidden = {c for c in shown if unicodedata.category(c) in ("Cc", "Cf", "Cs")}
    assert hidden <= {"\n", "\t"}


@given(MIXED, st.integers(0, 60))
def test_no_more_than_asked_for(text: str, most: int) -> None:
    for shorten in (clean, sanitise, sanitise_line):
        assert len(shorten(text, max_length=most)) <= most


def test_a_cut_is_visible() -> None:
    assert sanitise("a" * 100, max_length=50).endswith(CUT)
    assert clean("a" * 100, max_length=50).endswith(CUT)
    assert sanitise_line("word " * 100, max_length=50).endswith(CUT)


@given(MIXED)
def test_a_line_is_one_line(text: str) -> None:
    assert "\n" not in sanitise_line(text, max_length=60)
    assert "\n" not in cell(text) and "\n" not in code(text)


def tokens(markdown: str) -> list[str]:
    return [token.type for token in MarkdownIt("commonmark").enable("table").parse(markdown)]


@given(MIXED)
def test_text_cannot_leave_its_fence(text: str) -> None:
    body = clean(text, max_length=500)
    parsed = MarkdownIt("commonmark").parse(fence(body, "text") + "\n\nafter")
    assert [t.type for t in parsed] == ["fence", "paragraph_open", "inline", "paragraph_close"]


@given(MIXED)
def test_text_cannot_leave_its_quote(text: str) -> None:
    parsed = tokens(quote(sanitise(text, max_length=500)) + "\n\nafter")
    assert parsed[0] == "blockquote_open"
    assert parsed[-4:] == ["blockquote_close", "paragraph_open", "inline", "paragraph_close"]


@given(MIXED)
def test_text_cannot_leave_its_cell(text: str) -> None:
    table = f"| a | b |\n|---|---|\n| {cell(text)} | {code(text)} |\n\nafter"
    assert tokens(table).count("td_open") == 2
    assert tokens(table).count("tr_open") == 2


def test_an_info_string_is_one_word() -> None:
    assert fence("x", "py`\n<b>").startswith("```pyb\n")


@pytest.mark.parametrize(
    "text", ["<!--" * 50_000, "`" * 200_000, "` `` " * 40_000, "fix" * 60_000, "\x1b]" * 90_000]
)
def test_hostile_length_takes_no_time(text: str) -> None:
    begun = time.perf_counter()
    sanitise(text, max_length=200_000)
    clean(text, max_length=200_000)
    assert time.perf_counter() - begun < 5
