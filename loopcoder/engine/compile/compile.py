"""Compile: look at the tracker and the journal, and plan what the roadmap asks for."""

from __future__ import annotations

from collections.abc import Sequence

from loopcoder.domain.diagnostic import Diagnostic, Moved, NotFound
from loopcoder.domain.issues.binding import GONE, TRANSFERRED
from loopcoder.domain.issues.carrying import with_carried
from loopcoder.domain.issues.issue import Actor, Issue
from loopcoder.domain.issues.plan import Actual, NativeEdges, Plan, PlanOptions
from loopcoder.domain.issues.planning import plan_changes
from loopcoder.domain.journal.history import History
from loopcoder.domain.unit import Roadmap
from loopcoder.ports.dependencies import dependencies_of
from loopcoder.ports.journal import Journal
from loopcoder.ports.milestones import milestones_of
from loopcoder.ports.pull_states import pull_states_of
from loopcoder.ports.sub_issues import sub_issues_of
from loopcoder.ports.tracker import Tracker


def plan_roadmap(
    desired: Roadmap,
    diagnostics: Sequence[Diagnostic],
    tracker: Tracker,
    journal: Journal,
    options: PlanOptions | None = None,
) -> Plan:
    """What it takes to make the tracker say what the roadmap says. Writes nothing."""
    actual, history = observe_compile(tracker, journal)
    desired = with_carried(desired, history)
    return plan_changes(desired, actual, history, options, diagnostics)


def observe_compile(tracker: Tracker, journal: Journal) -> tuple[Actual, History]:
    """The issues, then the record: what was bound in between is then in the record, not lost."""
    issues = list(tracker.list_issues())
    history = journal.history()
    unlisted, moved = _unlisted(tracker, history, {issue.id for issue in issues})
    issues += unlisted
    permitted: dict[int, bool] = {}

    def may_write(actor: Actor) -> bool:
        if actor.id not in permitted:
            permitted[actor.id] = tracker.permission(actor).may_write
        return permitted[actor.id]

    keeper, keeper_of_milestones = dependencies_of(tracker), milestones_of(tracker)
    actual = Actual(
        issues,
        tracker.whoami(),
        tracker.list_labels,
        tracker.list_label_events,
        may_write,
        NativeEdges(keeper.list_blocked_by, keeper.list_edge_events) if keeper else None,
        moved,
        keeper_of_milestones.list_milestones if keeper_of_milestones else None,
        sub_issues_of(tracker) is not None,
        pull_states_of(tracker),
    )
    return actual, history


def _unlisted(
    tracker: Tracker, history: History, listed: set[int]
) -> tuple[list[Issue], dict[int, str]]:
    """Bound issues that the list does not have: a list may lag behind, or they are gone or moved.

    Those that are known to be gone are not asked for again; should one come back, it is listed.
    """
    found, moved = [], {}
    for record in history.bound:
        number = record.number
        if (
            number is None
            or record.database_id in listed
            or record.bound_how in (GONE, TRANSFERRED)
        ):
            continue
        try:
            issue = tracker.get_issue(number)
        except Moved as error:
            moved[number] = str(error)
        except NotFound:
            continue
        else:
            found += [issue] if issue.id == record.database_id else []
    return found, moved
