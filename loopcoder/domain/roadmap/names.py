"""Finding what a reference names: a unit, a section, an issue, a range of units, or nothing."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from loopcoder.domain.markdown import plain_text
from loopcoder.domain.roadmap.draft import Draft
from loopcoder.domain.roadmap.ids import fold_id
from loopcoder.domain.roadmap.sections import Section, name_key, section_keys
from loopcoder.domain.unit import IssueRef

SUGGESTIONS = 25

_NONE = frozenset(
    ("none", "nothing", "no", "nil", "n/a", "na", "no dependencies", "no dependency", "-", "–", "—")
)
_ISSUE = re.compile(r"(?:(?P<repo>[\w.-]+/[\w.-]+))?#(?P<number>[1-9][0-9]{0,8})", re.ASCII)
_HAND_MADE = re.compile(r"gh-(?P<number>[1-9][0-9]{0,8})")
_URL = re.compile(
    r"https?://[\w.-]+/(?P<repo>[\w.-]+/[\w.-]+)/(?:issues|pull)/(?P<number>[1-9][0-9]{0,8})/?"
)
_RANGE = re.compile(
    r"(?P<stem>[A-Za-z][\w.-]*?)(?P<first>\d{1,6})\s*(?:[-–—…]|\.\.\.?|to|through)\s*"
    r"(?P<again>(?P=stem))?(?P<last>\d{1,6})",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"(?P<stem>.*?)(?P<number>\d{1,6})")
_TRAILING_COMMENT = re.compile(r"\s*\([^()]*(?:\([^()]*\)[^()]*)*\)\s*\.?$")
_CONJUNCTION = re.compile(r"\s+(?:and|und|y|et|&|\+)\s+|\s+")


@dataclass(frozen=True, slots=True)
class Target:
    """What one part of a reference names."""

    drafts: Sequence[Draft] = ()
    section: Section | None = None
    issue: IssueRef | None = None
    ambiguous: Sequence[Section] = ()


class Names:
    """Everything that a reference can name, over all files of a roadmap."""

    def __init__(self, drafts: Iterable[Draft], sections: Iterable[Section]) -> None:
        self.ids: dict[str, Draft] = {}
        self.pending: dict[str, Draft] = {}
        self._titles: dict[str, Draft] | None = None
        self._ranges: dict[str, dict[int, Draft]] | None = None
        self._sections: dict[str, list[Section]] = {}
        self._slips: dict[str, str] | None = None
        self._suggestions = SUGGESTIONS
        for draft in drafts:
            if draft.id:
                self.ids.setdefault(draft.id, draft)
        for section in sections:
            for key in section_keys(section.name) if section.level else ():
                self._sections.setdefault(key, []).append(section)

    def find(self, part: str, file: str) -> Target | None:
        """What `part` names, seen from `file`; None if nothing."""
        text = plain_text(part).strip(" .`'\"")
        return self._one(text, file) or self._range(text) or self._several(text, file)

    def _one(self, text: str, file: str) -> Target | None:
        folded = fold_id(text)
        if draft := self.ids.get(folded):
            return Target((draft,))
        if draft := self.ids.get(folded.strip("[]()")):
            return Target((draft,))
        for pattern in (_ISSUE, _HAND_MADE, _URL):
            if found := pattern.fullmatch(text if pattern is not _HAND_MADE else folded):
                repository = found.groupdict().get("repo") or ""
                return Target(issue=IssueRef(int(found["number"]), repository))
        return self._section(text, file)

    def _section(self, text: str, file: str) -> Target | None:
        key = name_key(text)
        named = self._sections.get(key, [])
        here = [section for section in named if section.file == file] or named
        exact = [section for section in here if name_key(section.name) == key] or here
        if len(exact) == 1:
            return Target(section=exact[0])
        return Target(ambiguous=exact) if exact else None

    def _range(self, text: str) -> Target | None:
        found = _RANGE.fullmatch(text)
        if found is None:
            return None
        members = self._numbered().get(fold_id(found["stem"]), {})
        first, last = int(found["first"]), int(found["last"])
        if first > last or first not in members or last not in members:
            return None
        return Target(tuple(members[n] for n in sorted(members) if first <= n <= last))

    def _several(self, text: str, file: str) -> Target | None:
        """`T1 and T2`, `T1 T2`: only if every word of it names one thing."""
        words = [word for word in _CONJUNCTION.split(text) if word]
        if len(words) < 2:
            return None
        targets = [self._one(word, file) or self._range(word) for word in words]
        drafts: list[Draft] = []
        for target in targets:
            if target is None or not target.drafts:
                return None
            drafts += target.drafts
        return Target(tuple(drafts))

    def _numbered(self) -> Mapping[str, Mapping[int, Draft]]:
        if self._ranges is None:
            self._ranges = {}
            for id, draft in self.ids.items():
                if found := _NUMBERED.fullmatch(id):
                    members = self._ranges.setdefault(found["stem"], {})
                    members.setdefault(int(found["number"]), draft)
        return self._ranges

    # -- what to say about a name that was not found ------------------------------------------

    def hint(self, part: str) -> str:
        """What the writer may have meant."""
        folded = fold_id(plain_text(part))
        if draft := self.pending.get(folded):
            line = draft.line + 1
            return (
                f"The unit at {draft.file}:{line} has no id yet; "
                "`loopcoder plan` writes it into the file."
            )
        if draft := self._by_title(part):
            return f"A unit has that title: write its id, {self._id_of(draft)}."
        if close := self.near(part):
            return f"did you mean {close}?"
        return "Name a unit by its id, a section by its heading, or an issue as #123."

    def typo(self, part: str) -> str:
        """The id that `part` is a slip of the pen away from, or nothing."""
        if self._slips is None:
            self._slips = {slip: id for id in reversed(self.ids) for slip in _slips(id)}
        word = fold_id(plain_text(part))
        found = (self._slips[slip] for slip in _slips(word) if slip in self._slips)
        return next(found, "") if len(word) > 3 else ""

    def near(self, part: str) -> str:
        """The known name most like `part`, or nothing."""
        if slip := self.typo(part):
            return slip
        # Comparing with every name is slow; a file with so many mistakes is helped by the first.
        if self._suggestions <= 0:
            return ""
        self._suggestions -= 1
        close = difflib.get_close_matches(fold_id(plain_text(part)), list(self.ids), 1, 0.7)
        if close:
            return close[0]
        numbers = re.findall(r"\d+", part)
        keys = [key for key in self._sections if re.findall(r"\d+", key) == numbers]
        keys = difflib.get_close_matches(name_key(part), keys, 1, 0.8)
        return self._sections[keys[0]][0].name if keys else ""

    def _id_of(self, draft: Draft) -> str:
        pending = (id for id, each in self.pending.items() if each is draft)
        return draft.id or next(pending, "")

    def _by_title(self, part: str) -> Draft | None:
        if self._titles is None:
            self._titles = {}
            for draft in (*self.ids.values(), *self.pending.values()):
                for key in section_keys(draft.title):
                    self._titles.setdefault(key, draft)
        return self._titles.get(name_key(part))


def _slips(word: str) -> Iterator[str]:
    """`word` and all that is left of it with one letter missing: words that share one are near."""
    yield word
    for position in range(len(word)):
        yield word[:position] + word[position + 1 :]


def split_reference(value: str) -> list[str]:
    """The parts of a reference: cut at commas and semicolons outside parentheses."""
    parts, depth, start = [], 0, 0
    for position, letter in enumerate(value):
        if letter in "([":
            depth += 1
        elif letter in ")]":
            depth = max(depth - 1, 0)
        elif letter in ",;，、；" and depth == 0:
            parts.append(value[start:position])
            start = position + 1
    parts.append(value[start:])
    return [part.strip() for part in parts if part.strip()]


def without_comment(part: str) -> str:
    """`Phase 2 (needed for accounting)` without its trailing parenthesis."""
    return _TRAILING_COMMENT.sub("", part).strip()


def is_nothing(part: str) -> bool:
    """Whether a reference says in words that there is none."""
    return plain_text(without_comment(part)).strip(" .").casefold() in _NONE
