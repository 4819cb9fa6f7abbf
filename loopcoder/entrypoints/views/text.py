"""Text that strangers wrote, made safe to print, and measured in columns."""

from __future__ import annotations

import unicodedata

_NEUTRAL = "\ufffd"
_HARMFUL = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_KEPT = frozenset("\u200d\ufe0f")  # joiners inside emoji


def clean(text: str, *, keep_newlines: bool = False) -> str:
    """Control, bidirectional and invisible characters become visible replacement characters,
    so that a title can neither repaint the screen nor pretend to be another."""
    return "".join(_safe(char, keep_newlines) for char in text)


def _safe(char: str, keep_newlines: bool) -> str:
    if " " <= char <= "~" or char in _KEPT:
        return char
    if char == "\n" and keep_newlines:
        return char
    if char in "\t\n\r":
        return " "
    return _NEUTRAL if unicodedata.category(char) in _HARMFUL else char


def width_of(text: str) -> int:
    """Columns that the text takes on a terminal."""
    return sum(_columns(char) for char in text)


def pad(text: str, width: int) -> str:
    return text + " " * (width - width_of(text))


def fit(text: str, width: int) -> str:
    """The text, cut visibly when it is wider than `width` columns."""
    if width_of(text) <= width:
        return text
    taken, room = "", width - 1
    for char in text:
        room -= _columns(char)
        if room < 0:
            break
        taken += char
    return taken + "…"


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` columns, broken at blanks; a longer word is cut up."""
    lines = [""]
    for word in text.split():
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if width_of(joined) <= width:
            lines[-1] = joined
            continue
        lines = lines if lines[-1] else lines[:-1]
        *full, rest = _pieces(word, width)
        lines += [*full, rest]
    return lines


def _pieces(word: str, width: int) -> list[str]:
    pieces = [""]
    for char in word:
        if width_of(pieces[-1] + char) > max(width, 2):
            pieces.append("")
        pieces[-1] += char
    return pieces


def _columns(char: str) -> int:
    if unicodedata.combining(char) or char in _KEPT:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
