"""The reference pages, as they came with this version: in the wheel, or in the source tree."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

import loopcoder
from loopcoder.domain.diagnostic import NotFound

_PACKAGE = Path(loopcoder.__file__).parent
_PLACES = (_PACKAGE / "pages", _PACKAGE.parent / "docs" / "reference")


def topics() -> dict[str, str]:
    """The title of every page, by topic."""
    return {path.stem: _title(path) for path in sorted(_folder().glob("*.md"))}


def page(topic: str) -> str:
    """The page about a topic; `NotFound` names the nearest when there is none."""
    folder = _folder()
    path = folder / f"{topic.casefold()}.md"
    known = [each.stem for each in folder.glob("*.md")]
    if path.stem not in known:
        raise NotFound(f"there is no page {topic!r}.", _hint(topic, known, "`loopcoder help`"))
    text = path.read_text(encoding="utf-8")
    return text.partition("-->\n")[2].lstrip() if text.startswith("<!--") else text


def part(topic: str, heading: str) -> str:
    """What stands on the page under a heading, with the headings below it."""
    lines = page(topic).splitlines()
    found = list(_headings(lines))
    names = [_plain(title) for _, _, title in found]
    if _plain(heading) not in names:
        whole = f"`loopcoder help {topic}`"
        raise NotFound(f"{topic} has no part {heading!r}.", _hint(_plain(heading), names, whole))
    at = names.index(_plain(heading))
    start, level, _ = found[at]
    end = next((line for line, deep, _ in found[at + 1 :] if deep <= level), len(lines))
    return "\n".join(lines[start:end]).rstrip() + "\n"


def _folder() -> Path:
    for place in _PLACES:
        if place.is_dir():
            return place
    raise NotFound("this installation came without the reference pages.")


def _title(path: Path) -> str:
    with path.open(encoding="utf-8") as lines:
        return next((line[2:].strip() for line in lines if line.startswith("# ")), path.stem)


def _headings(lines: list[str]) -> Iterator[tuple[int, int, str]]:
    """Line, level and text of every heading; a comment in a shell example is none."""
    fenced = False
    for number, line in enumerate(lines):
        if line.startswith(("```", "~~~")):
            fenced = not fenced
        elif line.startswith("#") and not fenced:
            yield number, len(line) - len(line.lstrip("#")), line.lstrip("#").strip()


def _plain(heading: str) -> str:
    return heading.replace("`", "").replace("-", " ").strip().casefold()


def _hint(asked: str, known: list[str], otherwise: str) -> str:
    close = get_close_matches(asked.casefold(), known, n=1, cutoff=0.5)
    return f"Did you mean {close[0]}?" if close else f"{otherwise} shows what there is."
