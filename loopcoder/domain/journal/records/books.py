"""The bookkeeping branch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BooksRecord:
    """Our bookkeeping branch: the newest commit made for it, all those made so far, and what the
    newest says."""

    head: str = ""
    heads: frozenset[str] = frozenset()
    digest: str = ""
    number: int | None = None


NO_BOOKS = BooksRecord()
