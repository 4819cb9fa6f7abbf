"""The bookkeeping branch and its pull request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from loopcoder.domain.journal.fact import Carries, Fact


@dataclass(frozen=True, slots=True)
class BooksMade(Fact):
    """A commit of ours for the bookkeeping branch. `digest` is that of the roadmap's new texts."""

    kind: ClassVar[str] = "books.made"
    carries: ClassVar[Carries] = Carries.EFFECT
    head: str
    digest: str


@dataclass(frozen=True, slots=True)
class BooksProposed(Fact):
    """The bookkeeping branch's pull request."""

    kind: ClassVar[str] = "books.proposed"
    number: int
