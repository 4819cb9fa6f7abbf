"""What a roadmap would say if its boxes told what is done: the text of our bookkeeping branch."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from loopcoder.domain.guard.untrusted import sanitise_line
from loopcoder.domain.roadmap.minting import mint_ids
from loopcoder.domain.roadmap.roadmap import Source, parse_roadmaps
from loopcoder.domain.tick.branch import PREFIX
from loopcoder.domain.unit import Box, UnitId

BRANCH = f"{PREFIX}bookkeeping"
MARKER = "<!-- loopcoder:bookkeeping -->"
TITLE = "Keep the roadmap's books"

_MOST_NAMED = 50
_BOX = re.compile(r"(?P<before>(?:[ \t>]*(?:[-*+]|\d{1,9}[.)])[ \t]+)+\[)[^\]\n\-](?P<after>\])")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")


@dataclass(frozen=True, slots=True)
class Books:
    """The files that would change, by path, and what that does: boxes ticked, ids written."""

    files: Mapping[str, str]
    ticked: tuple[UnitId, ...] = ()
    minted: tuple[UnitId, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 of the files as they would be; the same books have the same."""
        return hashlib.sha256(json.dumps(sorted(self.files.items())).encode()).hexdigest()


def plan_books(
    sources: Sequence[Source],
    done: Collection[UnitId],
    *,
    mint: bool = False,
    taken: frozenset[str] = frozenset(),
) -> Books:
    """Tick the open boxes of the units that are `done`, and with `mint` write missing ids, which
    differ from those that are `taken`. Files that cannot be read as a roadmap stay as they are."""
    reading = parse_roadmaps(sources)
    if reading.errors:
        return Books({})
    units = reading.roadmap.units
    tickable = {unit.file for unit in units if unit.id in done and unit.box is Box.OPEN}
    mintable = {each.file for each in reading.unidentified} if mint else set()
    files: dict[str, str] = {}
    ticked: list[UnitId] = []
    minted: list[UnitId] = []
    used = taken | {unit.id for unit in units}
    for source in sources:
        text = source.text
        if source.file in tickable:
            text, boxes = tick_boxes(source, done)
            ticked += boxes
        if source.file in mintable:
            own = {unit.id for unit in units if unit.file == source.file}
            written = mint_ids(text, source.file, frozenset(used - own))
            text = written.text
            minted += [each.id for each in written.mints]
            used |= set(minted)
        if text != source.text:
            files[source.file] = text
    if not files:
        return Books({})
    after = [Source(each.file, files.get(each.file, each.text)) for each in sources]
    return Books({}) if parse_roadmaps(after).errors else Books(files, tuple(ticked), tuple(minted))


def tick_boxes(source: Source, done: Collection[UnitId]) -> tuple[str, tuple[UnitId, ...]]:
    """The text with `[x]` in the open boxes of these units, every other byte as it was; and whose
    boxes they were. A unit without a box (a heading, a table's row) has nothing to tick."""
    units = parse_roadmaps([source]).roadmap.units
    open_ = [unit for unit in units if unit.id in done and unit.box is Box.OPEN and unit.line]
    lines = _LINE.findall(source.text)
    ticked = []
    for unit in open_:
        line = lines[unit.line - 1]
        written = _BOX.sub(r"\g<before>x\g<after>", line, count=1) if _BOX.match(line) else line
        if written != line:
            lines[unit.line - 1] = written
            ticked.append(unit.id)
    text = "".join(lines)
    after = parse_roadmaps([Source(source.file, text)]).roadmap.units
    boxes = {unit.id: unit.box for unit in after}
    if len(after) != len(units) or any(boxes.get(each) is not Box.DONE for each in ticked):
        return source.text, ()
    return text, tuple(ticked)


def books_body(books: Books, issues: Mapping[UnitId, int]) -> str:
    """The body of the pull request. `issues` are the units' numbers."""
    parts = [MARKER]
    if books.ticked:
        rows = [f"- `{unit}`{_number(issues.get(unit))}" for unit in books.ticked]
        parts.append("These units are done, and their boxes are ticked:\n\n" + _rows(rows))
    if books.minted:
        rows = [f"- `{unit}`" for unit in books.minted]
        parts.append(
            "These units had no id. It is written as a comment at the end of their line, so that "
            "they can be recognised when they are reworded or moved:\n\n" + _rows(rows)
        )
    parts.append(
        "---\n\nloopcoder keeps this one branch up to date; a person merges. Nothing but the "
        f"roadmap is changed ({', '.join(_code(path) for path in sorted(books.files))}). "
        "`bookkeeping: false` in loopcoder.yml ends it."
    )
    return "\n\n".join(parts) + "\n"


def _number(issue: int | None) -> str:
    return f" (#{issue})" if issue else ""


def _code(path: str) -> str:
    return f"`{sanitise_line(path, max_length=120)}`"


def _rows(rows: Sequence[str]) -> str:
    left = len(rows) - _MOST_NAMED
    more = [f"- and {left} more"] if left > 0 else []
    return "\n".join([*rows[:_MOST_NAMED], *more])
