"""The dashboard issue: where everything stands, what waits for a person first, boxes to tick.

A pure function of the snapshot. Nothing in it moves with the time alone, so that the same world
gives the same text and nobody rewrites an issue for nothing. All text of others is disarmed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from loopcoder.domain.guard.untrusted import sanitise_line
from loopcoder.domain.journal.history import History
from loopcoder.domain.journal.records.last_change import LastChange
from loopcoder.domain.limits.breaker import breakers
from loopcoder.domain.limits.budget import day_of, dollars, spent
from loopcoder.domain.settings import Settings
from loopcoder.domain.tick import action as act
from loopcoder.domain.tick.asking import why_unapproved
from loopcoder.domain.tick.held_back import limits_reached
from loopcoder.domain.tick.lifecycle import TERMINAL, State, state_of
from loopcoder.domain.tick.readiness import next_step, why_blocked
from loopcoder.domain.tick.snapshot import Snapshot, UnitView
from loopcoder.domain.unit import UnitId, is_unit_id
from loopcoder.domain.views.unit_graph import Node, mermaid

TITLE = "loopcoder: where everything stands"
MARK = "<!-- loopcoder:dashboard "
MOST_ROWS = 30
LONGEST = 60_000
"""Characters; GitHub takes 65,536."""

_TICKED = re.compile(
    r"^- \[[xX]\] .*<!-- loopcoder:(approve|retry) unit=(\S+) state=([0-9a-f]{1,64}) -->[ \t]*\r?$",
    re.MULTILINE,
)
_WORDS = {
    State.AWAITING_MERGE: "awaiting merge",
    State.NEEDS_HUMAN: "needing a person",
}


class BoxVerb(StrEnum):
    APPROVE = "approve"
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class Box:
    """A box somebody ticked. `state` says what they saw: the unit's text, or what it failed of."""

    verb: BoxVerb
    unit: UnitId
    state: str


def dashboard_marker(plan: str) -> str:
    """The first line, by which the issue is found when the journal does not know it."""
    return f"{MARK}plan={plan} v=1 -->"


def ticked_boxes(body: str) -> tuple[Box, ...]:
    """The boxes that are ticked in a dashboard's text; we never write one so."""
    return tuple(
        Box(BoxVerb(verb), UnitId(unit), state)
        for verb, unit, state in _TICKED.findall(body)
        if is_unit_id(unit)
    )


def box_of(view: UnitView, history: History) -> Box | None:
    """The box that the unit has on the dashboard now."""
    match state_of(view, history):
        case State.PROPOSED if view.issue is not None and view.record.withdrawn is None:
            return Box(BoxVerb.APPROVE, view.id, view.digest)
        case State.NEEDS_HUMAN:
            reasons = view.record.needs_human.reasons if view.record.needs_human else ()
            told = "\0".join((str(len(view.record.attempts)), *reasons))
            return Box(BoxVerb.RETRY, view.id, hashlib.sha256(told.encode()).hexdigest()[:16])
        case _:
            return None


def render_dashboard(
    snapshot: Snapshot, settings: Settings, *, plan: str, last: LastChange | None, note: str = ""
) -> str:
    """The issue's whole body. `note` is a sentence about boxes that were not taken as a word."""
    page = _Page(snapshot, settings)
    parts = [
        dashboard_marker(plan),
        page.counts(),
        *page.held(),
        *([f"> {sanitise_line(note, max_length=400)}"] if note else []),
        *page.limits(),
        *page.section("Waiting for you", page.for_you()),
        *page.section("Running", page.of(State.RUNNING, page.running)),
        *page.section("Ready", page.of(State.READY, page.ready)),
        *page.section("Blocked", page.of(State.BLOCKED, page.blocked)),
        *page.section("Failed", page.failed()),
        *page.section("Held", page.of(State.HELD, page.named)),
        *page.graph(),
        *page.section("Money and breakers", page.money()),
        *_footer(last),
    ]
    text = "\n\n".join(parts) + "\n"
    return (
        text if len(text) <= LONGEST else text[:LONGEST].rpartition("\n")[0] + "\n\n… cut here.\n"
    )


class _Page:
    def __init__(self, snapshot: Snapshot, settings: Settings) -> None:
        # What a tick has done so far is no property of a unit: the next look must read the same.
        still = replace(snapshot.tick, attempted=frozenset(), stopping=False)
        self.snapshot, self.settings = replace(snapshot, tick=still), settings
        self.history = snapshot.history
        self.states = {v.id: state_of(v, self.history) for v in snapshot.units}

    def counts(self) -> str:
        found = dict.fromkeys(State, 0)
        for state in self.states.values():
            found[state] += 1
        total = len(self.states) - found[State.DROPPED]
        words = [f"**{found[State.DONE]} of {total} done**"]
        words += [
            f"{found[state]} {_WORDS.get(state, state.value)}"
            for state in State
            if found[state] and state not in (State.DONE, State.DROPPED)
        ]
        return " · ".join(words)

    def held(self) -> Iterator[str]:
        hold = self.history.hold
        by = hold.by if hold else self.snapshot.held_by
        if by:
            why = f": {_line(hold.reason)}" if hold and hold.reason else ""
            yield f"**Everything is on hold** by {_line(by)}{why}."

    def limits(self) -> Iterator[str]:
        """What the limits on what is written hold back."""
        for line in limits_reached(self.snapshot, self.settings):
            yield f"> {_line(line)}."

    def section(self, title: str, rows: Iterable[str]) -> Iterator[str]:
        shown = list(rows)
        if shown:
            left = len(shown) - MOST_ROWS
            more = [f"- … and {left} more"] if left > 0 else []
            yield f"## {title}\n\n" + "\n".join([*shown[:MOST_ROWS], *more])

    def views(self, *states: State) -> Iterator[UnitView]:
        return (v for v in self.snapshot.units if self.states[v.id] in states)

    def of(self, state: State, row: Callable[[UnitView], str]) -> Iterator[str]:
        return (row(view) for view in self.views(state))

    # --- rows

    def named(self, view: UnitView) -> str:
        number = f" #{view.issue.number}" if view.issue else ""
        return f"- `{view.id}`{number} {_line(view.unit.title, 120)}"

    def for_you(self) -> Iterator[str]:
        yield from (f"- {_line(each[:1].upper() + each[1:])}" for each in self.snapshot.faults)
        for view in self.views(State.AWAITING_MERGE):
            step = next_step(view, self.snapshot, self.settings)
            pull = view.open_pull
            if pull and isinstance(step, act.Wait):
                verb = "Look at" if pull.draft else "Merge"
                yield f"- {verb} #{pull.number}: `{view.id}` {_line(view.unit.title, 120)}"
        for view in self.views(*TERMINAL):
            if pull := view.open_pull:
                title, state = _line(view.unit.title, 120), self.states[view.id]
                yield f"- Close #{pull.number}: `{view.id}` {title} is {state}"
        if self.snapshot.books:
            yield f"- Merge #{self.snapshot.books}: the roadmap's boxes"
        for view in self.views(State.PROPOSED):
            yield from self._box(view, "Approve", f": {_line(why_unapproved(view))}")
        for view in self.views(State.NEEDS_HUMAN):
            reasons = view.record.needs_human.reasons if view.record.needs_human else ()
            yield from self._box(view, "Retry", f": {_line(reasons[-1])}" if reasons else "")
        if self.snapshot.base.green is False:
            yield f"- Mend the base branch: {_line(self.snapshot.base.failing)}"
        if known_boxes(self.snapshot):
            yield "\nA box counts when somebody ticks it who may write here."

    def _box(self, view: UnitView, verb: str, why: str) -> Iterator[str]:
        box = box_of(view, self.history)
        if box is not None:
            row = self.named(view).removeprefix("- ")
            mark = f"<!-- loopcoder:{box.verb} unit={box.unit} state={box.state} -->"
            yield f"- [ ] {verb} {row}{why} {mark}"

    def running(self, view: UnitView) -> str:
        current = view.record.current
        if current is None:
            return self.named(view)
        worker = _line(current.begun.worker, 60)
        begun = f"{current.begun_at:%Y-%m-%d %H:%M} UTC"
        return f"{self.named(view)}: attempt {current.number} by {worker}, since {begun}"

    def ready(self, view: UnitView) -> str:
        step = next_step(view, self.snapshot, self.settings)
        return (
            f"{self.named(view)}{f': {_line(step.reason)}' if isinstance(step, act.Wait) else ''}"
        )

    def blocked(self, view: UnitView) -> str:
        return f"{self.named(view)}: {_line(why_blocked(view.blockers))}"

    def failed(self) -> Iterator[str]:
        """Whose last attempt failed and is tried again; who waits for a person is said above."""
        for view in self.views(State.READY, State.BLOCKED, State.AWAITING_MERGE):
            last = view.record.attempts[-1] if view.record.attempts else None
            if last and last.finished and last.finished.outcome == "failed":
                why = _line(last.finished.reason)
                yield f"{self.named(view)}: attempt {last.number} failed: {why}"

    def graph(self) -> Iterator[str]:
        nodes = [
            Node(v.id, self.states[v.id], v.unit.after, v.issue.number if v.issue else None)
            for v in self.snapshot.units
            if self.states[v.id] is not State.DROPPED
        ]
        text = mermaid(nodes)
        if text and any(node.after for node in nodes):
            yield f"## Graph\n\n{text}"

    def money(self) -> Iterator[str]:
        days = [spend.at for spend in self.history.spend.values()]
        cap = self.settings.budget.day
        of = f" of ${cap:,.2f} a day" if cap is not None else ""
        if days:
            used = spent(self.history, day_of(max(days)))
            yield f"- {dollars(used.usd)}{of} on {max(days):%Y-%m-%d} (UTC), the last day of work"
        else:
            yield f"- nothing was spent yet{f'; the cap is ${cap:,.2f} a day' if cap else ''}"
        for each in breakers(self.history, self.settings.breaker, self.snapshot.now):
            if each.until is not None:
                yield (
                    f"- breaker {_line(each.scope, 100)}: {_line(each.reason)}; nothing until "
                    f"{each.until:%Y-%m-%d %H:%M} UTC, then one try"
                )


def _footer(last: LastChange | None) -> Iterator[str]:
    if last is None:
        return
    name = f"[tick {last.name}]({last.link})" if last.link else f"tick {last.name}"
    yield f"---\n\nThe last change: {name}, {last.at} UTC: {_line(last.words)}."


def _line(text: str, most: int = 300) -> str:
    return sanitise_line(text, max_length=most)


def known_boxes(snapshot: Snapshot) -> Sequence[Box]:
    """Every box that the dashboard of this snapshot has."""
    found = (box_of(view, snapshot.history) for view in snapshot.units)
    return [box for box in found if box is not None]
