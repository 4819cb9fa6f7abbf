"""ROADMAP.md as a value: its units and edges, and everything that is wrong with it, at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from loopcoder.domain.diagnostic import Diagnostic
from loopcoder.domain.markdown import outline
from loopcoder.domain.roadmap.checks import check_units
from loopcoder.domain.roadmap.draft import Draft, Form
from loopcoder.domain.roadmap.edges import UnitEdges, Weaver
from loopcoder.domain.roadmap.findings import Findings
from loopcoder.domain.roadmap.ids import id_problem, mint_id
from loopcoder.domain.roadmap.index import index_of
from loopcoder.domain.roadmap.names import Names
from loopcoder.domain.roadmap.reader import FileReading, read_file
from loopcoder.domain.unit import DEFAULT_PLAN, DEFAULT_PRIORITY, Roadmap, Unit, UnitId

_AGREEMENT = 0.5


@dataclass(frozen=True, slots=True)
class Source:
    """One roadmap file: its path as people write it, and its text."""

    file: str
    text: str


@dataclass(frozen=True, slots=True)
class Unidentified:
    """A unit without an id, and the id it would be given."""

    file: str
    line: int
    title: str
    id: UnitId


@dataclass(frozen=True, slots=True)
class Reading:
    """What the roadmap says. Where a diagnostic is an error, nothing may be applied.

    `roadmap` holds the units that have an id; `unidentified` those that still lack one.
    """

    roadmap: Roadmap
    diagnostics: tuple[Diagnostic, ...] = ()
    unidentified: tuple[Unidentified, ...] = ()

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(each for each in self.diagnostics if each.is_error)


def parse_roadmap(text: str, file: str = "ROADMAP.md") -> Reading:
    """Read one roadmap file. Never fails: whatever is wrong is a diagnostic."""
    return parse_roadmaps((Source(file, text),))


def parse_roadmaps(
    sources: Sequence[Source], seed: str = "", taken: frozenset[str] = frozenset()
) -> Reading:
    """Read several files as one roadmap; references resolve across them.

    `seed` and `taken` (ids in use elsewhere) say which ids the unidentified units would get.
    """
    documents = [(source.file, outline(source.text)) for source in sources]
    index = index_of(documents)
    readings = [read_file(file, document, index) for file, document in documents]
    findings = {reading.file: reading.findings for reading in readings}
    drafts = _settle_ids(readings, findings)
    names = Names(drafts, (section for reading in readings for section in reading.sections))
    unidentified = _predict(drafts, names, seed, taken)
    weaver = Weaver(readings, names)
    weaver.weave()
    units = _units(drafts, weaver, {reading.file: reading.outline.lines for reading in readings})
    check_units(units, drafts, readings, findings)
    return Reading(
        Roadmap(units, _plan_id(readings), tuple(source.file for source in sources)),
        _sorted_diagnostics(findings.values()),
        unidentified,
    )


# -- ids ----------------------------------------------------------------------------------------


def _settle_ids(readings: Sequence[FileReading], findings: dict[str, Findings]) -> list[Draft]:
    """All drafts, with details merged into their index entry and bad ids reported and dropped."""
    first: dict[str, Draft] = {}
    kept: dict[Draft, None] = {}
    for draft in (draft for reading in readings for draft in reading.drafts):
        report = findings[draft.file]
        if draft.id and (problem := id_problem(draft.id)):
            report.error(draft.line, f"`{draft.id}` {problem}", _remedy(problem), at=draft.id)
            draft.id = ""
            continue
        earlier = first.setdefault(draft.id, draft) if draft.id else draft
        if earlier is draft:
            kept[draft] = None
        elif _is_detail(earlier, draft):
            entry, detail = (draft, earlier) if earlier.form is Form.HEADING else (earlier, draft)
            entry.detail = detail
            first[draft.id] = entry
            kept.pop(detail, None)
            kept[entry] = None
        else:
            report.error(
                draft.line,
                f"the id `{draft.id}` is used twice",
                f"{earlier.file}:{earlier.line + 1} has it already. Give one of them another id; "
                "if the word is not meant as an id, put `<!-- id: … -->` at the end of the line.",
                at=draft.id,
            )
    return list(kept)


def _remedy(problem: str) -> str:
    if problem == "is reserved":
        return "gh-<n>, ci-<fingerprint> and fix-base name work outside the roadmap: rename it."
    return "An id is up to 63 of a-z, 0-9, `.`, `_` and `-`, and starts with a letter or digit."


def _is_detail(one: Draft, other: Draft) -> bool:
    """Whether one is the index entry and the other the heading that tells more of it."""
    forms = {one.form is Form.HEADING, other.form is Form.HEADING}
    if forms != {True, False} or one.detail is not None:
        return False
    return _titles_agree(one.title, other.title)


def _titles_agree(one: str, other: str) -> bool:
    first, second = (set(re.findall(r"\w+", title.casefold())) for title in (one, other))
    if not first or not second:
        return not first and not second
    return len(first & second) / min(len(first), len(second)) > _AGREEMENT


def _predict(
    drafts: Iterable[Draft], names: Names, seed: str, elsewhere: frozenset[str]
) -> tuple[Unidentified, ...]:
    """The ids that minting would give, in the order of the file."""
    taken = set(names.ids) | elsewhere
    found = []
    for draft in drafts:
        if draft.id:
            continue
        id = mint_id(draft.lead.phrase, taken, seed)
        taken.add(id)
        names.pending[id] = draft
        found.append(Unidentified(draft.file, draft.line + 1, draft.title, id))
    return tuple(found)


# -- units --------------------------------------------------------------------------------------


def _units(
    drafts: Iterable[Draft], weaver: Weaver, lines: dict[str, tuple[str, ...]]
) -> tuple[Unit, ...]:
    owners = {draft.detail: draft for draft in drafts if draft.detail is not None}
    units: list[Unit] = []
    for draft in drafts:
        if draft.id:
            units.append(_unit(draft, weaver.edges(draft), len(units), lines, owners))
    return tuple(units)


def _unit(
    draft: Draft,
    edges: UnitEdges,
    position: int,
    lines: dict[str, tuple[str, ...]],
    owners: dict[Draft, Draft],
) -> Unit:
    fields, detail = draft.fields, draft.detail
    section = draft.section
    parent = owners.get(draft.parent, draft.parent) if draft.parent else None
    ranked = fields.priority if fields.priority is not None else section.priority
    unit = Unit(
        id=UnitId(draft.id),
        title=draft.title,
        box=draft.box,
        body=draft.body(lines[draft.file]),
        steps=tuple(draft.steps),
        after=edges.after,
        after_issues=edges.issues,
        parent=UnitId(parent.id) if parent is not None and parent.id else None,
        section=section.name,
        file=draft.file,
        line=draft.line + 1,
        position=position,
        mark=draft.mark,
        verify=tuple(fields.verify),
        touches=tuple(fields.touches),
        priority=DEFAULT_PRIORITY if ranked is None else ranked,
        size=fields.size,
        labels=tuple(fields.labels),
        worker=fields.worker,
        reviewer=fields.reviewer,
        candidates=fields.candidates,
        budget=fields.budget,
        owner=fields.owner,
    )
    return unit if detail is None else _with_detail(unit, detail, lines[detail.file])


def _with_detail(unit: Unit, detail: Draft, lines: Sequence[str]) -> Unit:
    """An index entry and its detail heading as one unit; the index wins where both say a thing."""
    more = detail.fields
    bodies = [body for body in (unit.body, detail.body(lines)) if body]
    return replace(
        unit,
        body="\n\n".join(bodies),
        steps=unit.steps + tuple(detail.steps),
        verify=tuple(dict.fromkeys((*unit.verify, *more.verify))),
        touches=tuple(dict.fromkeys((*unit.touches, *more.touches))),
        labels=tuple(dict.fromkeys((*unit.labels, *more.labels))),
        priority=unit.priority
        if more.priority is None or unit.priority != DEFAULT_PRIORITY
        else more.priority,
        size=unit.size or more.size,
        worker=unit.worker or more.worker,
        reviewer=unit.reviewer or more.reviewer,
        candidates=max(unit.candidates, more.candidates),
        budget=unit.budget if unit.budget is not None else more.budget,
        owner=unit.owner or more.owner,
    )


def _plan_id(readings: Sequence[FileReading]) -> str:
    plan = ""
    for reading in readings:
        given = reading.plan.plan
        if plan and given and given != plan:
            reading.findings.error(
                reading.plan.line,
                f"this file says it belongs to plan `{given}`, another to `{plan}`",
                "Files that are read together are one plan: give them the same id.",
                at=given,
            )
        plan = plan or given
    return plan or DEFAULT_PLAN


def _sorted_diagnostics(findings: Iterable[Findings]) -> tuple[Diagnostic, ...]:
    return tuple(
        diagnostic for each in findings for diagnostic in sorted(each.diagnostics, key=_place_of)
    )


def _place_of(diagnostic: Diagnostic) -> tuple[int, int]:
    where = diagnostic.where
    return (where.line, where.column or 0) if where else (0, 0)
