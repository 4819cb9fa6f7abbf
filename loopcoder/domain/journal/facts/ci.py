"""What a project's CI said about a failure that was made a unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from loopcoder.domain.journal.fact import Fact


@dataclass(frozen=True, slots=True)
class CiFailed(Fact):
    """The unit's failure was seen in `run` (`<id>.<attempt>`) of a workflow, on a base commit."""

    kind: ClassVar[str] = "ci.failed"
    workflow: str
    job: str
    step: str
    run: str
    commit: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class CiPassed(Fact):
    """The job in which the unit's failure was seen is green since `run`."""

    kind: ClassVar[str] = "ci.passed"
    run: str
    commit: str


@dataclass(frozen=True, slots=True)
class CiFlaked(Fact):
    """The failure of run `failed` went away on the same commit, in `run`: it is a flake."""

    kind: ClassVar[str] = "ci.flaked"
    failed: str
    run: str
    commit: str
