"""The compiler inside a tick: what nobody has to approve is written, the rest is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from loopcoder.domain.diagnostic import Diagnostic, RateLimited
from loopcoder.domain.plan import PlanOptions
from loopcoder.domain.unit import Roadmap
from loopcoder.engine.apply import apply_plan
from loopcoder.engine.clerk import clerk_of
from loopcoder.engine.compile import plan_roadmap
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
        trusted=settings.trusted_ids, unattended=True, repository=settings.repository
    )
    plan = plan_roadmap(desired, diagnostics, services.tracker, services.journal, options)
    if not plan.applyable:
        count = sum(d.is_error for d in plan.diagnostics)
        said = f"{count} error(s) in the roadmap: nothing is compiled (loopcoder plan shows them)"
        return Compiled(0, (said,))
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
    left = (*applied.waiting, *applied.failed)
    return Compiled(applied.writes, tuple(f"{each.change.unit}: {each.reason}" for each in left))
