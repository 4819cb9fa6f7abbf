"""Roadmaps that people wrote: read from the folder that LOOPCODER_CORPUS names, if any."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from loopcoder.domain.roadmap.minting import mint_ids
from loopcoder.domain.roadmap.roadmap import parse_roadmap

CORPUS = os.environ.get("LOOPCODER_CORPUS", "")
FILES = sorted(path for path in Path(CORPUS).iterdir() if path.is_file()) if CORPUS else []

pytestmark = pytest.mark.skipif(not FILES, reason="LOOPCODER_CORPUS names no folder with files")


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "surrogateescape")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name[:40])
def test_a_real_file_reads_as_units_or_as_problems_with_a_place(path: Path) -> None:
    text = _text(path)
    reading = parse_roadmap(text, path.name)
    assert reading.roadmap.units or reading.unidentified or reading.diagnostics
    lines = re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff"))
    for each in reading.diagnostics:
        assert each.where is not None
        assert each.where.file == path.name
        assert lines[each.where.line - 1].startswith(each.where.source)
        assert each.summary
    ids = [unit.id for unit in reading.roadmap.units]
    assert len(ids) == len(set(ids))
    for unit in reading.roadmap.units:
        assert unit.title.strip()
        assert set(unit.after) <= set(ids)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name[:40])
def test_minting_changes_only_the_lines_it_says(path: Path) -> None:
    text = _text(path)
    before = parse_roadmap(text, path.name)
    minted = mint_ids(text, path.name)
    old, new = text.splitlines(keepends=True), minted.text.splitlines(keepends=True)
    assert len(old) == len(new)
    changed = {number for number, (one, two) in enumerate(zip(old, new, strict=True)) if one != two}
    by_comment = [re.sub(r" <!-- id: [a-z0-9._-]+ -->", "", new[number]) for number in changed]
    assert by_comment == [old[number] for number in changed]
    assert len(minted.mints) == len(before.unidentified) == len(changed)
    again = parse_roadmap(minted.text, path.name)
    assert not again.unidentified
    assert len(again.roadmap.units) == len(before.roadmap.units) + len(minted.mints)
    assert mint_ids(minted.text, path.name).text == minted.text
