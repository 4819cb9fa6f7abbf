import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopcoder.domain.glob import matches, matches_any

ROWS = [
    ("src/session/**", "src/session/store.py", True),
    ("src/session/**", "src/session/deep/er/store.py", True),
    ("src/session/**", "src/session", False),
    ("src/session/**", "src/sessions/store.py", False),
    ("src/*.py", "src/a.py", True),
    ("src/*.py", "src/deep/a.py", False),
    ("src/**/a.py", "src/a.py", True),
    ("src/**/a.py", "src/x/y/a.py", True),
    ("**/a.py", "a.py", True),
    ("**", "anything/at/all", True),
    ("*.pem", "deep/down/key.pem", True),
    ("CODEOWNERS", "docs/CODEOWNERS", True),
    ("/CODEOWNERS", "docs/CODEOWNERS", False),
    ("/CODEOWNERS", "CODEOWNERS", True),
    ("src", "src/a.py", True),
    ("src/", "src/a.py", True),
    ("src/", "src", False),
    ("./src/a.py", "src/a.py", True),
    ("a?.py", "ab.py", True),
    ("a?.py", "a/.py", False),
    ("[ab].py", "b.py", True),
    ("[!ab].py", "b.py", False),
    ("[!ab].py", "c.py", True),
    ("x[!a]y", "x/y", False),
    ("[.py", "[.py", True),
    ("[z-a].py", "b.py", False),
    ("a**b/c", "axxb/c", True),
    ("a**b/c", "ax/xb/c", False),
    ("a.b", "axb", False),
    (r"\*.py", "*.py", True),
    (r"\*.py", "a.py", False),
    ("", "a", False),
    ("/", "a", False),
    ("/.*/**", ".github/x/y.yml", True),
    ("/.*/**", "docs/.hidden/x", False),
    ("a", "a\nb", False),
]


@pytest.mark.parametrize(("pattern", "path", "expected"), ROWS)
def test_pattern_covers_path(pattern: str, path: str, expected: bool) -> None:
    assert matches(pattern, path) is expected


def test_case_counts_unless_told_otherwise() -> None:
    assert not matches("AGENTS.md", "agents.MD")
    assert matches("AGENTS.md", "agents.MD", ignore_case=True)
    assert matches_any(["x", "agents.md"], "docs/AGENTS.md", ignore_case=True)


@given(st.text(max_size=30), st.text(max_size=30))
def test_no_pattern_breaks_the_matcher(pattern: str, path: str) -> None:
    assert matches(pattern, path) in (True, False)


@given(st.lists(st.text("ab.*?[", min_size=1, max_size=6), min_size=1, max_size=4))
def test_two_stars_cover_every_path(parts: list[str]) -> None:
    assert matches("**", "/".join(parts))
