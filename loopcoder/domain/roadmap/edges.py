"""Dependencies as written, turned into edges between units."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from loopcoder.domain.roadmap.draft import Draft
from loopcoder.domain.roadmap.findings import Findings
from loopcoder.domain.roadmap.lead import Mention
from loopcoder.domain.roadmap.names import (
    Names,
    Target,
    is_nothing,
    split_reference,
    without_comment,
)
from loopcoder.domain.roadmap.reader import FileReading
from loopcoder.domain.roadmap.sections import Section
from loopcoder.domain.unit import IssueRef, UnitId


@dataclass(slots=True)
class Links:
    """The blockers of one unit or section: drafts, issues, and whole sections."""

    drafts: list[Draft] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)
    issues: list[IssueRef] = field(default_factory=list)

    def add(self, target: Target) -> None:
        self.drafts += target.drafts
        if target.section is not None:
            self.sections.append(target.section)
        if target.issue is not None:
            self.issues.append(target.issue)


@dataclass(frozen=True, slots=True)
class UnitEdges:
    after: tuple[UnitId, ...] = ()
    issues: tuple[IssueRef, ...] = ()


class Weaver:
    """Resolves the references of all files and hands out the edges of each unit."""

    def __init__(self, readings: Sequence[FileReading], names: Names) -> None:
        self._readings = readings
        self._names = names
        self._findings = {reading.file: reading.findings for reading in readings}
        self._drafts = {reading.file: reading.drafts for reading in readings}
        self._families: dict[Draft, set[str]] = {}
        for draft in (draft for reading in readings for draft in reading.drafts):
            if draft.parent is not None:
                self._families.setdefault(draft.parent, set()).add(draft.id)
        self._own: dict[Draft, Links] = {}
        self._reverse: dict[Draft, list[Draft]] = {}
        self._of_section: dict[Section, Links] = {}
        self._ids_of_section: dict[Section, tuple[UnitId, ...]] = {}
        self._inherited: dict[Section, UnitEdges] = {}
        self._done: dict[Draft, UnitEdges] = {}
        self._warned: set[str] = set()

    def weave(self) -> None:
        """Resolve everything; problems are added to the findings of their file."""
        for reading in self._readings:
            for draft in reading.drafts:
                for mention in draft.mentions:
                    self._resolve_of_unit(draft, mention)
                if draft.detail is not None:
                    for mention in draft.detail.mentions:
                        self._resolve_of_unit(draft, mention)
            for section in reading.sections:
                self._resolve_of_section(section, reading)
            if reading.plan.sequential:
                self._chain(reading)

    def edges(self, draft: Draft) -> UnitEdges:
        """The blockers of one unit: its own, its sections', its parent's."""
        if draft not in self._done:
            self._done[draft] = self._edges(draft)
        return self._done[draft]

    def _edges(self, draft: Draft) -> UnitEdges:
        section = self._edges_of_section(draft.section)
        links = self._own.get(draft)
        reverse = self._reverse.get(draft)
        if links is None and reverse is None and draft.parent is None:
            return section
        after: dict[UnitId, None] = {}
        issues: dict[IssueRef, None] = {}
        if links is not None:
            after.update(dict.fromkeys(UnitId(each.id) for each in links.drafts if each.id))
            for named in links.sections:
                after.update(dict.fromkeys(self._ids_in(named)))
            issues.update(dict.fromkeys(links.issues))
        after.update(dict.fromkeys(UnitId(each.id) for each in reverse or () if each.id))
        inherited = [section]
        if draft.parent is not None:
            inherited.append(self._edges_from_parent(draft.parent))
        for more in inherited:
            after.update(dict.fromkeys(more.after))
            issues.update(dict.fromkeys(more.issues))
        after.pop(UnitId(draft.id), None)
        return UnitEdges(tuple(after), tuple(issues))

    def _edges_from_parent(self, parent: Draft) -> UnitEdges:
        """What blocks a parent blocks its children, except units of the same family."""
        edges = self.edges(parent)
        family = self._families[parent]
        if family.isdisjoint(edges.after):
            return edges
        return UnitEdges(tuple(each for each in edges.after if each not in family), edges.issues)

    def _edges_of_section(self, section: Section) -> UnitEdges:
        """Shared by all units of a section that say nothing themselves, so one tuple serves all."""
        if section not in self._inherited:
            after: dict[UnitId, None] = {}
            issues: dict[IssueRef, None] = {}
            if links := self._of_section.get(section):
                after.update(dict.fromkeys(UnitId(each.id) for each in links.drafts if each.id))
                for named in links.sections:
                    after.update(dict.fromkeys(self._ids_in(named)))
                issues.update(dict.fromkeys(links.issues))
            if section.parent is not None:
                above = self._edges_of_section(section.parent)
                after.update(dict.fromkeys(above.after))
                issues.update(dict.fromkeys(above.issues))
            self._inherited[section] = UnitEdges(tuple(after), tuple(issues))
        return self._inherited[section]

    def _ids_in(self, section: Section) -> tuple[UnitId, ...]:
        if section not in self._ids_of_section:
            start, end = section.span
            drafts = self._drafts[section.file][start:end]
            self._ids_of_section[section] = tuple(UnitId(each.id) for each in drafts if each.id)
        return self._ids_of_section[section]

    # -- reading references -------------------------------------------------------------------

    def _resolve_of_unit(self, draft: Draft, mention: Mention) -> None:
        findings = self._findings[draft.file]
        for part, target in self._resolve(draft, draft.file, mention):
            if draft in target.drafts or (
                target.section and target.section.contains(draft.section)
            ):
                findings.error(
                    mention.line,
                    f"`{mention.word}: {part}` makes this unit wait for itself",
                    "Remove it, or name another unit or section.",
                    at=part,
                )
            elif mention.is_reverse:
                self._block(draft, part, target, mention, findings)
            else:
                self._own.setdefault(draft, Links()).add(target)

    def _block(
        self, draft: Draft, part: str, target: Target, mention: Mention, findings: Findings
    ) -> None:
        if target.issue is not None:
            findings.warning(
                mention.line,
                f"`{mention.word}: {part}` names an issue outside the roadmap",
                "Only units can be blocked from here; the rest of the field is read.",
                at=part,
            )
        blocked = list(target.drafts)
        if target.section is not None:
            start, end = target.section.span
            blocked += self._drafts[target.section.file][start:end]
        for each in blocked:
            self._reverse.setdefault(each, []).append(draft)

    def _resolve_of_section(self, section: Section, reading: FileReading) -> None:
        start, end = section.span
        if not section.mentions or start == end or _is_whole_file(section, reading):
            return
        links = self._of_section.setdefault(section, Links())
        for mention in section.mentions:
            for part, target in self._resolve(None, section.file, mention):
                named = target.section
                inside = any(section.contains(each.section) for each in target.drafts)
                if inside or (named and (named.contains(section) or section.contains(named))):
                    reading.findings.error(
                        mention.line,
                        f"`{mention.word}: {part}` makes this section wait for itself",
                        "Remove it, or name another section.",
                        at=part,
                    )
                elif mention.is_reverse:
                    for draft in reading.drafts[start:end]:
                        self._block(draft, part, target, mention, reading.findings)
                else:
                    links.add(target)

    def _resolve(
        self, draft: Draft | None, file: str, mention: Mention
    ) -> list[tuple[str, Target]]:
        """The parts of a mention that name something; the others are reported."""
        findings = self._findings[file]
        if is_nothing(mention.value):
            return []
        found: list[tuple[str, Target]] = []
        lost: list[str] = []
        for part in split_reference(mention.value):
            bare = without_comment(part) or part
            target = self._names.find(part, file) or self._names.find(bare, file)
            if target is None and not is_nothing(part):
                lost.append(bare)
            elif target is not None and target.ambiguous:
                lines = ", ".join(str(section.line + 1) for section in target.ambiguous[:5])
                findings.error(
                    mention.line,
                    f"`{mention.word}: {bare}` names several sections (lines {lines})",
                    "Name the units by id, or give the sections different headings.",
                    at=bare,
                )
            elif target is not None:
                found.append((bare, target))
                self._warn_of_empty(target, bare, mention, findings)
        self._report(draft, lost, bool(found), mention, findings)
        return found

    def _report(
        self, draft: Draft | None, lost: list[str], partly: bool, mention: Mention,
        findings: Findings,
    ) -> None:  # fmt: skip
        """A typo is an error; a field none of which names anything is prose, with a warning."""
        if not lost:
            return
        strict = mention.inline or partly or any(self._is_typo(part) for part in lost)
        if not strict:
            findings.warning(
                mention.line,
                f"`{mention.word}: {shorten_value(mention.value)}` names no unit",
                f"It is read as prose. {self._names.hint(lost[0])}",
                at=lost[0],
            )
            if draft is not None:
                draft.hidden.difference_update(range(mention.line, mention.line + mention.length))
            return
        for part in lost:
            summary = f"`{mention.word}: {shorten_value(part)}` names no unit"
            findings.error(mention.line, summary, self._names.hint(part), at=part)

    def _is_typo(self, part: str) -> bool:
        if any(letter.isspace() for letter in part):
            return False
        return part.casefold() in self._names.pending or bool(self._names.typo(part))

    def _warn_of_empty(
        self, target: Target, part: str, mention: Mention, findings: Findings
    ) -> None:
        if target.section is None:
            return
        start, end = target.section.span
        nameless = sum(not each.id for each in self._drafts[target.section.file][start:end])
        if start == end:
            summary = f"`{mention.word}: {part}` names a section without units"
            findings.warning(mention.line, summary, "It blocks nothing.", at=part)
        elif nameless and findings.file not in self._warned:
            self._warned.add(findings.file)
            findings.warning(
                mention.line,
                f"`{mention.word}: {part}` names a section with {nameless} units that have no id",
                "They block nothing until `loopcoder plan` has written their ids into the file; "
                "so it is with every section.",
                at=part,
            )

    def _chain(self, reading: FileReading) -> None:
        """`sections=sequential`: each section after the one before it, unless it says otherwise."""
        for earlier, later in _neighbours(reading.sections):
            if not later.mentions:
                self._of_section.setdefault(later, Links()).sections.append(earlier)


def shorten_value(value: str) -> str:
    return value if len(value) <= 60 else value[:59] + "…"


def _is_whole_file(section: Section, reading: FileReading) -> bool:
    return section.span == (0, len(reading.drafts)) and section.level == 1


def _neighbours(sections: Iterable[Section]) -> list[tuple[Section, Section]]:
    """Consecutive sections of the highest level that has at least two with units."""
    levels: dict[int, list[Section]] = {}
    for section in sections:
        if section.level and section.span[0] < section.span[1]:
            levels.setdefault(section.level, []).append(section)
    for level in sorted(levels):
        if len(levels[level]) > 1:
            return list(zip(levels[level], levels[level][1:], strict=False))
    return []
