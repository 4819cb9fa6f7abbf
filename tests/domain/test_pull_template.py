"""Our text in the frame of a repository's own template."""

from __future__ import annotations

import pytest

from loopcoder.domain.views.pull_template import fill_template, find_template

OURS = [("What changed", "- 1 file"), ("Checks", "all green"), ("Review", "Approved.")]

TEMPLATE = """\
<!-- Thank you! Please read CONTRIBUTING first. -->
## Description

<!-- What does this do? -->

## How was this tested?

## Checklist

- [ ] I have signed the CLA
- [ ] docs updated

Fixes #123, cc @maintainers
"""


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        (["README.md"], None),
        ([".github/PULL_REQUEST_TEMPLATE.md"], ".github/PULL_REQUEST_TEMPLATE.md"),
        (["pull_request_template.md", "src/pull_request_template.md"], "pull_request_template.md"),
        (["docs/Pull_Request_Template.txt", "a"], "docs/Pull_Request_Template.txt"),
        (["docs/pull_request_template.md", ".github/pull_request_template.md"],
         ".github/pull_request_template.md"),
        ([".github/PULL_REQUEST_TEMPLATE/bug.md"], None),
    ],
)  # fmt: skip
def test_where_a_template_is(paths: list[str], found: str | None) -> None:
    assert find_template(paths) == found


def test_our_sections_go_where_they_are_asked_for() -> None:
    assert fill_template(TEMPLATE, OURS) == (
        "## Description\n\n- 1 file\n\n"
        "## How was this tested?\n\nall green\n\n"
        "## Checklist\n\n- [ ] I have signed the CLA\n- [ ] docs updated\n\n"
        "Fixes ＃123, cc ＠maintainers\n\n"
        "## Review\n\nApproved."
    )


def test_without_a_template_the_sections_stand_alone() -> None:
    expected = "## What changed\n\n- 1 file\n\n## Checks\n\nall green\n\n## Review\n\nApproved."
    assert fill_template("", OURS) == expected
    assert fill_template("<!-- only a comment -->", OURS) == expected


def test_a_heading_in_code_is_no_heading() -> None:
    filled = fill_template("```sh\n# what changed\n```\n", OURS)
    assert filled.startswith("```sh\n# what changed\n```\n\n## What changed")
