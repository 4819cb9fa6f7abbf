"""Markdown as an outline of blocks with line numbers; the only module that knows the parser.

A real CommonMark parser (with GFM tables) decides what is a list item, what is code and what is a
quotation. Inline markup is parsed only for the few lines where it matters: that is two thirds of
the cost of a full parse.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

# Exactly the line ends of CommonMark; str.splitlines knows more, and would shift every number.
LINE_END = re.compile(r"\r\n|\r|\n")
BOM = "\ufeff"
MAX_NESTING = 60
INLINE_LIMIT = 4_000

_MARKUP = re.compile(r"[\\`*_\[\]<>&~!]")
_CODE_SPAN = re.compile(r"(?<![`\\])(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_FRONT_MATTER_START = re.compile(r"(---|\+\+\+)[ \t]*")
_FRONT_MATTER_KEY = re.compile(r"#|[\w\"'.-]+\s*[:=]")


class Kind(StrEnum):
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST = "list"
    ITEM = "item"
    TABLE = "table"
    ROW = "row"
    HTML = "html"
    FENCE = "fence"
    OPAQUE = "opaque"


@dataclass(frozen=True, slots=True)
class Block:
    """A block and the lines it stands on: `start` counts from 0, `end` is the line after it.

    `text` is the inline source of a heading or paragraph, the raw text of HTML, the marker of a
    fence. `level` is a heading's. `cells` are a row's; a table's first row is its header.
    """

    kind: Kind
    start: int
    end: int
    text: str = ""
    level: int = 0
    children: tuple[Block, ...] = ()
    cells: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outline:
    """A document: its lines without line ends (and without BOM), and its top-level blocks."""

    lines: tuple[str, ...]
    blocks: tuple[Block, ...]


def outline(text: str) -> Outline:
    """Read `text` into blocks. What stands in quotes and code is there, but has no children."""
    lines = LINE_END.split(text.removeprefix(BOM))
    hidden = _front_matter_length(lines)
    source = "\n".join([""] * hidden + lines[hidden:])
    return Outline(tuple(lines), _blocks(_block_parser().parse(source)))


def plain_text(markup: str) -> str:
    """What a reader sees of one line or paragraph of Markdown, with single spaces."""
    if _MARKUP.search(markup):
        markup = "".join(_visible(_inline_parser().parseInline(markup[:INLINE_LIMIT])))
    return " ".join(markup.split())


def mask_code(text: str) -> str:
    """`text` with every inline code span blanked, so that positions stay the same."""
    if "`" not in text:
        return text
    return _CODE_SPAN.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), text)


def code_spans(text: str) -> tuple[str, ...]:
    """The contents of the inline code spans of `text`, without padding."""
    spans = (found.group(2).replace("\n", " ") for found in _CODE_SPAN.finditer(text))
    return tuple(
        span[1:-1] if span[0] == span[-1] == " " and span.strip() else span for span in spans
    )


def code_span(text: str) -> str:
    """`text` as an inline code span, whatever it holds."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    pad = " " if text.startswith(("`", " ")) or text.endswith(("`", " ")) else ""
    fence = "`" * (longest + 1)
    return f"{fence}{pad}{text}{pad}{fence}"


def _front_matter_length(lines: Sequence[str]) -> int:
    """How many lines the front matter takes; 0 where `---` opens no front matter."""
    fence = _FRONT_MATTER_START.fullmatch(lines[0])
    if fence is None:
        return 0
    ends = {fence.group(1), "..."}
    for number, line in enumerate(lines[1:], start=1):
        if line.rstrip() in ends:
            inside = [each for each in lines[1:number] if each.strip()]
            return number + 1 if not inside or _FRONT_MATTER_KEY.match(inside[0]) else 0
    return 0


@cache
def _block_parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"maxNesting": MAX_NESTING}).enable("table")
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser


@cache
def _inline_parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"maxNesting": MAX_NESTING}).enable("strikethrough")


def _visible(tokens: Sequence[Token]) -> list[str]:
    seen: list[str] = []
    for token in tokens:
        if token.type == "inline":
            seen.extend(_visible(token.children or ()))
        elif token.type in ("softbreak", "hardbreak"):
            seen.append(" ")
        elif token.type != "html_inline":
            seen.append(token.content)
    return seen


_CONTAINERS = {
    "bullet_list_open": Kind.LIST,
    "ordered_list_open": Kind.LIST,
    "list_item_open": Kind.ITEM,
    "table_open": Kind.TABLE,
}
_CONTAINER_ENDS = frozenset(name.replace("_open", "_close") for name in _CONTAINERS)
_LEAVES = {
    "fence": Kind.FENCE,
    "code_block": Kind.OPAQUE,
    "hr": Kind.OPAQUE,
    "html_block": Kind.HTML,
}


def _blocks(tokens: Sequence[Token]) -> tuple[Block, ...]:
    """One walk over the flat token stream, with a stack of open containers."""
    open_blocks: list[tuple[Kind, int, int]] = []
    children: list[list[Block]] = [[]]
    opened: Token | None = None
    cells: list[str] | None = None
    quoted = 0
    for token in tokens:
        kind = token.type
        if kind == "blockquote_open":
            if not quoted:
                start, end = _span(token)
                children[-1].append(Block(Kind.OPAQUE, start, end))
            quoted += 1
        elif kind == "blockquote_close":
            quoted -= 1
        elif quoted:
            continue
        elif kind in ("paragraph_open", "heading_open"):
            opened = token
        elif kind == "inline":
            if cells is not None:
                cells.append(token.content)
            elif opened is not None:
                children[-1].append(_text_block(opened, token.content, bool(open_blocks)))
        elif kind in _CONTAINERS:
            open_blocks.append((_CONTAINERS[kind], *_span(token)))
            children.append([])
        elif kind in _CONTAINER_ENDS:
            inner = tuple(children.pop())
            children[-1].append(Block(*open_blocks.pop(), children=inner))
        elif kind == "tr_open":
            cells, opened = [], token
        elif kind == "tr_close" and cells is not None and opened is not None:
            children[-1].append(Block(Kind.ROW, *_span(opened), cells=tuple(cells)))
            cells = None
        elif kind in _LEAVES:
            text = token.markup if kind == "fence" else token.content
            children[-1].append(Block(_LEAVES[kind], *_span(token), text=text))
    return tuple(children[0])


def _span(token: Token) -> tuple[int, int]:
    start, end = token.map or (0, 0)
    return start, end


def _text_block(opened: Token, text: str, nested: bool) -> Block:
    """A heading or paragraph. `[ ] x` underlined by dashes in an item is still the item's text."""
    if opened.type == "heading_open" and not (nested and opened.markup in ("=", "-")):
        return Block(Kind.HEADING, *_span(opened), text=text, level=int(opened.tag[1:]))
    return Block(Kind.PARAGRAPH, *_span(opened), text=text)
