"""The compiler inside a tick: what nobody has to approve is written, the rest is said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from loopcoder.domain.diagnostic import Diagnostic, RateLimited, Severity
from loopcoder.domain.issues.nesting import SUB_ISSUES
from loopcoder.domain.issues.placing import MILESTONES
from loopcoder.domain.issues.plan import PlanOptions
from loopcoder.domain.issues.unit_text import names
from loopcoder.domain.unit import Roadmap
from loopcoder.engine.compile.apply import Left, apply_plan
from loopcoder.engine.compile.clerk import clerk_of
from loopcoder.engine.compile.compile import plan_roadmap
from loopcoder.engine.compile.roadmap_source import uncompiled
from loopcoder.engine.services import Services


@dataclass(frozen=True, slots=True)
class Compiled:
    """How many writes it took, and what a person should know of the rest."""

    writes: int = 0
    warnings: tuple[str, ...] = ()


def compile_in_tick(
    services: Services, desired: Roadmap, diagnostics: Sequence[Diagnostic]
) -> Compiled:
    """Bring the issues up to date. A roadmap with errors changes nothing and closes nothing."""
    settings = services.settings
    options = PlanOptions(
        trusted=settings.trusted_ids,
        unattended=True,
        repository=settings.repository,
        milestones=settings.sections == MILESTONES,
        sub_issues=settings.sections == SUB_ISSUES,
    )
    plan = plan_roadmap(desired, diagnostics, services.tracker, services.journal, options)
    if not plan.applyable:
        return Compiled(0, uncompiled(plan.diagnostics))
    clerk = clerk_of(
        settings,
        services.tracker,
        services.journal,
        services.clock,
        services.holder,
        services.is_alive,
        desired.plan,
    )
    applied = apply_plan(plan, clerk, unattended=True)
    if isinstance(applied.stopped, RateLimited):
        raise applied.stopped
    found = (d.summary for d in plan.diagnostics if d not in diagnostics and _is_warning(d))
    left = _said((*applied.waiting, *applied.failed))
    return Compiled(applied.writes, (*found, *left))


def _is_warning(diagnostic: Diagnostic) -> bool:
    return diagnostic.severity is Severity.WARNING


def _said(left: Iterable[Left]) -> Iterator[str]:
    """One line for each reason: a limit holds up many units at once."""
    units: dict[str, list[str]] = {}
    for each in left:
        units.setdefault(each.reason, []).append(each.change.unit)
    return (f"{names(ids)}: {reason}" for reason, ids in units.items())
