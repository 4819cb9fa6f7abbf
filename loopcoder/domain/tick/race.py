"""Several workers on one unit: how their receipts are told apart, and which result is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from loopcoder.domain.review.verdict import Finding, Weight

_MARK = "@"


def lane_name(name: str, lane: int) -> str:
    """A stage, or what money is for, as it is called in a lane: `work@2`. Lane 0 is none."""
    return f"{name}{_MARK}{lane}" if lane else name


def name_in(name: str, lane: int) -> str | None:
    """The plain name of what belongs to a lane; None for what does not."""
    plain, _, rest = name.partition(_MARK)
    return plain if rest == (str(lane) if lane else "") else None


@dataclass(frozen=True, slots=True)
class Candidate:
    """What one lane came to. `size` is in changed lines, `usd` what the lane cost; `reason` says
    why it was not approved, where it was not."""

    lane: int
    worker: str
    approved: bool
    findings: Sequence[Finding] = ()
    size: int = 0
    usd: Decimal = Decimal(0)
    reason: str = ""

    @property
    def weights(self) -> tuple[int, ...]:
        """How many findings of each weight, the heaviest first."""
        return tuple(sum(f.severity is weight for f in self.findings) for weight in Weight)


_RANK = (
    ("it was approved", lambda c: not c.approved),
    ("the reviewer found fewer or lighter things in it", lambda c: c.weights),
    ("its change is smaller", lambda c: c.size),
    ("it cost less", lambda c: c.usd),
    ("it is the first of equals", lambda c: c.lane),
)
"""What is asked of candidates, in this order: the smallest answer wins."""


def choose(candidates: Sequence[Candidate]) -> tuple[Candidate, str]:
    """The candidate that is kept, and the first thing that sets it apart from the next best."""
    ranked = sorted(candidates, key=lambda each: tuple(key(each) for _, key in _RANK))
    if len(ranked) == 1:
        return ranked[0], "it is the only one"
    first, second = ranked[:2]
    why = next(words for words, key in _RANK if key(first) != key(second))
    return first, why


def describe(candidate: Candidate, chosen: Candidate) -> str:
    """One line about a candidate, for people."""
    name = f"candidate {candidate.lane} ({candidate.worker})"
    if not candidate.approved:
        return f"{name}: dropped: {candidate.reason}"
    words = "kept" if candidate == chosen else "approved, not kept"
    found = _count(len(candidate.findings), "finding")
    lines = _count(candidate.size, "changed line")
    return f"{name}: {words}; {found}, {lines}, ${candidate.usd:.2f}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
