"""Making an issue a sub-issue of another."""

from __future__ import annotations

from dataclasses import replace

from loopcoder.domain.diagnostic import Stale
from loopcoder.domain.issues.plan import Change, Nest
from loopcoder.domain.journal.event import EffectOutcome, UnitApplied
from loopcoder.engine.compile.clerk import Clerk, writing
from loopcoder.ports.sub_issues import sub_issues_of


def write_nest(clerk: Clerk, change: Change, nest: Nest, number: int, applied: UnitApplied) -> int:
    """Put an issue where it belongs; 1 for the write. Where a person put it meanwhile it stays."""
    keeper = sub_issues_of(clerk.tracker)
    assert keeper is not None, "planned for a tracker that keeps sub-issues"
    target = nest.number or 0
    verb, detail = ("issue.nest", target) if target else ("issue.unnest", nest.before)
    with writing(clerk, change.unit, verb, number, {"parent": detail}) as write:
        write.facts.append(replace(applied, parent=target))
        issue = clerk.tracker.get_issue(number)
        present = issue.family.parent if issue.family else target
        if present == target:
            write.outcome = EffectOutcome.FOUND
            return 0
        if present not in (0, nest.before):
            raise Stale(f"#{number} was put elsewhere meanwhile.")
        if target:
            keeper.put_under(issue, target, instead=present != 0)
        else:
            keeper.take_out(issue, present)
        return 1
