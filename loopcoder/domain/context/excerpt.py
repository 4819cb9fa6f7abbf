"""Cutting texts to what fits, fairly and so that everybody sees where something is missing."""

from __future__ import annotations

from collections.abc import Sequence

CHARACTERS_PER_TOKEN = 4


def token_estimate(text: str) -> int:
    """About how many tokens a text has, rounded up; exact counts differ by model."""
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def fair_shares(sizes: Sequence[int], total: int) -> list[int]:
    """What each of several texts gets of `total`: small ones all they need, large ones equal
    parts of the rest. The sum never exceeds `total`."""
    shares = [0] * len(sizes)
    left = max(0, total)
    waiting = sorted(range(len(sizes)), key=lambda index: (sizes[index], index))
    for position, index in enumerate(waiting):
        shares[index] = min(sizes[index], left // (len(waiting) - position))
        left -= shares[index]
    return shares


def excerpt(text: str, limit: int, what: str = "text") -> str:
    """The beginning and, if there is room, the end of a text that is longer than `limit`, with a
    line in between that says how much is missing. The result is never longer than `limit`."""
    if len(text) <= limit:
        return text
    notice = f"\n[… {len(text) - limit:,} or more characters of this {what} are cut here …]\n"
    room = limit - len(notice)
    if room <= 0:
        return notice.strip()[: max(0, limit)]
    tail = room // 4
    head = text[: room - tail]
    end = text[len(text) - tail :] if tail else ""
    head = head[: head.rfind("\n")] if "\n" in head[len(head) // 2 :] else head
    end = end[end.find("\n") + 1 :] if "\n" in end[: len(end) // 2] else end
    return f"{head}{notice}{end}"
