import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopcoder.domain.context.front_matter import read_front_matter

ROWS = [
    ("---\nname: a\n---\nbody", {"name": ("a",)}, "body"),
    ("---\nname: 'a b'  \n---\n", {"name": ("a b",)}, ""),
    ('---\nlabels: [a, "b", c]\n---\nx', {"labels": ("a", "b", "c")}, "x"),
    (
        "---\nlabels:\n  - a\n- b # why\nname: n\n---\nx",
        {"labels": ("a", "b"), "name": ("n",)},
        "x",
    ),
    ("---\ndescription: >-\n  one\n  two\n---\nx", {"description": ("one two",)}, "x"),
    ("---\ndescription: one\n  two\n---\nx", {"description": ("one two",)}, "x"),
    ("---\nAlwaysApply: true\n---\nx", {"alwaysapply": ("true",)}, "x"),
    ("\ufeff---\nname: a\n---\nbody", {"name": ("a",)}, "body"),
    ("---\nurl: http://x:1/y\n---\n", {"url": ("http://x:1/y",)}, ""),
    ("---\nname: a\nno end", {}, "---\nname: a\nno end"),
    ("plain text", {}, "plain text"),
    ("---", {}, "---"),
    ("", {}, ""),
]


@pytest.mark.parametrize(("text", "fields", "body"), ROWS)
def test_fields_and_body(text: str, fields: dict[str, tuple[str, ...]], body: str) -> None:
    assert read_front_matter(text) == (fields, body)


@given(st.text(st.sampled_from("-: \n[]>|#'\"ab"), max_size=80))
def test_nothing_breaks_it(text: str) -> None:
    read_front_matter("---\n" + text)
