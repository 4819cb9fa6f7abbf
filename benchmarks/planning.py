"""From the roadmap's text to a plan, in one process and without a disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from markdown_it import MarkdownIt

from benchmarks.figures import Figure, Sizes, at_most
from benchmarks.measure import compare, seconds
from benchmarks.roadmaps import roadmap_of
from loopcoder.domain.settings import Limits
from tests.support.compiling import CompileWorld

MOST = 3.0


def parse_and_plan(sizes: Sizes, folder: Path) -> Iterator[Figure]:
    """Against the Markdown parser alone, on the same text: first when every unit is new, then
    when every issue is there and nothing is to be done."""
    text = roadmap_of(sizes.units)
    world = CompileWorld(limits=Limits(issues_per_day=sizes.units))

    def bare() -> float:
        return seconds(lambda: MarkdownIt("commonmark").enable("table").parse(text))

    def whole() -> float:
        return seconds(lambda: world.plan(text))

    how = 'parse, observe the tracker in memory and plan, against `MarkdownIt("commonmark")`'
    pair = compare(whole, bare, sizes.turns)
    yield at_most(f"parse + plan, {sizes.units:,} new units", pair, MOST, how)
    applied = world.compile(text)
    assert applied.writes >= sizes.units, applied
    pair = compare(whole, bare, sizes.turns)
    yield at_most(f"parse + plan, {sizes.units:,} unchanged units", pair, MOST, how)
