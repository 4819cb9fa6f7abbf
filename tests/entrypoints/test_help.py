"""`loopcoder help`: what a message sends its reader to is on every machine, and is there."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from loopcoder.entrypoints.cli.main import cli
from loopcoder.entrypoints.views.pages import page, part, topics

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"


def call(*args: str) -> Result:
    return CliRunner().invoke(cli, ["help", *args])


def test_every_page_is_listed_and_printed() -> None:
    pages = {path.stem for path in REFERENCE.glob("*.md")}
    assert set(topics()) == pages
    listed = call().stdout
    assert all(name in listed for name in pages)
    assert call("Workers").stdout == (REFERENCE / "workers.md").read_text()
    assert page("configuration").startswith("# Configuration\n")


def test_a_part_of_a_page_ends_where_the_next_begins() -> None:
    said = call("configuration", "limits").stdout
    assert said.startswith("## limits\n") and "open_prs" in said and "## resources" not in said
    below = call("workers", "a", "command").stdout
    assert "### The outcome file" in below and "## The planner" not in below


def test_of_a_verb_it_is_its_help() -> None:
    said = call("tick").stdout
    assert " tick [OPTIONS]" in said.splitlines()[0] and "--dry-run" in said


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["worker"], "Did you mean workers?"),
        (["zzz"], "`loopcoder help` shows what there is."),
        (["configuration", "limit"], "Did you mean limits?"),
    ],
)
def test_what_there_is_not_is_said(args: list[str], said: str) -> None:
    assert said in call(*args).stderr


def messages() -> Iterator[tuple[str, str]]:
    """Every text in the package that is no docstring."""
    for path in sorted((ROOT / "loopcoder").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        prose = {
            id(node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }
        for node in ast.walk(tree):
            told = isinstance(node, ast.Constant) and id(node) not in prose
            if told and isinstance(node.value, str):
                yield path.relative_to(ROOT).as_posix(), node.value


def test_messages_name_pages_that_everybody_has() -> None:
    named = set()
    for path, text in messages():
        in_our_docs = path.startswith("loopcoder/entrypoints/docs/")
        assert in_our_docs or "docs/reference/" not in text, (path, text)
        named |= set(re.findall(r"`loopcoder help ([a-z-]+)(?: ([a-z: -]+))?`", text))
    assert len(named) > 5
    for topic, heading in named:
        assert part(topic, heading) if heading else page(topic)


def test_the_wheel_holds_the_pages() -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    assert build["targets"]["wheel"]["force-include"] == {"docs/reference": "loopcoder/pages"}
