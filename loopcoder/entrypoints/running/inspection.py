"""Looking without touching: the snapshot and the decision a tick would take right now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from loopcoder.domain.diagnostic import Diagnostic, NotFound
from loopcoder.domain.settings import Settings
from loopcoder.domain.tick import action as act
from loopcoder.domain.tick.decide import decide
from loopcoder.domain.tick.held_back import said, writes_waiting
from loopcoder.domain.tick.lifecycle import State, state_of
from loopcoder.domain.tick.report import UnitOutcome
from loopcoder.domain.tick.snapshot import Snapshot, TickState, UnitView
from loopcoder.domain.tick.upkeep import upkeep_waiting
from loopcoder.domain.unit import UnitId
from loopcoder.engine.attempt.trust import Judge, judges, remarks
from loopcoder.engine.compile.hearing import count_in, hear
from loopcoder.engine.compile.roadmap_source import read_roadmap, skipped, uncompiled
from loopcoder.engine.tick.base import base_commit
from loopcoder.engine.tick.observe import look, observe
from loopcoder.entrypoints.running.section import refuse_section
from loopcoder.entrypoints.setup.migration import carried
from loopcoder.entrypoints.wiring.workshop import open_workshop

if TYPE_CHECKING:
    from loopcoder.entrypoints.wiring.bootstrap import House

_SECTIONS = {
    State.BLOCKED: "blocked",
    State.HELD: "held",
    State.RUNNING: "running",
    State.AWAITING_MERGE: "awaiting_merge",
    State.NEEDS_HUMAN: "needs_human",
    State.PROPOSED: "proposed",
    State.DONE: "done",
    State.DROPPED: "dropped",
}

_READY_CAUSES = (act.Cause.LIMIT, act.Cause.FILING, act.Cause.BASE)


@dataclass(frozen=True, slots=True)
class Look:
    """What is there, and what `decide` makes of it. `first` is each unit's first action, `notes`
    what every report says, `reviewers` who would judge, with what is known of them."""

    snapshot: Snapshot
    actions: tuple[act.Action, ...]
    settings: Settings
    diagnostics: tuple[Diagnostic, ...]
    notes: tuple[str, ...] = ()
    reviewers: tuple[Judge, ...] = ()
    first: Mapping[UnitId | None, act.Action] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        backwards = {getattr(action, "unit", None): action for action in reversed(self.actions)}
        object.__setattr__(self, "first", backwards)

    def view(self, unit: str) -> UnitView:
        """The unit's view, by its id or by `#number` of its issue or pull request; `NotFound`
        names the nearest when there is none."""
        folded = unit.casefold()
        for view in self.snapshot.units:
            if folded == view.id.casefold() or folded in _numbers(view):
                return view
        for view in self.snapshot.units:
            if view.issue and unit == str(view.issue.number):
                raise NotFound(
                    f"there is no unit {unit!r}.", f"Did you mean '#{unit}' ({view.id})?"
                )
        refuse_section(unit, self.snapshot.history)
        raise no_such_unit(unit, [view.id for view in self.snapshot.units])

    def has(self, unit: UnitId) -> bool:
        return any(view.id == unit for view in self.snapshot.units)

    def action_of(self, unit: UnitId) -> act.Action | None:
        """What the decision holds for the unit: upkeep first, as a tick would do it."""
        return self.first.get(unit)

    def section_of(self, view: UnitView) -> str:
        """Under which heading of `ready` the unit stands."""
        state = state_of(view, self.snapshot.history)
        if state is not State.READY:
            return _SECTIONS[state]
        action = self.action_of(view.id)
        if isinstance(action, act.Escalate):
            return "needs_human"
        waits = isinstance(action, act.Wait) and action.cause not in _READY_CAUSES
        return "blocked" if waits else "ready"

    def reason_of(self, view: UnitView) -> str:
        """One sentence on why the unit is, or is not, being worked on."""
        action = self.action_of(view.id)
        filing = isinstance(action, act.Wait) and action.cause is act.Cause.FILING
        if filing and not self.snapshot.uncompiled:
            return "ready; its issue is filed by the next tick or by loopcoder compile"
        reason = getattr(action, "reason", "") or "nothing to do"
        last = view.record.attempts[-1].finished if view.record.attempts else None
        if last is None or last.outcome != UnitOutcome.FAILED or last.reason in reason:
            return reason
        return f"{reason}; the last attempt failed: {last.reason}"

    def held_back(self, unit: UnitId) -> list[str]:
        """What a limit on comments or labels holds back of the unit."""
        waiting = upkeep_waiting(self.snapshot, self.settings)
        return [said(each) for each in waiting if each.action.unit == unit]

    def action_rows(self) -> list[dict[str, str]]:
        """Every action but those that finished units wait for, as rows to print."""
        rows = []
        for action in self.actions:
            if isinstance(action, act.Wait) and action.state in (State.DONE, State.DROPPED):
                continue
            name = type(action).__name__.lower()
            rows.append(
                {
                    "action": name,
                    "unit": str(getattr(action, "unit", "") or ""),
                    "reason": action.reason,
                }
            )
        return rows


def _numbers(view: UnitView) -> set[str]:
    """Issues and pull requests are counted together, so no two units share one."""
    return {f"#{each.number}" for each in (view.issue, view.pull) if each}


def inspect(house: House) -> Look:
    """Observe and decide as a tick would, without a single write. A base that nobody has checked
    yet is taken as green; the tick itself will check it."""
    services = open_workshop(house, only_look=True)
    settings = house.settings
    head = services.code_host.branch_head(settings.base) or ""
    base = base_commit(services)
    reading = read_roadmap(services, head)
    world, now = look(services), services.clock.now()
    heard = hear(services, reading.roadmap, world.issues, world.history)
    count_in(world.history, (*carried(house, world.history), *heard.entries), now)
    snapshot = observe(services, reading, base, TickState(run="", started_at=now), world)
    if snapshot.base.green is None:
        snapshot = replace(snapshot, base=replace(snapshot.base, green=True))
    actions = tuple(decide(snapshot, settings))
    return Look(
        snapshot,
        actions,
        settings,
        tuple(reading.diagnostics),
        notes=(
            *uncompiled(reading.diagnostics),
            *skipped(reading),
            *remarks(services),
            *services.warnings,
            *writes_waiting(snapshot, settings),
        ),
        reviewers=judges(services) if settings.reviewer else (),
    )


def no_such_unit(unit: str, known: list[UnitId]) -> NotFound:
    from difflib import get_close_matches

    close = get_close_matches(unit.casefold(), [str(k) for k in known], n=1, cutoff=0.5)
    hint = f"Did you mean {close[0]}?" if close else "loopcoder status lists them."
    return NotFound(f"there is no unit {unit!r}.", hint)
