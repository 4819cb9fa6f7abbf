"""What a plan costs: writes, the time they take, and what the day's limits leave for later."""

from __future__ import annotations

from dataclasses import dataclass

from loopcoder.domain.issues.plan import ChangeAction, Plan
from loopcoder.domain.issues.ration import Rations


@dataclass(frozen=True, slots=True)
class PlanCost:
    """`seconds` is what the writes take at the tracker's pace (0 where there is none). `issues` are
    new ones and `labels` writes of labels and dependencies; of each, `later` is what is left when
    the day's limit is reached."""

    writes: int = 0
    seconds: float = 0.0
    issues: int = 0
    issues_later: int = 0
    labels: int = 0
    labels_later: int = 0


def cost_of(plan: Plan, seconds: float, issues: Rations, labels: Rations) -> PlanCost:
    """The cost of a plan that a person applies now."""
    creates = sum(1 for c in plan.pending if c.action is ChangeAction.CREATE)
    relabels = sum(change.label_writes for change in plan.pending)
    return PlanCost(
        plan.writes,
        seconds,
        creates,
        max(0, creates - issues.left),
        relabels,
        max(0, relabels - labels.left),
    )
