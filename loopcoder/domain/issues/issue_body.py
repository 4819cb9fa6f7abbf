"""The marked block inside an issue's body. We own what lies between its markers, nothing else.

```
<!-- loopcoder:unit id=login-form plan=main digest=sha256:… v=1 -->
… rendered block …
<!-- /loopcoder:unit -->
```
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from loopcoder.domain.issues.unit_text import normal, open_fence
from loopcoder.domain.unit import UnitId, is_section_id, is_unit_id

MARK = "<!-- loopcoder:unit "
END = "<!-- /loopcoder:unit -->"
VERSION = "1"

_OPEN = re.compile(r"^<!-- loopcoder:unit ([^<>\n]*)-->[ \t]*\r?$", re.M)
_CLOSE = re.compile(r"^<!-- /loopcoder:unit -->(?=[ \t]*\r?$)", re.M)


@dataclass(frozen=True, slots=True)
class Marker:
    """The opening marker. `digest` is a hint; the journal knows what was last applied."""

    unit: UnitId
    plan: str
    digest: str = ""

    def __str__(self) -> str:
        return f"{MARK}id={self.unit} plan={self.plan} digest={self.digest} v={VERSION} -->"


@dataclass(frozen=True, slots=True)
class Section:
    """A marked block. `start` and `end` are offsets in the body, markers included."""

    marker: Marker
    block: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class IssueBody:
    """A body, and the blocks in it. `broken` counts markers that do not delimit anything."""

    text: str
    sections: tuple[Section, ...] = ()
    broken: int = 0

    def section(self, unit: UnitId, plan: str, known: str = "") -> Section | None:
        """The unit's block. Of several, the one that reads as `known`, else the first."""
        ours = [s for s in self.sections if (s.marker.unit, s.marker.plan) == (unit, plan)]
        same = (s for s in ours if s.block == known)
        return next(same, ours[0] if ours else None)

    def with_block(self, marker: Marker, block: str, known: str = "") -> str:
        """The body with the unit's block replaced, or put first where there is none.

        Everything outside stays as it is, byte for byte. At the very top no fence that a person
        left open can swallow the block.
        """
        rendered = render_section(marker, block)
        old = self.section(marker.unit, marker.plan, known)
        if old:
            return self.text[: old.start] + rendered + self.text[old.end :]
        return f"{rendered}\n\n{self.text}" if self.text.strip() else rendered


def render_section(marker: Marker, block: str) -> str:
    """The block between its markers."""
    return f"{marker}\n{block}\n{END}"


def parse_body(text: str) -> IssueBody:
    """The blocks in a body. Markers inside code fences or without an end are people's text."""
    if MARK not in text:
        return IssueBody(text)
    found = list(_find_sections(text))
    sections = tuple(section for section in found if section is not None)
    return IssueBody(text, sections, len(found) - len(sections))


def _find_sections(text: str) -> Iterator[Section | None]:
    """Each block, and None for each marker that is malformed or has no end."""
    outside = 0
    marks = list(_OPEN.finditer(text))
    for index, opening in enumerate(marks):
        if opening.start() < outside or open_fence(text[outside : opening.start()]):
            continue
        marker = _parse_marker(opening[1])
        following = marks[index + 1].start() if index + 1 < len(marks) else len(text)
        closing = _CLOSE.search(text, opening.end(), following)
        if marker is None or closing is None:
            yield None
            continue
        block = normal(text[opening.end() : closing.start()])
        outside = closing.end()
        yield Section(marker, block, opening.start(), outside)


def _parse_marker(attributes: str) -> Marker | None:
    pairs = [pair.partition("=") for pair in attributes.split()]
    values = {key: value for key, _, value in pairs}
    unit, plan = values.get("id", ""), values.get("plan", "")
    if len(values) != len(pairs) or values.get("v") != VERSION:
        return None
    if not (is_unit_id(unit) or is_section_id(unit)) or not is_unit_id(plan):
        return None
    return Marker(UnitId(unit), plan, values.get("digest", ""))
