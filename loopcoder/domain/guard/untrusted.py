"""Text written by strangers, agents and programs, made safe to show, to prompt with, to publish.

`clean` takes out what a reader cannot see: escape sequences, control, bidirectional and
zero-width characters, HTML comments. `sanitise` also disarms what would act on publication: closing
keywords, mentions, slash commands, HTML, markers. Disarmed characters become their full-width
twins (`@` → `＠`): people still read them, and doing it twice changes nothing.
"""

from __future__ import annotations

import html
import re
import unicodedata
from bisect import bisect_right

CUT = "… (cut)"

_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]"
)
_NEWLINES = re.compile(r"\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs"})
_HIDDEN_EXTRA = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5")
_KEPT = frozenset("\n\t")

_REFERENCE = r"(?:[\w.-]+/[\w.-]+)?#(?=\d)|GH-(?=\d)|https?://(?=\S*?/(?:issues|pull)/\d)"
_CLOSING = re.compile(
    r"(\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\b[^A-Za-z0-9#]{0,20}?)" rf"({_REFERENCE})",
    re.IGNORECASE,
)
_MENTION = re.compile(r"(?<![A-Za-z0-9_])@(?=[A-Za-z0-9_])")
_SLASH = re.compile(r"^([ \t]*)/(?=[A-Za-z])", re.MULTILINE)
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_IMAGE = re.compile(r"!(?=\[)")
_COMMENT_END = re.compile(r"-->")
_ENTITY = re.compile(r"&(?=(#\d{1,8}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});)")
_SKIP_CI = re.compile(
    r"\[(?=(?:skip ci|ci skip|no ci|skip actions|actions skip|skip-ci|ci-skip)\])", re.IGNORECASE
)
_SAFE_ENTITIES = frozenset("&<>\"' \u00a0")


def clean(text: str, *, max_length: int) -> str:
    """What a reader would see of the text, cut visibly at `max_length` characters.

    HTML comments go, but for those in code, which are shown. For prompts, terminals and files.
    """
    visible = _visible(text[: 4 * max_length + 1000])
    return _cut(_without_comments(visible, keep_in_code=True), max_length)


def sanitise(text: str, *, max_length: int) -> str:
    """Text that does nothing when it is published in an issue, a pull request or a commit."""
    shown = _without_comments(_visible(text[: 4 * max_length + 1000]), keep_in_code=False)
    return _cut(_disarmed(shown), max_length)


def reveal(text: str) -> str:
    """The text with invisible characters spelled out, as a reviewer has to see them."""
    text = text.replace("\r\n", "\n")
    if text.isascii() and text.isprintable():
        return text
    return "".join(f"⟨U+{ord(char):04X}⟩" if _is_hidden(char) else char for char in text)


def sanitise_line(text: str, *, max_length: int) -> str:
    """As `sanitise`, on one line: for titles, list items and table cells."""
    one_line = " ".join(sanitise(text, max_length=4 * max_length + 100).split())
    return _cut(one_line, max_length)


def cell(text: str, *, max_length: int = 200) -> str:
    """A line that can stand in a Markdown table without ending its cell."""
    line = sanitise_line(text, max_length=max_length)
    return line.replace("\\", "\\\\").replace("|", "\\|")


def code(text: str, *, max_length: int = 200) -> str:
    """A one-line code span, whatever backticks the text has; safe in a table cell, too."""
    line = " ".join(clean(text, max_length=max_length).split()).replace("|", "\u2502")
    line = _TAG.sub("\u2039", line)
    ticks = "`" * (_longest_run(line) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") or not line else ""
    return f"{ticks}{pad}{line}{pad}{ticks}"


def fence(text: str, info: str = "") -> str:
    """A fenced code block that the text cannot end. The text should have been cleaned."""
    ticks = "`" * max(3, _longest_run(text) + 1)
    label = re.sub(r"[^A-Za-z0-9_+-]", "", info)
    body = text if not text or text.endswith("\n") else text + "\n"
    return f"{ticks}{label}\n{body}{ticks}"


def quote(text: str) -> str:
    """A block quote: an unclosed fence or HTML block in it ends where the quote ends."""
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall(r"`+", text)), default=0)


def _visible(text: str) -> str:
    """The text without escape sequences and characters that have no shape of their own."""
    text = _NEWLINES.sub("\n", _ESCAPES.sub("", text))
    if text.isascii() and text.isprintable():
        return text
    return "".join(char for char in text if not _is_hidden(char))


def _is_hidden(char: str) -> bool:
    if char in _KEPT:
        return False
    if char in _HIDDEN_EXTRA or 0xE0000 <= ord(char) <= 0xE0FFF:
        return True
    return unicodedata.category(char) in _HIDDEN_CATEGORIES


def _without_comments(text: str, *, keep_in_code: bool) -> str:
    """Take HTML comments out. One that is never closed would hide the rest, so it goes up to
    the end of its line."""
    code_spans = _code_spans(text) if keep_in_code else []
    starts = [start for start, _ in code_spans]
    out, at = [], 0
    while (begin := text.find("<!--", at)) >= 0:
        index = bisect_right(starts, begin) - 1
        if index >= 0 and begin < code_spans[index][1]:
            end = code_spans[index][1]
            out.append(text[at:end])
        else:
            out.append(text[at:begin])
            close = text.find("-->", begin + 2)
            line_end = text.find("\n", begin)
            end = close + 3 if close >= 0 else (line_end if line_end >= 0 else len(text))
        at = end
    return "".join(out) + text[at:]


def _code_spans(text: str) -> list[tuple[int, int]]:
    """Where backticks make code: fenced blocks, and spans that end on their own line."""
    runs = [(m.start(), m.end()) for m in re.finditer(r"(?<!\\)`+", text)]
    by_length: dict[int, list[int]] = {}
    for start, end in runs:
        by_length.setdefault(end - start, []).append(start)
    spans, free_from = [], 0
    for start, end in runs:
        if start < free_from:
            continue
        same = by_length[end - start]
        later = bisect_right(same, start)
        if later == len(same):
            continue
        close = same[later]
        newline = text.find("\n", end)
        fenced = end - start >= 3 and not text[text.rfind("\n", 0, start) + 1 : start].strip()
        if fenced or newline < 0 or close < newline:
            free_from = close + (end - start)
            begin = start if not fenced else (newline if 0 <= newline < close else close)
            spans.append((begin, free_from))
    return spans


def _disarmed(text: str) -> str:
    text = _ENTITY.sub(_entity, text)
    text = _COMMENT_END.sub("--\u203a", _TAG.sub("\u2039", text))
    text = _CLOSING.sub(lambda m: m[1] + _widened(m[2]), text)
    text = _SKIP_CI.sub("\uff3b", _IMAGE.sub("\uff01", text))
    return _SLASH.sub("\\1\uff0f", _MENTION.sub("\uff20", text))


def _entity(match: re.Match[str]) -> str:
    """Keep `&eacute;`; disarm entities that stand for what is disarmed when written plainly."""
    shown = html.unescape(f"&{match[1]};")
    harmless = all(c in _SAFE_ENTITIES or (ord(c) > 0xA0 and not _is_hidden(c)) for c in shown)
    return "&" if harmless else "\uff06"


def _widened(reference: str) -> str:
    return (
        reference.replace("#", "\uff03").replace("://", "\uff1a//").replace("-", "\u2011")
        if reference[:3].upper() == "GH-" or "://" in reference
        else reference.replace("#", "\uff03")
    )


def _cut(text: str, max_length: int) -> str:
    if len(text) <= max_length:
        return text
    return text[: max(0, max_length - len(CUT))] + CUT[: max(0, max_length)]
