"""After the barrier: the wave's commits together on the base, and who has to wait.

One verification when all is well, none for a commit alone on the base that it was verified on.
Otherwise the smallest set that has to wait is searched for (`domain/tick/culprits.py`), and the
others go on at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from loopcoder.domain.journal.event import StageBegun, StageFinished
from loopcoder.domain.settings import Command
from loopcoder.domain.tick.culprits import Found, Group, find_culprits, smallest_hit
from loopcoder.domain.tick.failure import FailureClass
from loopcoder.engine.attempt.outcome import Judged
from loopcoder.engine.attempt.verify import combined_gates, verify_commit
from loopcoder.engine.services import Services


@dataclass(frozen=True, slots=True)
class Integration:
    """`head` is the verified combination of `fit` on the base; `evicted` pairs each commit that
    has to wait with the reason."""

    head: str
    fit: tuple[Judged, ...]
    evicted: tuple[tuple[Judged, str], ...] = ()


def integrate(services: Services, judged: Sequence[Judged], base: str, logs: Path) -> Integration:
    """Merge the wave onto the base and verify it; what does not fit waits, the rest goes on."""
    for each in judged:
        each.desk.log(StageBegun("integrate", 1, each.commit))
    merged, conflicting = _merged(services, judged, base)
    fit, red = _Trial(services, merged, base, logs).settle()
    head = _combined(services, base, fit)[0]
    result = Integration(head, fit, (*conflicting, *red))
    _record(result)
    return result


def integrated(judged: Sequence[Judged]) -> tuple[Integration, tuple[Judged, ...]]:
    """What another process found out, by its receipts, and those it left no receipt for."""
    fit, evicted, open_ = list[Judged](), list[tuple[Judged, str]](), list[Judged]()
    head = ""
    for each in judged:
        done = each.desk.record.last("integrate", 1)
        if done is None:
            open_.append(each)
        elif done.passed:
            fit.append(each)
            head = done.sha
        else:
            evicted.append((each, done.reason))
    return Integration(head, tuple(fit), tuple(evicted)), tuple(open_)


def _combined(
    services: Services, base: str, judged: Sequence[Judged]
) -> tuple[str, dict[str, str]]:
    """The combination's commit, and why some commits are not in it."""
    commits = [each.commit for each in judged]
    made = services.workspaces.combine(base, commits, "Combine a wave for verification")
    return made.head, dict(made.evicted)


def _merged(
    services: Services, judged: Sequence[Judged], base: str
) -> tuple[tuple[Judged, ...], tuple[tuple[Judged, str], ...]]:
    """The largest part of the wave that merges, and the others with whom they conflict with."""
    left, out = list(judged), list[tuple[Judged, str]]()
    _, reasons = _combined(services, base, left)
    if not reasons:
        return tuple(left), ()
    for each in judged:
        alone = _combined(services, base, [each])[1].get(each.commit)
        if alone:
            left.remove(each)
            out.append((each, f"does not merge with the base: {alone}"))
    pairs = _conflicting_pairs(services, base, left, reasons)
    leaving = smallest_hit(list(pairs))
    for place in sorted(leaving):
        with_, why = _partner(place, leaving, pairs)
        out.append((left[place], f"does not merge with {left[with_].step.unit}: {why}"))
    left = [each for place, each in enumerate(left) if place not in leaving]
    _, reasons = _combined(services, base, left)
    out += [
        (e, f"does not merge with the wave: {reasons[e.commit]}")
        for e in left
        if e.commit in reasons
    ]
    return tuple(e for e in left if e.commit not in reasons), tuple(out)


def _conflicting_pairs(
    services: Services, base: str, judged: Sequence[Judged], reasons: dict[str, str]
) -> dict[Group, str]:
    """Which two conflict, and where. Commits that all merged one after the other conflict with
    none of each other."""
    pairs: dict[Group, str] = {}
    for second, late in enumerate(judged):
        for first, early in enumerate(judged[:second]):
            if early.commit in reasons or late.commit in reasons:
                why = _combined(services, base, [early, late])[1].get(late.commit)
                if why:
                    pairs[first, second] = why
    return pairs


def _partner(place: int, leaving: frozenset[int], pairs: dict[Group, str]) -> tuple[int, str]:
    """One that stays and conflicts with the one that leaves, else any that conflicts with it."""
    rows = [
        (other in leaving, other, why)
        for pair, why in pairs.items()
        if place in pair
        for other in pair
        if other != place
    ]
    _, other, why = min(rows)
    return other, why


class _BaseIsRed(Exception):
    """Nobody of the wave is to blame; the argument is the failing check."""


@dataclass(slots=True)
class _Trial:
    """The commits that merge, and what verifying parts of them said."""

    services: Services
    judged: Sequence[Judged]
    base: str
    logs: Path
    failing: dict[Group, str] = field(default_factory=dict)
    runs: int = 0

    def settle(self) -> tuple[tuple[Judged, ...], tuple[tuple[Judged, str], ...]]:
        """Who goes on, and who waits for which reason."""
        everybody = range(len(self.judged))
        proven = [(place,) for place in everybody if not self._missing((place,))]
        try:
            found = find_culprits(len(self.judged), self._is_green, proven=proven)
        except _BaseIsRed as red:
            reason = f"the base moved to {self.base[:7]} and is red there: {red}"
            return (), tuple((each, reason) for each in self.judged)
        fit = tuple(self.judged[place] for place in found.keep)
        out = [place for place in everybody if place not in found.keep]
        return fit, tuple((self.judged[place], self._reason(place, found)) for place in out)

    def _is_green(self, group: Group) -> bool:
        head, reasons = _combined(self.services, self.base, self._members(group))
        if reasons:
            self.failing[group] = "; ".join(reasons.values())
            return False
        failing = self._verify(head, self._missing(group))
        if failing:
            self.failing[group] = failing
            if len(group) == len(self.judged) and self._base_moved():
                self._require_green_base()
        return not failing

    def _members(self, group: Group) -> list[Judged]:
        return [self.judged[place] for place in group]

    def _missing(self, group: Group) -> tuple[Command, ...]:
        """The gates of a group that nobody has run on its very commit yet."""
        members = self._members(group)
        gates = combined_gates(self.services.settings, [each.desk.view.unit for each in members])
        if len(members) > 1 or self._base_moved(members):
            return gates
        passed = {check.name for check in members[0].evidence.checks if check.passed}
        return tuple(gate for gate in gates if gate.run not in passed)

    def _base_moved(self, members: Sequence[Judged] = ()) -> bool:
        """Whether the base holds what some of the commits were not built on."""
        return any(
            not self.services.workspaces.is_ancestor(self.base, each.commit)
            for each in members or self.judged
        )

    def _require_green_base(self) -> None:
        failing = self._verify(self.base, combined_gates(self.services.settings, []))
        if failing:
            raise _BaseIsRed(failing)

    def _verify(self, commit: str, gates: Sequence[Command]) -> str:
        """The first check that fails; empty when none does."""
        if not gates:
            return ""
        self.runs += 1
        name = f"integrate-{self.runs}"
        evidence = verify_commit(self.services, commit, gates, self.logs, name)
        return "" if evidence.green else evidence.failing

    def _reason(self, place: int, found: Found) -> str:
        cause = found.cause_of(place)
        others = [self.judged[p].step.unit for p in cause if p != place]
        if others:
            return f"red together with {', '.join(others)}: {self._failing_of(cause)}"
        if cause:
            alone = "red on the moved base" if self._base_moved() else "red in the combination"
            return f"{alone}: {self._failing_of(cause)}"
        return (
            f"left out of a wave that is red: {self._failing_of((place,))} "
            f"(the search ended after {found.runs} verifications)"
        )

    def _failing_of(self, cause: Group) -> str:
        """What failed in the smallest group that holds the cause."""
        holding = [group for group in self.failing if set(cause) <= set(group)]
        return self.failing[min(holding, key=lambda group: (len(group), group))]


def _record(result: Integration) -> None:
    for each in result.fit:
        each.desk.log(StageFinished("integrate", 1, True, result.head))
    for each, reason in result.evicted:
        each.desk.log(
            StageFinished("integrate", 1, False, each.commit, reason, failure=FailureClass.CONFLICT)
        )
