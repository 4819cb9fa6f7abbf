"""Sections of a roadmap: their names, what is read in them, and our directives."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from loopcoder.domain.markdown import mask_code, plain_text
from loopcoder.domain.roadmap.findings import Findings
from loopcoder.domain.roadmap.ids import fold_id
from loopcoder.domain.roadmap.lead import Lead, Mention
from loopcoder.domain.unit import DEFAULT_PLAN, DEFAULT_PRIORITY, is_unit_id

if TYPE_CHECKING:
    from loopcoder.domain.roadmap.draft import Draft

READABLE = ("items", "rows", "headings", "none")

_DIRECTIVE = re.compile(r"<!--\s*(?P<name>units|roadmap)\s*:\s*(?P<value>.*?)\s*-->", re.DOTALL)
_NOISE = re.compile(r"^[\W\d_]+|[\W_]+$")
_NUMBERING = re.compile(r"^[\W_]*\d+(?:\.\d+)*[.):]?\s+")
_LABEL_END = re.compile(r"\s*[:：]\s*|\s+[-–—|]\s+|\s*[(（]")
_CRITERIA = re.compile(
    r"\b(?:success|acceptance|exit)[ -]criteri(?:a|on)\b|\bdefinition of done\b|\bdone when\b"
    r"|\bout[ -]of[ -]scope\b|\bnon[ -]?goals?\b"
)
_LEGEND = re.compile(r"legend\b.*|.*\bchecklists?|checklists?\b.*")
_RANKED = re.compile(
    r"\W*P(?P<rank>[0-4])(?:\s*$|\s*[:：]|\s+[-–—(])|.*\(Priority:\s*P(?P<last>[0-4])\)"
)


@dataclass(slots=True, eq=False)
class Section:
    """A heading and what stands under it, deeper headings included.

    `reads` is what a `units:` directive switched on, None for the default. `drafts` are the
    units directly in it; `span` are the first and the last index (exclusive) of all of them.
    """

    name: str
    level: int
    line: int
    file: str
    parent: Section | None = None
    reads: frozenset[str] | None = None
    excluded: bool = False
    priority: int | None = None
    mentions: list[Mention] = field(default_factory=list)
    span: tuple[int, int] = (0, 0)
    drafts: list[Draft] = field(default_factory=list)

    def contains(self, other: Section | None) -> bool:
        while other is not None:
            if other is self:
                return True
            other = other.parent
        return False


@dataclass(slots=True)
class PlanDirective:
    """`<!-- roadmap: id=x sections=sequential -->`."""

    plan: str = ""
    sequential: bool = False
    line: int = 0


def open_section(lead: Lead, level: int, line: int, file: str, parent: Section | None) -> Section:
    """The section a heading opens; it inherits what its parent was told to read."""
    name = plain_text(lead.line)
    reads = parent.reads if parent else None
    return Section(
        name=name,
        level=level,
        line=line,
        file=file,
        parent=parent,
        reads=reads - {"headings"} if reads else reads,
        excluded=(parent is not None and parent.excluded) or is_excluded(name),
        priority=_rank(lead, name, parent),
        mentions=list(lead.mentions),
    )


def _rank(lead: Lead, name: str, parent: Section | None) -> int | None:
    if lead.priority is not None:
        return lead.priority
    if (written := _written_rank(name)) is not None:
        return written
    return parent.priority if parent else None


def _written_rank(name: str) -> int | None:
    found = _RANKED.match(name)
    return int(found["rank"] or found["last"]) if found else None


def rank_of(name: str) -> int:
    """The priority of units in a section of this name that say none themselves."""
    written = _written_rank(name)
    return DEFAULT_PRIORITY if written is None else written


def is_excluded(heading: str) -> bool:
    """Whether boxes under this heading are criteria, a legend or a checklist, and not units."""
    text = _NOISE.sub("", _NUMBERING.sub("", heading)).casefold()
    bare = _NOISE.sub("", re.sub(r"\s*[(（].*", "", text))
    return _CRITERIA.search(text) is not None or _LEGEND.fullmatch(bare) is not None


def is_excluded_label(paragraph: str) -> bool:
    """The same for the last line of a paragraph over a list: bold, or with a colon at its end."""
    text = paragraph.strip().rpartition("\n")[2].strip()
    if len(text) > 100:
        return False
    if not (text.startswith(("**", "__")) or plain_text(text).endswith((":", "："))):
        return False
    return is_excluded(plain_text(text))


def section_keys(name: str) -> tuple[str, ...]:
    """The names a section answers to: whole, without its number, and up to a colon or dash."""
    whole = name_key(name)
    unnumbered = name_key(_NUMBERING.sub("", name))
    label = name_key(_LABEL_END.split(_NOISE_START.sub("", name), maxsplit=1)[0])
    bare = name_key(_LABEL_END.split(_NUMBERING.sub("", name), maxsplit=1)[0])
    return tuple(dict.fromkeys(key for key in (whole, unnumbered, label, bare) if key))


_NOISE_START = re.compile(r"^[\W_]+")


def name_key(text: str) -> str:
    """A name without case, markup, symbols and doubled blanks."""
    words = re.findall(r"\w+(?:[.\-]\w+)*", text.casefold())
    return " ".join(words)


def read_directives(
    text: str, line: int, section: Section, plan: PlanDirective, findings: Findings
) -> None:
    """Obey `<!-- units: … -->` and `<!-- roadmap: … -->` in a block of HTML or a heading."""
    if "<!--" not in text:
        return
    for found in _DIRECTIVE.finditer(mask_code(text)):
        at = line + text.count("\n", 0, found.start())
        if found["name"] == "units":
            _switch(section, found["value"], at, findings)
        else:
            _read_plan(plan, found["value"], at, findings)


def _switch(section: Section, value: str, line: int, findings: Findings) -> None:
    words = [word for word in re.split(r"[,\s]+", value.lower()) if word]
    for word in words:
        if word not in READABLE:
            findings.error(
                line,
                f"`units: {word}` is not known",
                f"Write one of {', '.join(READABLE)}{nearest(word, READABLE)}.",
                at=word,
            )
            return
    section.reads = frozenset(words) - {"none"}
    section.excluded = False


def _read_plan(plan: PlanDirective, value: str, line: int, findings: Findings) -> None:
    plan.line = line
    for setting in value.split():
        key, _, given = setting.partition("=")
        if key == "id" and is_unit_id(fold_id(given)):
            plan.plan = fold_id(given)
        elif key == "id":
            findings.error(line, f"`{given}` cannot be a plan's id", _ID_RULE, at=setting)
        elif key == "sections" and given in ("sequential", "independent"):
            plan.sequential = given == "sequential"
        elif key == "sections":
            detail = "Write sections=sequential or sections=independent."
            findings.error(line, f"`sections={given}` is not known", detail, at=setting)
        else:
            hint = nearest(key, ("id", "sections"))
            detail = f"A roadmap has the settings id and sections{hint}."
            findings.error(line, f"`{setting}` is not a setting of a roadmap", detail, at=setting)


_ID_RULE = f"Use a-z, 0-9, `.`, `_` and `-`, at most 63 characters; the default is {DEFAULT_PLAN}."


def nearest(word: str, known: tuple[str, ...]) -> str:
    """`; did you mean x?` or nothing."""
    close = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]}?" if close else ""
