"""Sections of the roadmap as issues: which issue is which section, and when one is over.

A section is its name. One whose name is new is an older one renamed where it has at least half of
the units that the older one's issue has and the roadmap still knows; else it gets an issue.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from loopcoder.domain.issues.binding import Bindings
from loopcoder.domain.issues.case import Case
from loopcoder.domain.issues.issue import CloseReason
from loopcoder.domain.issues.issue_body import MARK, parse_body
from loopcoder.domain.issues.plan import Actual
from loopcoder.domain.issues.standing import Standing, judge, stays_open
from loopcoder.domain.issues.unit_text import render_title
from loopcoder.domain.journal.history import History
from loopcoder.domain.roadmap.ids import mint_id
from loopcoder.domain.unit import SECTION, Box, Roadmap, Unit, UnitId, is_section_id

_Units = Mapping[UnitId, tuple[UnitId, ...]]


@dataclass(frozen=True, slots=True)
class SectionIssues:
    """`units` stand for the sections where changes are worked out, those that the roadmap has no
    more among them; `members` are the units directly in each."""

    units: tuple[Unit, ...] = ()
    members: _Units = field(default_factory=dict)

    def joined(self, desired: Roadmap) -> Roadmap:
        """The roadmap with the sections before its units."""
        return replace(desired, units=(*self.units, *desired.units))

    @property
    def parents(self) -> dict[UnitId, UnitId]:
        """The section of each unit that is directly in one."""
        return {unit: section for section, units in self.members.items() for unit in units}


@dataclass(frozen=True, slots=True)
class _Known:
    """A section that has, or had, the issue `number`, by the name that it was last given."""

    id: UnitId
    title: str
    number: int


def sections_of(
    desired: Roadmap, actual: Actual, history: History, trusted: frozenset[int]
) -> SectionIssues:
    """The sections that have units, and those that are known from before."""
    named = _named(desired)
    left = {known.id: known for known in _known(desired.plan, actual, history, trusted)}
    taken = {id for id, record in history.sections.items() if record.number is not None}
    taken |= left.keys()
    held = _held(desired, history)
    ids: dict[str, UnitId] = {}
    by_key = {known.title.casefold(): known for known in reversed(left.values())}
    for key in named.keys() & by_key.keys():
        ids[key] = left.pop(by_key[key].id).id
    for key, units in named.items():
        if key not in ids:
            old = _renamed({unit.id for unit in units}, left, held)
            ids[key] = left.pop(old).id if old else _mint(units[0].section, taken)
            taken.add(ids[key])
    units = [
        _unit(ids[key], own[0], at - len(named)) for at, (key, own) in enumerate(named.items())
    ]
    units += [Unit(known.id, known.title, position=-len(named)) for known in left.values()]
    members = {ids[key]: tuple(unit.id for unit in own) for key, own in named.items()}
    return SectionIssues(tuple(units), {**members, **dict.fromkeys(left, ())})


def _named(desired: Roadmap) -> dict[str, list[Unit]]:
    """The units at the top of each section, by its name without case."""
    named: dict[str, list[Unit]] = {}
    for unit in desired.units:
        if unit.section.strip() and unit.parent not in desired.by_id:
            named.setdefault(_title(unit).casefold(), []).append(unit)
    return named


def _title(unit: Unit) -> str:
    """The name of the unit's section as an issue's title."""
    return render_title(Unit(UnitId(SECTION), unit.section))


def _unit(id: UnitId, first: Unit, position: int) -> Unit:
    return Unit(id, _title(first), file=first.file, position=position)


def _known(
    plan: str, actual: Actual, history: History, trusted: frozenset[int]
) -> Iterator[_Known]:
    """Sections that the journal has bound; and where it is mute, those in issues of our own."""
    by_id = {issue.id: issue for issue in actual.issues}
    owned: set[int] = set()
    for record in history.sections.values():
        if record.number is None or record.database_id is None:
            continue
        owned.add(record.database_id)
        issue = by_id.get(record.database_id)
        title = record.applied.title if record.applied else issue.title if issue else ""
        if record.plan == plan:
            yield _Known(record.id, title, record.number)
    seen: set[UnitId] = {id for id, record in history.sections.items() if record.number}
    for issue in actual.issues:
        believed = issue.author.id in trusted and issue.id not in owned
        if not believed or f"{MARK}id={SECTION}" not in issue.body:
            continue
        for marker in (section.marker for section in parse_body(issue.body).sections):
            if is_section_id(marker.unit) and marker.plan == plan and marker.unit not in seen:
                seen.add(marker.unit)
                yield _Known(marker.unit, issue.title.strip(), issue.number)


def _held(desired: Roadmap, history: History) -> dict[int, set[UnitId]]:
    """The units of the roadmap by the issue that we put theirs under."""
    held: dict[int, set[UnitId]] = {}
    for record in history.units.values():
        if record.applied and record.applied.parent and record.id in desired.by_id:
            held.setdefault(record.applied.parent, set()).add(record.id)
    return held


def _renamed(
    units: Collection[UnitId], left: Mapping[UnitId, _Known], held: Mapping[int, set[UnitId]]
) -> UnitId | None:
    """The section among those left over that these units show to be this one."""
    shares = {known.id: held.get(known.number, set()) for known in left.values()}
    common = {id: len(own & set(units)) for id, own in shares.items()}
    likely = [id for id, own in shares.items() if common[id] and 2 * common[id] >= len(own)]
    return max(likely, key=lambda id: (common[id], -left[id].number), default=None)


def _mint(name: str, taken: Collection[UnitId]) -> UnitId:
    stem = mint_id(name, {id.removeprefix(SECTION) for id in taken})
    return UnitId(f"{SECTION}{stem}")


def judge_sections(
    sections: SectionIssues,
    cases: Mapping[UnitId, Case],
    standings: Mapping[UnitId, Standing],
    bindings: Bindings,
    history: History,
    *,
    unattended: bool,
) -> dict[UnitId, Standing]:
    """A section is open as long as a unit in it is; also one that left the roadmap unfinished, and
    one that is dropped while nobody is there to say so."""
    strays = _strays(bindings, history, cases)
    found: dict[UnitId, Standing] = {}

    def is_open(case: Case, standing: Standing) -> bool:
        waits = unattended and standing.close is CloseReason.NOT_PLANNED
        return waits or stays_open(case, standing)

    for id, members in sections.members.items():
        issue = cases[id].issue
        held = issue is not None and issue.number in strays
        if held or any(is_open(cases[unit], standings[unit]) for unit in members):
            box = Box.OPEN
        else:
            done = any(standings[unit].completed for unit in members)
            box = Box.DONE if done else Box.DROPPED
        if issue is not None and not issue.is_open and box is not Box.OPEN:
            found[id] = Standing(box, completed=issue.is_completed, note="done")
        else:
            found[id] = _in_words(judge(cases[id], box, by_children=True), is_empty=not members)
    return found


def _strays(bindings: Bindings, history: History, cases: Mapping[UnitId, Case]) -> set[int]:
    """Issues that we put open ones under whose units the roadmap has no more."""
    return {
        record.applied.parent
        for record in history.units.values()
        if record.applied and record.applied.parent and record.id not in cases
        if (issue := bindings.issues.get(record.id)) and issue.is_open
    }


def _in_words(standing: Standing, *, is_empty: bool) -> Standing:
    if standing.close:
        why = "no unit is in it any more" if is_empty else "every unit in it is over"
        return replace(standing, reason=why)
    if standing.reopen:
        return replace(standing, reason="a unit in it is open again")
    if standing.box is Box.OPEN:
        return replace(standing, note="closed by a person; left closed" if standing.note else "")
    return replace(standing, note="done" if standing.completed else standing.note)
