"""How good a reviewer is: cases with a known answer, what counts as right, and rates.

A defect counts as caught only by a request for changes with a finding at its place, so that a
reviewer which rejects everything gains nothing by it but false alarms.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import sqrt
from posixpath import normpath

from loopcoder.domain.review.verdict import Check, Decision, Finding, Judgement
from loopcoder.domain.settings import Thresholds
from loopcoder.domain.unit import Unit, text_digest

NEAR = 10
"""Lines by which a finding may miss the defect's place: people point at the head of a function."""

LEAST_DEFECTS = 12
LEAST_CLEAN = 8
"""Below these numbers a result says too little to open the gate."""

_Z95 = 1.959964


class Expected(StrEnum):
    DEFECT = "defect"
    CLEAN = "clean"


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a finding must be. Lines count from 1 in the changed file; 0 means the whole file."""

    file: str
    first: int = 0
    last: int = 0

    def holds(self, finding: Finding) -> bool:
        if normpath(finding.file or "-") != normpath(self.file):
            return False
        if not (self.first and finding.line):
            return True
        return self.first - NEAR <= finding.line <= self.last + NEAR


@dataclass(frozen=True, slots=True)
class Case:
    """A change whose worth is known. `base` maps paths to text; `patch` is a unified diff on it.

    `spots` are the places of a defect, each of them good enough; `why` says what is wrong there.
    """

    id: str
    unit: Unit
    base: Mapping[str, str]
    patch: str
    expected: Expected
    defect: str = ""
    spots: tuple[Spot, ...] = ()
    why: str = ""
    checks: tuple[Check, ...] = ()
    summary: str = ""
    digest: str = field(init=False, default="")

    def __post_init__(self) -> None:
        told = {
            "unit": [self.unit.id, text_digest(self.unit)],
            "base": sorted(self.base.items()),
            "patch": self.patch,
            "expected": self.expected,
            "spots": [[spot.file, spot.first, spot.last] for spot in self.spots],
            "shown": [self.summary, [check.name for check in self.checks]],
        }
        text = json.dumps(told, sort_keys=True, ensure_ascii=False)
        object.__setattr__(self, "digest", hashlib.sha256(text.encode()).hexdigest())


class CaseOutcome(StrEnum):
    CAUGHT = "caught"
    MISSED = "missed"
    APPROVED = "approved"
    FALSE_ALARM = "false-alarm"
    UNUSABLE = "unusable"


def grade(case: Case, judgement: Judgement) -> CaseOutcome:
    """What the reviewer's answer to a case is worth."""
    if not judgement.usable:
        return CaseOutcome.UNUSABLE
    asks = judgement.decision is Decision.REQUEST_CHANGES
    if case.expected is Expected.CLEAN:
        return CaseOutcome.FALSE_ALARM if asks else CaseOutcome.APPROVED
    at_place = any(spot.holds(f) for spot in case.spots for f in judgement.findings)
    return CaseOutcome.CAUGHT if asks and at_place else CaseOutcome.MISSED


@dataclass(frozen=True, slots=True)
class Rate:
    """`hits` of `total`."""

    hits: int
    total: int

    @property
    def value(self) -> float:
        return self.hits / self.total if self.total else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % confidence interval; all is possible while nothing was seen."""
        n, p, z = self.total, self.value, _Z95
        if n == 0:
            return 0.0, 1.0
        middle = p + z * z / (2 * n)
        spread = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        scale = 1 + z * z / n
        return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.hits} of {self.total} ({self.value:.0%}, 95 % interval {low:.0%}–{high:.0%})"


@dataclass(frozen=True, slots=True)
class Tally:
    """What a reviewer did with the cases shown so far. `unusable` answers are in `alarms`, too,
    where the change was clean; where it was a defect they are not in `caught`."""

    defects: int = 0
    caught: int = 0
    clean: int = 0
    alarms: int = 0
    unusable: int = 0

    @classmethod
    def of(cls, graded: Iterable[tuple[Expected, CaseOutcome]]) -> Tally:
        rows = list(graded)
        clean = [outcome for expected, outcome in rows if expected is Expected.CLEAN]
        defects = [outcome for expected, outcome in rows if expected is Expected.DEFECT]
        return cls(
            defects=len(defects),
            caught=defects.count(CaseOutcome.CAUGHT),
            clean=len(clean),
            alarms=len(clean) - clean.count(CaseOutcome.APPROVED),
            unusable=sum(outcome is CaseOutcome.UNUSABLE for _, outcome in rows),
        )

    @property
    def catch(self) -> Rate:
        return Rate(self.caught, self.defects)

    @property
    def false_alarms(self) -> Rate:
        return Rate(self.alarms, self.clean)


def shortfall(tally: Tally, wanted: Thresholds) -> str:
    """Why the rates do not pass; empty when they do. Judged as measured, not by the interval:
    with some forty cases even a perfect reviewer's lower bound is below 0.9."""
    told = []
    if tally.catch.value < wanted.catch:
        told.append(f"it caught {tally.catch}, and {wanted.catch:.0%} is required")
    if tally.false_alarms.value > wanted.false_alarms:
        told.append(
            f"it held {tally.false_alarms} clean changes back, "
            f"and {wanted.false_alarms:.0%} is allowed"
        )
    return "; ".join(told)


def hopeless(tally: Tally, planned: Tally, wanted: Thresholds) -> str:
    """Why the rest of the `planned` cases cannot make it pass any more; empty while they can."""
    best = Tally(
        planned.defects,
        planned.defects - (tally.defects - tally.caught),
        planned.clean,
        tally.alarms,
    )
    return shortfall(best, wanted) and (
        f"{tally.defects - tally.caught} of {planned.defects} defects are missed and "
        f"{tally.alarms} of {planned.clean} clean changes held back by now"
    )


def too_few(defects: int, clean: int) -> str:
    """Why so many cases are no calibration; empty when they are enough."""
    if defects >= LEAST_DEFECTS and clean >= LEAST_CLEAN:
        return ""
    return (
        f"{defects} defects and {clean} clean changes are too few to trust a reviewer by: "
        f"at least {LEAST_DEFECTS} and {LEAST_CLEAN}"
    )


def in_order(cases: Sequence[Case]) -> tuple[Case, ...]:
    """The order cases are shown in: always the same, and every beginning of it holds defects and
    clean changes in about the proportion of the whole."""
    placed = []
    for expected in Expected:
        kind = sorted(
            (case for case in cases if case.expected is expected),
            key=lambda case: hashlib.sha256(case.id.encode()).digest(),
        )
        placed += [((rank + 0.5) / len(kind), case.id, case) for rank, case in enumerate(kind)]
    return tuple(case for _, _, case in sorted(placed, key=lambda row: row[:2]))
