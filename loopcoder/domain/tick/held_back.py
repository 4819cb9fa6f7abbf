"""What the configured limits hold back now, in sentences: for reports, `explain`, the dashboard."""

from __future__ import annotations

from collections.abc import Iterator

from loopcoder.domain.issues.ration import issue_rations, pull_rations
from loopcoder.domain.issues.unit_text import names
from loopcoder.domain.settings import LandingMode, Settings
from loopcoder.domain.tick import action as act
from loopcoder.domain.tick.lifecycle import State, state_of
from loopcoder.domain.tick.snapshot import Snapshot
from loopcoder.domain.tick.upkeep import Waiting, upkeep_waiting
from loopcoder.domain.unit import UnitId


def writes_waiting(snapshot: Snapshot, settings: Settings) -> tuple[str, ...]:
    """Comments and labels that a limit holds back, one line for each kind and reason."""
    units: dict[str, list[UnitId]] = {}
    for each in upkeep_waiting(snapshot, settings):
        units.setdefault(said(each), []).append(each.action.unit)
    return tuple(f"{names(ids)}: {reason}" for reason, ids in units.items())


def said(waiting: Waiting) -> str:
    """What waits, and why; without the unit's name."""
    what = "a comment" if isinstance(waiting.action, act.Tell | act.TellIssue) else "a label"
    return f"{what} waits, {waiting.reason}"


def limits_reached(snapshot: Snapshot, settings: Settings) -> Iterator[str]:
    """Every limit that something waits for, whatever it is."""
    yield from writes_waiting(snapshot, settings)
    states = [(view, state_of(view, snapshot.history)) for view in snapshot.units]
    now, history, limits = snapshot.now, snapshot.history, settings.limits
    if any(view.issue is None and state is State.READY for view, state in states):
        refusal = issue_rations(limits, history, now, in_tick=True).refusal(1)
        if refusal:
            yield f"units without an issue wait, {refusal}"
    ready = any(state is State.READY for _, state in states)
    if ready and settings.landing.mode is LandingMode.PULL_REQUEST:
        most = limits.open_prs
        if snapshot.open_pulls >= most:
            yield f"new work waits, {snapshot.open_pulls} pull requests are open of at most {most}"
        elif refusal := pull_rations(limits, history, now).refusal(1):
            yield f"new work waits, {refusal}"
