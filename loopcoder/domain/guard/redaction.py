"""Known secrets out of every text we emit, in whatever spelling they come."""

from __future__ import annotations

from collections.abc import Iterable
from typing import AnyStr

from loopcoder.domain.guard.secret import spellings

MASK = "***"


class Redactor:
    """Masks every spelling (`domain/guard/secret.py`) of the given secrets.

    Its repr tells how many it knows and nothing else.
    """

    __slots__ = ("_bytes", "_texts")

    def __init__(self, secrets: Iterable[str]) -> None:
        found = {form for secret in secrets for form in spellings(secret)}
        self._texts = tuple(sorted(found, key=lambda form: (-len(form), form)))
        self._bytes = tuple(form.encode("utf-8", "surrogateescape") for form in self._texts)

    def __repr__(self) -> str:
        return f"Redactor({len(self._texts)} spellings)"

    def text(self, text: str) -> str:
        """The text with every secret masked."""
        return _masked(text, self._texts, MASK)

    def data(self, data: bytes) -> bytes:
        """As `text`, for bytes of any kind."""
        return _masked(data, self._bytes, MASK.encode())

    def finds(self, text: str) -> bool:
        """Whether the text gives a secret away."""
        return any(form in text for form in self._texts)

    def stream(self) -> RedactedStream:
        """A redactor for output that arrives in pieces."""
        return RedactedStream(self._bytes)


class RedactedStream:
    """Masks secrets that lie across the border of two chunks. Holds back at most the length of
    the longest spelling; `end` gives the rest."""

    __slots__ = ("_covered", "_forms", "_held", "_keep")

    def __init__(self, forms: tuple[bytes, ...]) -> None:
        self._forms = forms
        self._keep = max((len(form) for form in forms), default=1) - 1
        self._held = b""
        self._covered = 0

    def feed(self, chunk: bytes) -> bytes:
        """What can be passed on after this chunk."""
        self._held += chunk
        return self._release(max(0, len(self._held) - self._keep))

    def end(self) -> bytes:
        """Everything that was held back."""
        return self._release(len(self._held))

    def _release(self, upto: int) -> bytes:
        """Pass on the first `upto` bytes. A secret that reaches further is masked now, and the
        part of it that is still held is remembered as covered."""
        out, at, beyond = [], 0, 0
        for start, end in _found(self._held, self._forms, self._covered):
            if start >= upto and not (start == 0 and self._covered):
                break
            if start > 0 or not self._covered:
                out += [self._held[at:start], MASK.encode()]
            at, beyond = min(end, upto), max(0, end - upto)
        out.append(self._held[at:upto])
        self._held, self._covered = self._held[upto:], beyond
        return b"".join(out)


def _found(text: AnyStr, forms: tuple[AnyStr, ...], covered: int = 0) -> list[tuple[int, int]]:
    """The stretches of the text that are secret, in order, overlapping ones joined. The first
    `covered` characters are known to be."""
    hits: list[tuple[int, int]] = [(0, covered)] if covered else []
    for form in forms:
        at = text.find(form)
        while at >= 0:
            hits.append((at, at + len(form)))
            at = text.find(form, at + 1)
    joined: list[tuple[int, int]] = []
    for start, end in sorted(hits):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _masked(text: AnyStr, forms: tuple[AnyStr, ...], mask: AnyStr) -> AnyStr:
    hits: list[tuple[int, int]] = _found(text, forms)
    if not hits:
        return text
    borders = [0, *(border for hit in hits for border in hit), len(text)]
    kept = [text[borders[i] : borders[i + 1]] for i in range(0, len(borders), 2)]
    return mask.join(kept)
