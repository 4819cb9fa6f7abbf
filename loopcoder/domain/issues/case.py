"""Everything known about one unit when its change is worked out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from loopcoder.domain.issues.binding import RECOVERED, Bindings
from loopcoder.domain.issues.drift import Present, last_applied, read_present
from loopcoder.domain.issues.issue import Issue
from loopcoder.domain.issues.issue_body import Marker, render_section
from loopcoder.domain.issues.unit_text import UnitText, normal, render_text, section_text
from loopcoder.domain.journal.event import EffectBegun, Event, UnitApplied
from loopcoder.domain.journal.history import History
from loopcoder.domain.journal.records.unit import UnitRecord
from loopcoder.domain.unit import Roadmap, Unit, UnitId, is_section_id


@dataclass(frozen=True, slots=True)
class Case:
    """`applied` is what we last wrote, as far as is known; `left_open` are writes without a
    receipt. `present` is None exactly where there is no issue; `moved_away` says where it went."""

    unit: Unit
    record: UnitRecord
    text: UnitText
    issue: Issue | None = None
    present: Present | None = None
    applied: UnitApplied | None = None
    left_open: tuple[Event, ...] = ()
    moved_away: str = ""

    @property
    def recorded_box(self) -> str:
        """The box as last applied; empty when nothing was."""
        return self.applied.box if self.applied and self.applied.number else ""


def collect_cases(desired: Roadmap, history: History, bindings: Bindings) -> list[Case]:
    """One case a unit, in the order of the roadmap."""
    left_open = unfinished(history)
    return [
        _case(unit, history.unit(unit.id), bindings, left_open.get(unit.id, ()), desired.plan)
        for unit in desired.units
    ]


def unfinished(history: History) -> Mapping[UnitId, tuple[Event, ...]]:
    """Writes on issues that were begun and have no receipt, by unit."""
    found: dict[UnitId, list[Event]] = {}
    for event in history.open_effects.values():
        fact = event.fact
        if event.unit and isinstance(fact, EffectBegun) and fact.verb.startswith("issue."):
            found.setdefault(event.unit, []).append(event)
    for record in (*history.units.values(), *history.sections.values()):
        intent = record.create_intent
        if intent and intent not in found.get(record.id, []):
            found.setdefault(record.id, []).append(intent)
    return {unit: tuple(events) for unit, events in found.items()}


def _case(
    unit: Unit,
    record: UnitRecord,
    bindings: Bindings,
    left_open: tuple[Event, ...],
    plan: str,
) -> Case:
    text = section_text(unit) if is_section_id(unit.id) else render_text(unit)
    issue = bindings.issues.get(unit.id)
    if issue is None:
        where = bindings.moved_away.get(unit.id, "")
        return Case(unit, record, text, left_open=left_open, moved_away=where)
    present = _present(issue, record, unit.id, plan)
    known = UnitRecord(unit.id) if unit.id in bindings.recovered else record
    applied = last_applied(known, issue, present, left_open)
    return Case(unit, record, text, issue, present, applied, left_open)


def collect_orphans(
    desired: Roadmap, history: History, bindings: Bindings
) -> list[tuple[UnitRecord, tuple[Event, ...]]]:
    """Units that left the roadmap and whose issue was found by its marker: what would be
    recorded of each, and its writes without a receipt."""
    left_open = unfinished(history)
    found = []
    for id in sorted(bindings.recovered - desired.by_id.keys()):
        issue, events = bindings.issues[id], left_open.get(id, ())
        present = read_present(issue, id, desired.plan, "")
        record = UnitRecord(
            id,
            plan=desired.plan,
            number=issue.number,
            database_id=issue.id,
            bound_how=RECOVERED,
            applied=last_applied(UnitRecord(id), issue, present, events),
        )
        found.append((record, events))
    return found


def _present(issue: Issue, record: UnitRecord, unit: UnitId, plan: str) -> Present:
    """As `read_present`, without reading a body that is exactly what we wrote."""
    applied = record.applied
    if applied is None:
        return read_present(issue, unit, plan, "")
    if issue.body == render_section(Marker(unit, plan, applied.digest), applied.block):
        return Present(issue.title.strip(), applied.block, applied.digest)
    return read_present(issue, unit, plan, normal(applied.block))
