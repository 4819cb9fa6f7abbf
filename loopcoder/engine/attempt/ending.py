"""How an attempt ends: recorded, the unit given back, its place cleared."""

from __future__ import annotations

from loopcoder.domain.context.learned import lessons_of
from loopcoder.domain.journal.event import AttemptFinished, ClaimReleased, Entry, Fact, NeedsHuman
from loopcoder.domain.tick.failure import FailureClass
from loopcoder.domain.tick.report import UnitOutcome
from loopcoder.engine.attempt.outcome import Ended
from loopcoder.engine.attempt.stage import Desk
from loopcoder.ports.workspace import WorkspaceKey

_PUBLISHED = frozenset({UnitOutcome.PROPOSED, UnitOutcome.UPDATED, UnitOutcome.COMMITTED})
"""Ends after which all that was in the workspace is in a commit of ours."""


def end_attempt(desk: Desk, ended: Ended) -> None:
    """Record how the attempt ended and give the unit back, in one step; then clear its place.
    What was committed is kept in git, what was not goes to the attempt's papers."""
    step, services = desk.step, desk.services
    provider = services.settings.workers[desk.worker].provider
    finished = AttemptFinished(
        outcome=ended.outcome.value,
        reason=ended.reason,
        strike=ended.strike,
        failure=ended.failure,
        provider=provider,
    )
    facts: list[Fact] = [finished, ClaimReleased(ended.outcome.value)]
    if ended.people:
        facts.append(NeedsHuman(ended.people))
    if ended.failure is not FailureClass.POLICY_REJECTED:
        facts += lessons_of(desk.record.stages)
    services.journal.record(*(Entry(f, step.unit, step.attempt, desk.epoch) for f in facts))
    key = WorkspaceKey(step.unit, step.attempt)
    left_over = None if ended.outcome in _PUBLISHED else desk.papers / "left-over.patch"
    services.workspaces.discard_workspace(key, rescue=left_over)
    discard_lanes(desk)


def discard_lanes(desk: Desk) -> None:
    """Clear the places of a race's candidates. Patches of what they did stay among the papers."""
    race = desk.record.race
    for lane in range(1, len(race.workers) + 1 if race else 1):
        papers = desk.papers / f"lane-{lane}"
        papers.mkdir(exist_ok=True)
        key = WorkspaceKey(desk.step.unit, desk.step.attempt, lane)
        desk.services.workspaces.discard_workspace(key, rescue=papers / "left-over.patch")
