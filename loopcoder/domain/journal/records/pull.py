"""Our pull request for a unit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PullRecord:
    """Our pull request for a unit: `head` is what we last pushed, `told` the SHA-256 of what our
    comment on it says, `written` that of its own text as we left it, `kept_at` the commit where
    the host keeps its merged branch."""

    number: int
    branch: str
    head: str
    answered: frozenset[str] = frozenset()
    fix_ups: int = 0
    review_requested: bool = False
    told: str = ""
    kept_at: str = ""
    written: str = ""
