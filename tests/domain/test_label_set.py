"""Which label definitions are ours, and which nothing needs any more."""

from __future__ import annotations

import pytest

from loopcoder.domain.issues.host_rules import checked_label
from loopcoder.domain.issues.label_set import (
    DEFINITIONS,
    is_our_label,
    missing_labels,
    unused_blockers,
)


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("loopcoder", True),
        ("Loopcoder:File", True),
        ("blocked-by:#12", True),
        ("blocked-by:#", False),
        ("blocked-by:#x", False),
        ("loopcoder:theirs", False),
        ("bug", False),
    ],
)
def test_ours_are_known_by_name(name: str, ours: bool) -> None:
    assert is_our_label(name) is ours


def test_definitions_are_what_github_takes() -> None:
    for each in DEFINITIONS:
        assert checked_label(each.name) == each.name
        assert len(each.color) == 6 and int(each.color, 16) >= 0
        assert 0 < len(each.description) <= 100


def test_only_what_is_missing_is_defined() -> None:
    assert missing_labels(each.name.upper() for each in DEFINITIONS) == ()
    assert len(missing_labels(["loopcoder"])) == len(DEFINITIONS) - 1


def test_a_blockers_label_goes_when_nobody_has_it_and_it_is_over() -> None:
    names = ["blocked-by:#1", "blocked-by:#2", "blocked-by:#3", "bug"]
    assert unused_blockers(names, {"Blocked-By:#2"}, [1, 2]) == ("blocked-by:#1",)
