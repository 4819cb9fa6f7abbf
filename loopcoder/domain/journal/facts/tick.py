"""A tick, the state of the base that it works from, and the end of the roadmap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from loopcoder.domain.journal.fact import Carries, Fact, Json
from loopcoder.domain.journal.holder import Holder


@dataclass(frozen=True, slots=True)
class TickBegun(Fact):
    kind: ClassVar[str] = "tick.begin"
    carries: ClassVar[Carries] = Carries.EFFECT
    run: str
    base: str
    holder: Holder


@dataclass(frozen=True, slots=True)
class TickFinished(Fact):
    kind: ClassVar[str] = "tick.finish"
    run: str
    stop_reason: str
    summary: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BaseChecked(Fact):
    """The base commit's own gates: `commands` is the digest of what was run."""

    kind: ClassVar[str] = "base.checked"
    sha: str
    commands: str
    green: bool
    failing: str = ""
    tail: str = ""


@dataclass(frozen=True, slots=True)
class Sealed(Fact):
    """Everything asked for is done, and the base is green: hashes of the evidence."""

    kind: ClassVar[str] = "roadmap.sealed"
    base: str
    evidence: Mapping[str, Json] = field(default_factory=dict)
