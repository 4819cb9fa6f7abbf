"""Writes to the tracker and the code host: begun, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from loopcoder.domain.journal.fact import Carries, Fact, Json


@dataclass(frozen=True, slots=True)
class EffectBegun(Fact):
    """A write is about to happen: `verb` (such as `issue.create`) on `target`."""

    kind: ClassVar[str] = "effect.begin"
    carries: ClassVar[Carries] = Carries.EFFECT
    verb: str
    target: str
    detail: Mapping[str, Json] = field(default_factory=dict)


class EffectOutcome(StrEnum):
    DONE = "done"
    FOUND = "found"
    FAILED = "failed"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class EffectFinished(Fact):
    """What became of the write begun in event `begun`."""

    kind: ClassVar[str] = "effect.finish"
    begun: str
    outcome: EffectOutcome
    detail: Mapping[str, Json] = field(default_factory=dict)
