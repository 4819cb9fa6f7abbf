"""The text an entry begins with: title, id, inline dependencies and priority.

The title is the plain text of the first line, without what we read from it. A line of more than
`TITLE_LENGTH` characters is cut to its bold beginning, else after its last whole clause; the full
line then opens the body, so that no word is lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from loopcoder.domain.markdown import mask_code, plain_text
from loopcoder.domain.roadmap.ids import ANCHOR_ID, ID_COMMENT, LeadToken, fold_id, lead_token

TITLE_LENGTH = 100
MENTION_LENGTH = 2_000
DEPENDENCY_WORDS = (
    r"after|depends[ -]on|needs|requires|blocked[ -]by|prerequisites?|dependencies|dependency"
)

_BOX = re.compile(r"\[(?P<mark>[^\]\n])\](?=\s|$)")
_BROKEN_BOX = re.compile(r"\[(?P<inside>[ \t]*|[ \t]+[xX-]|[xX-][ \t]+)\](?![(\[:])")
_GLUED_BOX = re.compile(r"\[[ xX-]\](?=[^\s(\[:\]])")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_INLINE = re.compile(rf"(?<!\\)\((?P<word>{DEPENDENCY_WORDS}|blocks)\s*:\s*", re.IGNORECASE)
_PARENTHESIS = re.compile(r"[()]")
_PRIORITY = re.compile(r"(?<![\\\w])\[P(?P<rank>[0-4])\](?!\()", re.IGNORECASE)
_BOLD = re.compile(r"(\*\*|__)(?P<text>(?=\S).+?)\1(?=\s*(?:$|[-–—:.(（：]))")
_CLAUSE_END = re.compile(r"(?<=[.;!?])\s|\s[-–—]\s|:\s|\s\(|[。；：（]")
_PHRASE_END = re.compile(r"\s[-–—]\s|\s\(|[。；：（]")


@dataclass(frozen=True, slots=True)
class Mention:
    """A dependency as written. `line` counts from 0 in the file; `inline` is `(after: …)`.

    A field takes `length` lines.
    """

    word: str
    value: str
    line: int
    inline: bool = False
    length: int = 1

    @property
    def is_reverse(self) -> bool:
        return self.word == "blocks"


@dataclass(frozen=True, slots=True)
class Lead:
    """What the first paragraph of an entry says.

    `ids` are those written as comments or anchors, folded; `token` is the id the line begins
    with, if any. `phrase` is what a missing id is made of. `rest` are the other lines of the
    paragraph, None where the line holds nothing else. `line` is the whole first line as Markdown:
    `cut` says that the title is only a part of it, `runs_on` that the line itself, or the title, is
    only the beginning of a sentence.
    """

    title: str
    line: str = ""
    ids: tuple[str, ...] = ()
    token: str = ""
    phrase: str = ""
    mentions: tuple[Mention, ...] = ()
    priority: int | None = None
    rest: tuple[str, ...] = ()
    cut: bool = False
    runs_on: bool = False
    unclosed: int | None = None

    @property
    def id(self) -> str:
        return self.ids[0] if self.ids else self.token


@dataclass(frozen=True, slots=True)
class TaskBox:
    """A box at the beginning of an item, and the text after it."""

    mark: str
    text: str


def task_box(text: str) -> TaskBox | None:
    """The box an item's text begins with: brackets around one character, then white space."""
    found = _BOX.match(text)
    return TaskBox(found["mark"], text[found.end() :]) if found else None


def broken_box(text: str) -> str:
    """What is wrong with something that looks like a box and is none; empty if nothing."""
    if found := _GLUED_BOX.match(text):
        return f"`{found.group()}` is not followed by a space"
    if found := _BROKEN_BOX.match(text):
        return f"`{found.group()}` is not a box"
    return ""


def without_comments(text: str) -> str:
    """`text` without HTML comments, and with single spaces."""
    if "<!--" in text:
        spans = [found.span() for found in _COMMENT.finditer(mask_code(text))]
        text = _without(text, spans)
    return " ".join(text.split())


def read_lead(text: str, line: int) -> Lead:
    """Read a first paragraph (without its box) that starts on `line`, counted from 0."""
    masked = mask_code(text)
    cuts: list[tuple[int, int]] = []
    ids: list[str] = []
    mentions: list[Mention] = []
    priority, unclosed = None, None
    if "<!--" in masked:
        for found in _COMMENT.finditer(masked):
            cuts.append(found.span())
            if ours := ID_COMMENT.fullmatch(found.group()):
                ids.append(fold_id(ours["id"]))
        masked = _blank(masked, cuts)
    if "^" in masked:
        for found in ANCHOR_ID.finditer(masked):
            cuts.append(found.span())
            ids.append(fold_id(found["id"]))
    if "(" in masked:
        spans, mentions, unclosed = _inline_mentions(text, masked, line)
        cuts += spans
    if "[" in masked and (ranked := _PRIORITY.search(masked)):
        cuts.append(ranked.span())
        priority = int(ranked["rank"])
    lines = _without(text, cuts).split("\n") if cuts else text.split("\n")
    first = _first_text(lines)
    token = None if ids else lead_token(lines[first].strip())
    return _lead(lines, first, token, ids, mentions, priority, unclosed)


def _lead(
    lines: list[str],
    first: int,
    token: LeadToken | None,
    ids: list[str],
    mentions: list[Mention],
    priority: int | None,
    unclosed: int | None,
) -> Lead:
    head = _without_hard_break(lines[first].strip())
    markup = (token.rest or head) if token else head
    title = plain_text(markup)
    short = shorten(title, markup)
    rest = tuple(lines[first + 1 :])
    return Lead(
        title=short,
        line=head,
        ids=tuple(dict.fromkeys(ids)),
        token=token.id if token else "",
        phrase=_phrase(title, markup),
        mentions=tuple(mentions),
        priority=priority,
        rest=(*([""] * first), *rest),
        cut=short != title,
        runs_on=short != title or (bool(rest) and rest[0].strip()[:1].islower()),
        unclosed=unclosed,
    )


def shorten(title: str, markup: str = "") -> str:
    """`title` itself if it is short enough, else its bold beginning or its first clauses."""
    if len(title) <= TITLE_LENGTH:
        return title
    if (bold := _bold_lead(markup)) and len(bold) <= TITLE_LENGTH:
        return bold
    ends = [found.start() for found in _CLAUSE_END.finditer(title, 40, TITLE_LENGTH)]
    if ends:
        return title[: ends[-1]].rstrip(" .;:-–—")
    head = title[: TITLE_LENGTH - 1]
    return (head[: head.rfind(" ")] if " " in head[40:] else head).rstrip() + "…"


def _bold_lead(markup: str) -> str:
    found = _BOLD.match(markup)
    return plain_text(found["text"]).rstrip(":. ") if found else ""


def _phrase(title: str, markup: str) -> str:
    """The words a missing id is made of: the bold beginning, else up to a dash or parenthesis."""
    if markup.startswith(("**", "__")) and (bold := _bold_lead(markup)):
        return bold
    found = _PHRASE_END.search(title, 12)
    return title[: found.start()] if found else title


def _inline_mentions(
    text: str, masked: str, line: int
) -> tuple[list[tuple[int, int]], list[Mention], int | None]:
    """Every `(after: …)`: where it stands, what it says, and the line of one never closed."""
    spans: list[tuple[int, int]] = []
    mentions: list[Mention] = []
    unclosed = None
    for found in _INLINE.finditer(masked):
        at = line + text.count("\n", 0, found.start())
        end = _closing_parenthesis(masked, found.end())
        if end is None:
            unclosed = at
            continue
        word = found["word"].lower().replace("-", " ")
        mentions.append(Mention(word, text[found.end() : end], at, inline=True))
        spans.append((found.start(), end + 1))
    return spans, mentions, unclosed


def _closing_parenthesis(text: str, start: int) -> int | None:
    depth = 1
    for found in _PARENTHESIS.finditer(text, start, start + MENTION_LENGTH):
        depth += 1 if found.group() == "(" else -1
        if depth == 0:
            return found.start()
    return None


def _blank(text: str, spans: Iterable[tuple[int, int]]) -> str:
    for start, end in spans:
        text = text[:start] + re.sub(r"[^\n]", " ", text[start:end]) + text[end:]
    return text


def _without(text: str, cuts: list[tuple[int, int]]) -> str:
    """`text` without the cut spans and the blanks before them; line ends stay where they were."""
    kept, position = [], 0
    for start, end in sorted(cuts):
        if start < position:
            continue
        kept.append(text[position:start].rstrip(" \t"))
        kept.append("\n" * text.count("\n", start, end))
        position = end
        if kept[0] == "" and len(kept) == 2:
            position += len(text[end:]) - len(text[end:].lstrip(" \t"))
    kept.append(text[position:])
    return "".join(kept)


def _first_text(lines: list[str]) -> int:
    return next((number for number, line in enumerate(lines) if line.strip()), 0)


def _without_hard_break(line: str) -> str:
    backslashes = len(line) - len(line.rstrip("\\"))
    return line[:-1].rstrip() if backslashes % 2 else line
