"""Which of a repository's skills and conventions a prompt carries, within a budget.

Conventions (`AGENTS.md` and its kin) count for everything below their folder. A skill is a file
that says in its front matter when it is wanted: by name, path or label, or always.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from posixpath import basename, dirname

from loopcoder.domain.context.excerpt import CHARACTERS_PER_TOKEN, excerpt, fair_shares
from loopcoder.domain.context.front_matter import read_front_matter
from loopcoder.domain.glob import matches, matches_any
from loopcoder.domain.guard.untrusted import clean
from loopcoder.domain.unit import Unit

CONVENTIONS = ("AGENTS.md", "CLAUDE.md", ".github/copilot-instructions.md")
SKILL_FILES = (
    "/.claude/skills/*/SKILL.md",
    "/.loopcoder/skills/*",
    "/.loopcoder/skills/*/SKILL.md",
)
SKILL_LABEL = "skill:"
SMALLEST_SHARE = 400
LONGEST_FILE = 200_000


class Why(IntEnum):
    """Why a file is carried, most general first: prompts keep the same beginning for longer."""

    CONVENTIONS = 0
    ALWAYS = 1
    FOLDER = 2
    LABEL = 3
    PATH = 4
    NAME = 5


@dataclass(frozen=True, slots=True)
class Skill:
    """A skill or a conventions file of the base commit. `paths` are globs."""

    path: str
    text: str
    name: str
    description: str = ""
    paths: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    always: bool = False

    @property
    def is_conventions(self) -> bool:
        return is_conventions(self.path)


@dataclass(frozen=True, slots=True)
class Carried:
    """A chosen file as it stands in the prompt. `text` is empty when there was no room for it."""

    skill: Skill
    why: Why
    text: str
    cut: bool = False


def is_conventions(path: str) -> bool:
    """Whether the path is one of the files in which a repository tells agents its customs."""
    return path in CONVENTIONS or basename(path) in CONVENTIONS[:2]


def is_skill_file(path: str, folders: Sequence[str] = ()) -> bool:
    """Whether to read the path: a conventions file, or a skill in one of the known folders or of
    `folders` (configured, relative to the root)."""
    if is_conventions(path) or matches_any(SKILL_FILES[:1], path):
        return True
    if not path.endswith(".md"):
        return False
    further = (f"/{folder.strip('/')}/" for folder in folders)
    return any(matches(p, path) for p in (*SKILL_FILES[1:], *further))


def parse_skill(path: str, text: str) -> Skill:
    """A skill from its file; without front matter it is named after its file or folder."""
    fields, body = read_front_matter(text[:LONGEST_FILE])
    stem = basename(path).removesuffix(".md")
    default = basename(dirname(path)) if stem == "SKILL" else stem
    return Skill(
        path=path,
        text=clean(body, max_length=LONGEST_FILE).strip(),
        name=" ".join(fields.get("name", ())) or default,
        description=" ".join(fields.get("description", ())),
        paths=fields.get("paths", ()) or fields.get("globs", ()),
        labels=fields.get("labels", ()),
        always=fields.get("always", fields.get("alwaysapply", ())) == ("true",),
    )


def select_skills(skills: Iterable[Skill], unit: Unit, budget: int) -> tuple[Carried, ...]:
    """What the unit's prompt carries, in at most `budget` tokens; always in the same order.

    Large files are cut so that small ones still fit. What has no room at all is named.
    """
    chosen = [(why, skill) for skill in skills if (why := _why(skill, unit)) is not None]
    chosen.sort(key=lambda pair: (pair[0], _rank(pair[1]), pair[1].path))
    unique = _without_repeats(chosen)
    room = budget * CHARACTERS_PER_TOKEN
    fitting = _fitting([len(skill.text) for _, skill in unique], room)
    shares = fair_shares([len(skill.text) for _, skill in unique[:fitting]], room)
    carried = [
        Carried(skill, why, excerpt(skill.text, share, "file"), share < len(skill.text))
        for (why, skill), share in zip(unique, shares, strict=False)
    ]
    return (*carried, *(Carried(skill, why, "", True) for why, skill in unique[fitting:]))


def _rank(skill: Skill) -> int:
    """Conventions in their customary order."""
    return CONVENTIONS.index(skill.path) if skill.path in CONVENTIONS else len(CONVENTIONS)


def _why(skill: Skill, unit: Unit) -> Why | None:
    if not skill.text:
        return None
    if skill.is_conventions:
        if skill.path in CONVENTIONS:
            return Why.CONVENTIONS
        return Why.FOLDER if _concerns(unit, f"/{dirname(skill.path)}/") else None
    if skill.always:
        return Why.ALWAYS
    labels = {label.casefold() for label in unit.labels}
    if labels & {f"{SKILL_LABEL}{skill.name}".casefold(), *map(str.casefold, skill.labels)}:
        return Why.LABEL
    if any(_concerns(unit, pattern) for pattern in skill.paths):
        return Why.PATH
    return Why.NAME if _mentions(_told(unit), skill.name) else None


def _told(unit: Unit) -> str:
    return "\n".join((unit.title, unit.body, *(step.text for step in unit.steps)))


def _mentions(text: str, name: str) -> bool:
    """Whether the name stands in the text as a word of its own; hyphens may be spaces."""
    words = [re.escape(word) for word in re.split(r"[\s_-]+", name.strip()) if word]
    if not words:
        return False
    return re.search(rf"(?<!\w){'[ _-]'.join(words)}(?!\w)", text, re.IGNORECASE) is not None


def _concerns(unit: Unit, pattern: str) -> bool:
    """Whether the unit touches, or names, paths of a pattern."""
    named = re.findall(r"[\w.@-]+(?:/[\w.@-]+)+|[\w-]+\.[A-Za-z]\w*", _told(unit)[:100_000])
    if any(matches(pattern, path.strip("/.")) for path in named):
        return True
    return any(_overlap(touch, pattern) for touch in unit.touches)


def _overlap(touch: str, pattern: str) -> bool:
    """Whether two globs may cover the same path, judged by their fixed beginnings."""
    if "/" not in pattern.strip("/") and not pattern.startswith("/"):
        return matches(pattern, touch) or basename(touch) == basename(pattern)
    left, right = _fixed(touch), _fixed(pattern)
    return left.startswith(right) or right.startswith(left)


def _fixed(pattern: str) -> str:
    """The part of a glob before its first wildcard."""
    return re.split(r"[*?\[]", pattern.strip().removeprefix("./").lstrip("/"), maxsplit=1)[0]


def _without_repeats(chosen: Sequence[tuple[Why, Skill]]) -> list[tuple[Why, Skill]]:
    """Leave out files that say the same as another, or only point to one (`@AGENTS.md`, or a
    symlink, whose text is its target)."""
    seen: set[str] = set()
    paths = {skill.path for _, skill in chosen}
    kept = []
    for why, skill in chosen:
        pointer = skill.text.removeprefix("@").removeprefix("./").strip()
        beside = f"{dirname(skill.path)}/{pointer}".lstrip("/")
        if skill.text in seen or (pointer != skill.path and (pointer in paths or beside in paths)):
            continue
        seen.add(skill.text)
        kept.append((why, skill))
    return kept


def _fitting(sizes: Sequence[int], room: int) -> int:
    """How many files, from the first, get at least a readable share each."""
    needed = 0
    for count, size in enumerate(sizes):
        needed += min(size, SMALLEST_SHARE)
        if needed > room:
            return count
    return len(sizes)
