"""What agents note for one another, and people throw out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from loopcoder.domain.journal.fact import Fact


@dataclass(frozen=True, slots=True)
class Learned(Fact):
    """An agent noted something of the repository while it worked on the unit. It is a hint for
    later agents, and never an instruction; it goes by the hash of its text."""

    kind: ClassVar[str] = "hint.learned"
    text: str
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Forgotten(Fact):
    """A person does not want the hint of this name shown again, whoever notes it."""

    kind: ClassVar[str] = "hint.forgotten"
    by: str
    hint: str
