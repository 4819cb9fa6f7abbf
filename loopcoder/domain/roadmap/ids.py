"""Unit ids as they stand in a roadmap: written, recognised, reserved, and minted when missing."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from base64 import b32encode
from collections.abc import Container
from dataclasses import dataclass

from loopcoder.domain.unit import UnitId, is_unit_id

MINT_LENGTH = 24

ID_COMMENT = re.compile(r"<!--\s*id\s*[:=]\s*(?P<id>.*?)\s*-->", re.IGNORECASE | re.DOTALL)
ANCHOR_ID = re.compile(r"(?:^|(?<=\s))\^(?P<id>[A-Za-z0-9][\w.-]*)[ \t]*$", re.MULTILINE)

_RESERVED = re.compile(r"gh-\d+|ci-[0-9a-f]{4,}|fix-base|bookkeeping")
_LEAD = re.compile(
    r"(?P<open>[*_`\[(~]*)(?P<token>[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)(?P<close>[.*_`\])~:：]*)"
    r"(?P<link>\([^()\s]*\)[*_~]*:?[*_]*)?(?P<dash>\s+[-–—](?=\s))?(?=\s|$|(?<=：))",
    re.ASCII,
)
_BARE = re.compile(r"T\d{3,}[a-z]?", re.ASCII)
_FILE_NAME = re.compile(r".*\.[A-Za-z]{1,5}")
_NOT_AN_ID = re.compile(
    r"p[0-4]|q[1-4]|v?\d+(?:[._-]\d+)*(?:[._-]?(?:alpha|beta|rc|dev|pre|post|x)[._-]?\d*)?"
)
# Words such as e2e, i18n and k8s; T12a is an id.
_NUMERONYM = re.compile(r"[A-Za-z]+\d+[A-Za-z]{2,}|[a-z]+\d+[a-z]")
_NUMBERING = re.compile(r"^\d+(?:\.\d+)*[.)*:]*\s+(?:\(\w\)\s+)?")
_SEPARATOR = re.compile(r"^\s*[-–—:]?\s+|^\s+")


@dataclass(frozen=True, slots=True)
class LeadToken:
    """An id that a line begins with, and what remains of the line without it."""

    id: str
    rest: str


def fold_id(text: str) -> str:
    """Ids are compared without case."""
    return text.strip().casefold()


def is_reserved_id(text: str) -> bool:
    """Whether an id belongs to units that no roadmap names.

    `gh-<n>` are hand-made issues, `ci-<fingerprint>` (hexadecimal) failures of CI, `fix-base` a
    red base branch, and `bookkeeping` is the branch that ticks boxes.
    """
    return _RESERVED.fullmatch(text) is not None


def id_problem(text: str) -> str:
    """What keeps a folded text from being a unit id; empty if nothing does."""
    if is_reserved_id(text):
        return "is reserved"
    if not is_unit_id(text):
        return "is not an id"
    return ""


def lead_token(line: str) -> LeadToken | None:
    """The id at the beginning of a line: set off by markup or punctuation, or a bare `T001`."""
    found = _LEAD.match(line)
    if found is None:
        return None
    token = found["token"]
    if not (_is_set_off(found) or _BARE.fullmatch(token)):
        return None
    folded = fold_id(token)
    if not _looks_like_an_id(folded) or _NUMERONYM.fullmatch(token) or is_reserved_id(folded):
        return None
    rest = line[found.end() :]
    if found["open"] and not _closes(found["open"], found["close"] + (found["link"] or "")):
        rest = found["open"] + rest.lstrip()
    else:
        rest = _SEPARATOR.sub("", rest)
    return LeadToken(folded, rest.strip())


def _is_set_off(found: re.Match[str]) -> bool:
    if found["dash"] or found["link"]:
        return True
    if any(mark in found["close"] for mark in ":：.)"):
        return True
    return bool(found["open"]) and _closes(found["open"], found["close"])


def _closes(opening: str, closing: str) -> bool:
    mirrored = opening[::-1].translate(str.maketrans("[(", "])"))
    return all(mark in closing for mark in mirrored)


def _looks_like_an_id(folded: str) -> bool:
    return (
        is_unit_id(folded)
        and any(letter.isdigit() for letter in folded)
        and _NOT_AN_ID.fullmatch(folded) is None
        and _FILE_NAME.fullmatch(folded) is None
    )


def mint_id(phrase: str, taken: Container[str], seed: str = "") -> UnitId:
    """A new id from a lead phrase: readable where ASCII letters are left, else `u-` and base32.

    The same phrase, taken ids and seed give the same id.
    """
    stem = _cut_at_word(_slug(_NUMBERING.sub("", phrase)) or _slug(phrase))
    if not is_unit_id(stem) or stem.isdecimal():  # a number alone reads like an issue's
        return _random_id(phrase, taken, seed)
    candidate, number = stem, 1
    while candidate in taken or is_reserved_id(candidate):
        number += 1
        candidate = f"{stem}-{number}"
    return UnitId(candidate)


def _slug(phrase: str) -> str:
    ascii_text = unicodedata.normalize("NFKD", phrase).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", re.sub(r"['`]", "", ascii_text.lower()))
    return "-".join(words)


def _cut_at_word(slug: str) -> str:
    if len(slug) <= MINT_LENGTH:
        return slug
    head = slug[: MINT_LENGTH + 1]
    return head[: head.rfind("-")] if "-" in head else slug[:MINT_LENGTH]


def _random_id(phrase: str, taken: Container[str], seed: str) -> UnitId:
    number = 0
    while True:
        digest = hashlib.sha256(f"{seed}\0{phrase}\0{number}".encode("utf-8", "replace")).digest()
        candidate = f"u-{b32encode(digest).decode()[:5].lower()}"
        if candidate not in taken:
            return UnitId(candidate)
        number += 1
