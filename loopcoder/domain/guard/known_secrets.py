"""Finding secrets that are known, in any spelling, and in pieces."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import pairwise

from loopcoder.domain.guard.secret import spellings

PIECE = 12
"""A piece of a known secret this long, and random-looking, gives it away."""

_BETWEEN = re.compile(r"[^A-Za-z0-9]+")
_ARMOUR = re.compile(r"-----[A-Z0-9 ]+-----")


class KnownSecrets:
    """Secrets whose values we were told. Its repr shows none of them."""

    __slots__ = ("_pieces", "_spelled")

    def __init__(self, values: Iterable[str]) -> None:
        forms = {form for value in values for form in spellings(value)}
        self._spelled = tuple(sorted(forms, key=len))
        bodies = (_compact(_ARMOUR.sub("", form)) for form in forms)
        self._pieces = frozenset(
            piece for body in bodies for piece in _pieces(body) if _looks_random(piece)
        )

    def __repr__(self) -> str:
        return f"KnownSecrets({len(self._spelled)} spellings)"

    def lines_with(self, text: str) -> Iterator[int]:
        """The lines, counted from 1, that hold a secret or a long piece of one.

        Pieces are looked for with everything but letters and digits taken out, so quotes, plus
        signs and line ends between them do not help to hide one.
        """
        if not self._spelled:
            return
        lines = text.split("\n")
        for number, line in enumerate(lines, 1):
            if any(form in line for form in self._spelled):
                yield number
        if self._pieces:
            yield from self._lines_with_pieces(lines)

    def _lines_with_pieces(self, lines: list[str]) -> Iterator[int]:
        compacted = [_compact(line) for line in lines]
        ends, total = [], 0
        for part in compacted:
            total += len(part)
            ends.append(total)
        joined, last = "".join(compacted), 0
        for at in range(len(joined) - PIECE + 1):
            if joined[at : at + PIECE] in self._pieces:
                number = bisect_right(ends, at) + 1
                if number != last:
                    last = number
                    yield number


def _compact(text: str) -> str:
    return _BETWEEN.sub("", text)


def _pieces(body: str) -> set[str]:
    """All pieces of a secret that is long enough to be recognised by one."""
    if len(body) < 2 * PIECE:
        return set()
    return {body[i : i + PIECE] for i in range(len(body) - PIECE + 1)}


def _looks_random(piece: str) -> bool:
    """Whether the piece changes often between digits, capitals and small letters."""
    kinds = ["0" if c.isdigit() else "A" if c.isupper() else "a" for c in piece]
    changes = sum(a != b for a, b in pairwise(kinds))
    return changes >= 3 and len(set(piece)) >= 6
