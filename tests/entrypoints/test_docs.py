"""The reference pages say what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from loopcoder.adapters.agents.preset import ORDER
from loopcoder.domain.settings import Settings
from loopcoder.entrypoints.cli.verbs import VERBS
from loopcoder.entrypoints.config.schema import Configuration
from loopcoder.entrypoints.docs.pages import PAGES, page_text, write_pages
from loopcoder.entrypoints.docs.workers import PAGE, with_agents

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


@pytest.mark.parametrize("name", PAGES)
def test_the_committed_pages_are_up_to_date(name: str) -> None:
    assert (REFERENCE / name).read_text(encoding="utf-8") == page_text(name), "run `make docs`"


def test_the_agents_are_those_of_the_code() -> None:
    page = (REFERENCE / PAGE).read_text(encoding="utf-8")
    assert page == with_agents(page), "run `make docs`"
    assert all(f"| `{kind}` |" in page for kind in ORDER)


def test_every_key_and_every_verb_has_its_place() -> None:
    configuration, cli = page_text("configuration.md"), page_text("cli.md")
    for key in Configuration.model_fields:
        assert f"`{key}`" in configuration
    for verb in VERBS:
        assert f"### loopcoder {verb}\n" in cli
    for anchor in re.findall(r"\(#([\w-]+)\)", configuration):
        assert f"## {anchor}\n" in configuration


def test_defaults_are_those_that_are_used() -> None:
    page, settings = page_text("configuration.md"), Settings()
    assert f"| `attempts` | whole number from 1 | `{settings.limits.attempts}` |" in page
    assert f"`${settings.budget.attempt}` | Reserved before an attempt" in page


def test_writing_twice_changes_nothing(tmp_path: Path) -> None:
    assert write_pages(tmp_path / "new") == sorted(PAGES, key=list(PAGES).index)
    assert write_pages(tmp_path / "new") == []
