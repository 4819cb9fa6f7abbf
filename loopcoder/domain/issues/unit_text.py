"""What an issue says about a unit: title, block, edges and labels, rendered from the roadmap."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from loopcoder.domain.issues.host_rules import LABEL_MAX, TITLE_MAX
from loopcoder.domain.issues.issue import BLOCKED_BY, OURS
from loopcoder.domain.unit import Unit

BLOCK_MAX = 50_000
"""Characters of a block. GitHub takes 65,536 in a body; the rest is left to people's text."""

LABELS_MOST = 40
"""Labels the roadmap may give one unit; the rest of GitHub's 100 is for blockers and people."""

CUT = "… cut here: the whole text is in the roadmap."

SECTION_BLOCK = (
    "A section of the roadmap: its units are the sub-issues of this one. Nothing is worked on "
    "here, and it is closed when they are all over."
)

_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})(.*)$", re.M)
_GENERATED = re.compile(r"^\*\*(Verify|Touches|After|Part of|Roadmap):\*\* .*$", re.M)
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class UnitText:
    """What the unit's issue should say. `labels` are ours but for `blocked-by:#N`."""

    title: str
    block: str
    edges: tuple[str, ...]
    labels: tuple[str, ...]

    @property
    def digest(self) -> str:
        return digest_text(self.title, self.block, self.edges, self.labels)


def digest_text(title: str, block: str, edges: Iterable[str], labels: Iterable[str]) -> str:
    """`sha256:` and the hash of canonical JSON, with LF and without trailing space."""
    canonical = json.dumps(
        {
            "block": normal(block),
            "edges": sorted(edges),
            "labels": sorted(labels),
            "title": title.strip(),
        },
        ensure_ascii=False,
        separators=(",", ":"),
        sort_keys=True,
    )
    return "sha256:" + hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def normal(text: str) -> str:
    """The text as it is compared: LF, no trailing space, no empty lines around it."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "\n".join([line.rstrip() for line in text.split("\n")]).strip("\n")


def render_text(unit: Unit) -> UnitText:
    """What the issue of `unit` should say now."""
    return UnitText(render_title(unit), render_block(unit), edges_of(unit), labels_of(unit))


def section_text(section: Unit) -> UnitText:
    """What a section's own issue should say. Its units are listed by the tracker."""
    return UnitText(render_title(section), SECTION_BLOCK, (), (OURS,))


def edges_of(unit: Unit) -> tuple[str, ...]:
    """What the roadmap says the unit waits for, by name, sorted."""
    if not unit.after and not unit.after_issues:
        return ()
    return tuple(sorted([*unit.after, *map(str, unit.after_issues)]))


def labels_of(unit: Unit) -> tuple[str, ...]:
    """`loopcoder`, the roadmap's labels for the unit, and the character of an unusual box."""
    if not unit.labels and not unit.mark:
        return (OURS,)
    asked = [" ".join(_safe(label).split())[:LABEL_MAX] for label in unit.labels]
    marks = [f"box:{unit.mark}"] if unit.mark.strip() else []
    unique = {label.casefold(): label for label in (*marks, *asked) if label}
    unique.pop(OURS, None)
    names = (label for key, label in unique.items() if not key.startswith(BLOCKED_BY))
    return tuple(sorted([OURS, *list(names)[:LABELS_MOST]]))


def render_title(unit: Unit) -> str:
    """One line of at most 256 characters."""
    title = " ".join(_safe(unit.title).split()) or unit.id
    return title if len(title) <= TITLE_MAX else title[: TITLE_MAX - 1].rstrip() + "…"


def render_block(unit: Unit) -> str:
    """The text between the markers: description, steps, then one line per field.

    Nothing in it can end the block or hide what follows: comments are shown as text and fences
    are closed. Line numbers and the file's name stay out, so that moving text writes nothing.
    """
    parts = [close_fence(safe)] if (safe := normal(_safe(unit.body))) else []
    if unit.steps:
        steps = [f"- [{'x' if s.done else ' '}] {_one_line(s.text)}".rstrip() for s in unit.steps]
        parts.append("\n".join(steps))
    fields = "\n".join(_fields(unit))
    text = "\n\n".join(parts)
    room = BLOCK_MAX - len(fields) - len(CUT) - 8
    if len(text) > room:
        text = _cut(text, max(room, 0))
    block = f"{text}\n\n{fields}" if text else fields
    return block if len(block) <= BLOCK_MAX else _cut(block, BLOCK_MAX - len(CUT) - 8)


def _fields(unit: Unit) -> list[str]:
    lines = []
    if unit.verify:
        lines.append("**Verify:** " + ", ".join(map(_code, unit.verify)))
    if unit.touches:
        lines.append("**Touches:** " + ", ".join(map(_code, unit.touches)))
    if unit.after or unit.after_issues:
        waits = [*map(_code, unit.after), *map(str, unit.after_issues)]
        lines.append("**After:** " + ", ".join(waits))
    if unit.parent:
        lines.append("**Part of:** " + _code(unit.parent))
    section = _one_line(unit.section)
    lines.append("**Roadmap:** " + (f"{section}, `{unit.id}`" if section else f"`{unit.id}`"))
    return lines


def close_fence(text: str) -> str:
    """The text, with a fence that was left open closed."""
    fence = open_fence(text)
    return f"{text}\n{fence}" if fence else text


def open_fence(text: str) -> str:
    """The fence that is still open at the end of the text, or nothing."""
    if "```" not in text and "~~~" not in text:
        return ""
    opened = ""
    for found in _FENCE.finditer(text.replace("\r", "")):
        marks, rest = found[1], found[2]
        if not opened:
            opened = "" if marks[0] == "`" and "`" in rest else marks
        elif marks[0] == opened[0] and len(marks) >= len(opened) and not rest.strip():
            opened = ""
    return opened


def words_of(text: str) -> frozenset[str]:
    """The words of a title, or of a block without the lines we made."""
    return frozenset(_WORD.findall(_GENERATED.sub("", text).casefold()))


def what_changed(before: str, after: str) -> str:
    """Which parts of a block differ, in words: `description, verify`."""
    old, new = _parts(before), _parts(after)
    named = [name for name in dict.fromkeys([*new, *old]) if old.get(name) != new.get(name)]
    return ", ".join(name.lower() for name in named)


def _parts(block: str) -> dict[str, str]:
    parts = {found[1]: found[0] for found in _GENERATED.finditer(block)}
    lines = _GENERATED.sub("", block).strip().split("\n")
    steps = [line for line in lines if line.startswith(("- [ ] ", "- [x] "))]
    text = "\n".join(line for line in lines if line not in steps)
    return {"description": text.strip(), "steps": "\n".join(steps), **parts}


def _safe(text: str) -> str:
    """No control, zero-width or direction characters, and no comment that could hide text."""
    if not text.isprintable() and ("\r" in text or _UNSAFE.search(text)):
        text = _UNSAFE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = text.encode("utf-8", "replace").decode() if _has_surrogates(text) else text
    return text.replace("<!--", "&lt;!--") if "<!--" in text else text


def _has_surrogates(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)


def _one_line(text: str) -> str:
    return " ".join(_safe(text).split())


def _code(text: str) -> str:
    text = _one_line(text)
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def _cut(text: str, room: int) -> str:
    kept = text[:room]
    kept = kept[: kept.rfind("\n")] if "\n" in kept else kept
    return f"{close_fence(kept.rstrip())}\n\n{CUT}"


def share_of_words(before: str, after: str) -> float:
    """How much two texts have in common, from 0 to 1: common words over those of the shorter.

    A text without words has nothing in common with any.
    """
    old, new = words_of(before), words_of(after)
    smaller = min(len(old), len(new))
    return len(old & new) / smaller if smaller else 0.0


def names(items: Sequence[str], most: int = 3) -> str:
    """`a, b, c and 4 more`."""
    shown = ", ".join(items[:most])
    return f"{shown} and {len(items) - most} more" if len(items) > most else shown
