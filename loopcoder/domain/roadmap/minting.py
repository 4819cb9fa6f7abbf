"""Writing missing ids into a roadmap: one changed line a unit, every other byte as it was."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from loopcoder.domain.roadmap.roadmap import Reading, Source, Unidentified, parse_roadmaps
from loopcoder.domain.unit import UnitId

_LINE = re.compile(r"([^\r\n]*)(\r\n|\r|\n|$)")
_CLOSING_HASHES = re.compile(r"^ {0,3}#{1,6}[ \t].*?(?P<tail>[ \t]+#+[ \t]*)$")
_BOX = re.compile(r"\[[^\]\n]\](?=\s|$)")
_ROUNDS = 12


@dataclass(frozen=True, slots=True)
class Mint:
    """An id given to the unit that starts on `line`, counted from 1."""

    line: int
    title: str
    id: UnitId


@dataclass(frozen=True, slots=True)
class Minted:
    """A roadmap with its ids, and what was written into it."""

    text: str
    mints: tuple[Mint, ...] = ()


def mint_ids(
    text: str, file: str = "ROADMAP.md", taken: frozenset[str] = frozenset(), seed: str = ""
) -> Minted:
    """Give every unit without an id one, as `<!-- id: x -->` at the end of its first line.

    `taken` are the ids in use elsewhere: in the plan's other files, in the journal. Minting what
    was minted changes nothing. What is written is read back: where the end of the line lies inside
    code or a comment that goes on in the next line, the id is put further to the left.
    """
    before = parse_roadmaps((Source(file, text),), seed, taken)
    if not before.unidentified:
        return Minted(text)
    lines = _LINE.findall(text)
    spots = {each: _spots(lines[each.line - 1][0]) for each in before.unidentified}
    chosen = {each: next(spots[each]) for each in before.unidentified}
    for _ in range(_ROUNDS):
        written = _write(lines, chosen)
        lost = _lost(chosen, before, parse_roadmaps((Source(file, written),), seed, taken))
        if not lost:
            return Minted(written, tuple(Mint(each.line, each.title, each.id) for each in chosen))
        for each in lost:
            spot = next(spots[each], None)
            if spot is None:
                del chosen[each]
            else:
                chosen[each] = spot
    return Minted(text)


def _lost(
    chosen: Mapping[Unidentified, int], before: Reading, after: Reading
) -> list[Unidentified]:
    """The units that do not read the same, but for their id, in the new text."""
    found = {unit.id: (unit.line, unit.title) for unit in after.roadmap.units}
    lost = [each for each in chosen if found.get(each.id) != (each.line, each.title)]
    if lost or len(found) == len(before.roadmap.units) + len(chosen):
        return lost
    return list(chosen)


def _write(lines: list[tuple[str, str]], chosen: Mapping[Unidentified, int]) -> str:
    written = [[line, end] for line, end in lines]
    for each, spot in chosen.items():
        line = written[each.line - 1][0]
        written[each.line - 1][0] = f"{line[:spot]} <!-- id: {each.id} -->{line[spot:]}"
    return "".join(part for line in written for part in line)


def _spots(line: str) -> Iterator[int]:
    """Where in a line an id can be put: at its end, after its box, at each blank from the right.

    The end is before white space and a backslash that break the line, and before the closing
    hashes of a heading.
    """
    hashes = _CLOSING_HASHES.match(line)
    end = hashes.start("tail") if hashes else _tail(line)
    yield end
    if found := _BOX.search(line):
        yield found.end()
    for position in range(end - 1, 0, -1):
        if line[position] in " \t" and line[position - 1] not in " \t":
            yield position


def _tail(line: str) -> int:
    stripped = line.rstrip(" \t")
    backslashes = len(stripped) - len(stripped.rstrip("\\"))
    return len(stripped[:-1].rstrip(" \t")) if backslashes % 2 else len(stripped)
