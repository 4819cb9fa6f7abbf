"""Secrets: where one was found, and every spelling a known one can hide in."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

SHORTEST_SECRET = 6
SHORTEST_SPELLING = 6
SHORTEST_LINE = 16
LONGEST_WORD = 12


@dataclass(frozen=True, slots=True)
class SecretFinding:
    """A secret in a change; the secret itself is never carried.

    `line` counts the added lines of the file from 1; `kind` says what it looks like.
    """

    path: str
    line: int
    kind: str


def spellings(secret: str) -> frozenset[str]:
    """Every text that gives the secret away: as it is, reversed, in hexadecimal, percent-encoded,
    escaped, and inside base64 at each of its three alignments.

    Values shorter than `SHORTEST_SECRET`, and single words such as `postgres`, have none: hiding
    them would destroy ordinary text. A secret of several lines (a private key) is also given
    away by each of its longer lines.
    """
    found: set[str] = set()
    for text in _parts(secret):
        raw = text.encode("utf-8", "surrogateescape")
        found |= {text, text[::-1]}
        found |= _hexadecimal(raw)
        found |= _escaped(text, raw)
        found |= _base64(raw)
    return frozenset(form for form in found if len(form) >= SHORTEST_SPELLING)


def is_word(value: str) -> bool:
    """Whether the value is one plain word, as samples in environments are."""
    return (
        len(value) <= LONGEST_WORD
        and value.isalpha()
        and (value.islower() or value.isupper() or value.istitle())
    )


def _parts(secret: str) -> list[str]:
    whole = secret.strip()
    if len(whole) < SHORTEST_SECRET or is_word(whole):
        return []
    lines = [line.strip() for line in whole.splitlines()]
    return [whole, *(line for line in lines if len(line) >= SHORTEST_LINE and line != whole)]


def _hexadecimal(raw: bytes) -> set[str]:
    spelled = {raw.hex(), raw[::-1].hex(), *(raw.hex(separator) for separator in " :-")}
    spelled |= {"\\x" + raw.hex(",").replace(",", "\\x"), "%" + raw.hex("%")}
    return spelled | {form.upper() for form in spelled} | {_upper_digits(f) for f in spelled}


def _upper_digits(form: str) -> str:
    return form.upper().replace("\\X", "\\x")


def _escaped(text: str, raw: bytes) -> set[str]:
    percent = {quote(raw, safe=""), quote(raw), quote_plus(raw)}
    quoted = {
        text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n"),
        text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"),
        "".join(f"\\u{ord(char):04x}" for char in text),
    }
    return percent | {_lower_percent(form) for form in percent} | quoted


def _lower_percent(form: str) -> str:
    parts = form.split("%")
    return parts[0] + "".join("%" + part[:2].lower() + part[2:] for part in parts[1:])


def _base64(raw: bytes) -> set[str]:
    """The part of the encoding that does not depend on what stands around the secret."""
    found = set()
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + raw).decode()
        first, last = -(-8 * before // 6), 8 * (before + len(raw)) // 6
        stable = encoded[first:last]
        found |= {stable, stable.replace("+", "-").replace("/", "_")}
    return found
