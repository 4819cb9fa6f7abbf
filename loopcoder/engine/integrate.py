"""After the barrier: the wave's commits together on the base, and who has to wait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from loopcoder.domain.event import StageBegun, StageFinished
from loopcoder.domain.failure import FailureClass
from loopcoder.engine.attempt import Judged
from loopcoder.engine.services import Services
from loopcoder.engine.verify import gates_for, verify_commit


@dataclass(frozen=True, slots=True)
class Integration:
    """`head` is the verified combination of `fit` on the base; `evicted` pairs each commit that
    has to wait with the reason."""

    head: str
    fit: tuple[Judged, ...]
    evicted: tuple[tuple[Judged, str], ...] = ()


def integrate(services: Services, judged: Sequence[Judged], base: str, logs: Path) -> Integration:
    """Merge in order and verify; while the combination is red, evict the newest commit."""
    for each in judged:
        each.desk.log(StageBegun("integrate", 1, each.commit))
    result = _combine(services, judged, base)
    while _needs_proof(result, base):
        units = [each.desk.view.unit for each in result.fit]
        name = f"integrate-{len(result.fit)}"
        evidence = verify_commit(
            services, result.head, gates_for(services.settings, units), logs, name
        )
        if evidence.green:
            break
        result = _evict_last(services, result, base, evidence.failing)
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


def _combine(services: Services, judged: Sequence[Judged], base: str) -> Integration:
    combination = services.workspaces.combine(
        base, [each.commit for each in judged], "Combine a wave for verification"
    )
    reasons = dict(combination.evicted)
    return Integration(
        head=combination.head,
        fit=tuple(each for each in judged if each.commit not in reasons),
        evicted=tuple(
            (each, f"does not merge with the wave: {reasons[each.commit]}")
            for each in judged
            if each.commit in reasons
        ),
    )


def _needs_proof(result: Integration, base: str) -> bool:
    """A single commit on an unmoved base was verified as it stands; that proof is enough."""
    if not result.fit:
        return False
    return len(result.fit) > 1 or result.head != result.fit[0].commit


def _evict_last(services: Services, result: Integration, base: str, failing: str) -> Integration:
    *rest, last = result.fit
    others = ", ".join(each.step.unit for each in rest)
    together = f"red together with {others}" if others else "red on the moved base"
    smaller = _combine(services, rest, base)
    evicted = (*result.evicted, (last, f"{together}: {failing}"), *smaller.evicted)
    return Integration(smaller.head, smaller.fit, evicted)


def _record(result: Integration) -> None:
    for each in result.fit:
        each.desk.log(StageFinished("integrate", 1, True, result.head))
    for each, reason in result.evicted:
        each.desk.log(
            StageFinished("integrate", 1, False, each.commit, reason, failure=FailureClass.CONFLICT)
        )
