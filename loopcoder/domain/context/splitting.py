"""Which units are split into steps by a planner, and which steps a worker is shown."""

from __future__ import annotations

from loopcoder.domain.journal.event import StageFinished
from loopcoder.domain.settings import PlannerSpec
from loopcoder.domain.unit import Unit, text_digest

PLAN = "plan"
"""The stage in which a large unit is split."""

_LARGE = frozenset({"L", "XL"})


def is_large(unit: Unit, planner: PlannerSpec) -> bool:
    return unit.size.upper() in _LARGE or len(unit.steps) > planner.steps


def planned_steps(planned: StageFinished | None, unit: Unit) -> tuple[str, ...]:
    """The steps that a planner proposed for the unit as it reads now; none when it reads
    otherwise by now, or there is no plan."""
    if planned is None or planned.detail.get("text") != text_digest(unit):
        return ()
    steps = planned.detail.get("checklist")
    return tuple(map(str, steps)) if isinstance(steps, list) else ()


def checklist(planned: StageFinished | None, unit: Unit) -> tuple[str, ...]:
    """What a worker reports on: the planned steps, or else those of the roadmap."""
    return planned_steps(planned, unit) or tuple(step.text for step in unit.steps)
