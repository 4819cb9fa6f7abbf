"""Dependencies as labels: one `blocked-by:#N` for each blocker that is not completed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from loopcoder.domain.diagnostic import Diagnostic, Place, Severity
from loopcoder.domain.issues.issue import BLOCKED_BY, Issue, LabelEvent, PullState
from loopcoder.domain.issues.plan import Actual
from loopcoder.domain.issues.words import was_deleted
from loopcoder.domain.journal.event import EdgeWaived
from loopcoder.domain.journal.records.unit import UnitRecord
from loopcoder.domain.unit import IssueRef, Unit, UnitId, edges_digest

MOST_BLOCKERS = 50
"""Blocker labels on one issue; GitHub takes 100 labels in all."""


@dataclass(frozen=True, slots=True)
class Blockers:
    """What a unit waits for: issue numbers, and units that are not filed yet, in the order of
    their filing. `done` are the numbers of its other edges that hold nothing up any more, and
    `waived` of those that a person gave up."""

    numbers: frozenset[int] = frozenset()
    unfiled: tuple[UnitId, ...] = ()
    done: frozenset[int] = frozenset()
    waived: frozenset[int] = frozenset()

    @property
    def completed(self) -> frozenset[int]:
        return self.done | self.waived

    def without(self, numbers: Iterable[int]) -> Blockers:
        """Once a person gave up some of them."""
        gone = frozenset(numbers)
        if not gone:
            return self
        return replace(self, numbers=self.numbers - gone, waived=self.waived | gone)

    @property
    def kept(self) -> tuple[tuple[int, ...], tuple[UnitId, ...]]:
        """As many of them as get a label, those with the lowest numbers first."""
        numbers = tuple(sorted(self.numbers)[:MOST_BLOCKERS])
        return numbers, self.unfiled[: MOST_BLOCKERS - len(numbers)]


@dataclass(frozen=True, slots=True)
class LabelChange:
    """Labels to put on and to take off; `ours` are those that are then ours."""

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    ours: tuple[str, ...] = ()
    waived: tuple[EdgeWaived, ...] = ()
    reasons: tuple[str, ...] = ()


NO_BLOCKERS = Blockers()


@dataclass(slots=True)
class Graph:
    """What is known of every possible blocker once the plan is applied.

    `ids` are the database ids of all issues by number, `pulls` the states of pull requests, which
    count as completed when they are merged; `to_file` the units that will be filed and when.
    `labelled` tells on which issues a label was last ours.
    """

    numbers: Mapping[UnitId, int]
    completed_units: set[UnitId]
    completed_issues: set[int]
    ids: Mapping[int, int]
    to_file: Mapping[UnitId, int]
    pulls: Mapping[int, PullState] = field(default_factory=dict)
    repository: str = ""
    labelled: Callable[[str], Iterable[int]] = lambda label: ()
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def blockers(self, unit: Unit, record: UnitRecord) -> Blockers:
        """The unit's blockers by the roadmap and by people's word, waived ones left out."""
        if not unit.after and not unit.after_issues and not record.added_edges:
            return NO_BLOCKERS
        open_, done, unfiled = set[int](), set[int](), list[UnitId]()
        for blocker in unit.after:
            number = self.numbers.get(blocker)
            if blocker in self.completed_units:
                done |= {number} if number else set()
            elif number:
                open_.add(number)
            elif blocker in self.to_file:
                unfiled.append(blocker)
        for number in [*self._local(unit), *record.added_edges]:
            (done if number in self.completed_issues else open_).add(number)
        unfiled.sort(key=self.to_file.__getitem__)
        waived = waived_by(unit, record)
        return Blockers(
            frozenset(open_ - waived), tuple(unfiled), frozenset(done - waived), frozenset(waived)
        )

    def _local(self, unit: Unit) -> Iterable[int]:
        for ref in unit.after_issues:
            if not ref.is_in(self.repository):
                continue
            if ref.number not in self.ids:
                self._report(unit, ref)
            yield ref.number

    def _report(self, unit: Unit, ref: IssueRef) -> None:
        state = self.pulls.get(ref.number)
        if state in (PullState.OPEN, PullState.MERGED):
            return
        what = "there is no such issue" if state is None else "it was closed unmerged"
        self.diagnostics.append(
            Diagnostic(
                Severity.WARNING,
                f"{unit.id} waits for {ref}, and {what}.",
                "It stays blocked until the reference is changed or waived.",
                Place(unit.file, unit.line),
            )
        )


def waived_by(unit: Unit, record: UnitRecord) -> set[int]:
    """The blockers that a person waived while the unit's edges were as they are."""
    if not record.waivers:
        return set()
    digest = edges_digest(unit)
    return {w.blocker for w in record.waivers if w.edges_digest in ("", digest)}


def plan_labels(
    unit: Unit,
    issue: Issue,
    blockers: Blockers,
    asked: tuple[str, ...],
    applied: tuple[str, ...],
    graph: Graph,
    actual: Actual,
) -> LabelChange:
    """What to do about the labels of an issue. `asked` are the roadmap's, `applied` those that
    were ours; any other label is a person's and stays, but for a completed blocker's."""
    wanted = wanted_labels(unit, blockers, asked, graph)
    held = {label.casefold() for label in issue.labels}
    if len(held) == len(wanted) and all(w.casefold() in held for w in wanted):
        return LabelChange(ours=tuple(sorted(wanted)))
    wanted_keys = {label.casefold() for label in wanted}
    ours = {label.casefold() for label in applied}
    missing = [label for label in wanted if label.casefold() not in held]
    waived = _waivers(unit, issue, missing, ours, graph, actual)
    off = {_label(fact.blocker) for fact in waived}
    add = tuple(label for label in missing if label not in off)
    remove = tuple(
        label
        for label in sorted(issue.labels)
        if label.casefold() not in wanted_keys
        and (label.casefold() in ours or _is_over(label, blockers, graph))
    )
    reasons = _label_reasons(add, remove, ours, waived)
    return LabelChange(add, remove, tuple(sorted(set(wanted) - off)), waived, reasons)


def wanted_labels(
    unit: Unit, blockers: Blockers, asked: tuple[str, ...], graph: Graph
) -> list[str]:
    """The labels that the unit's issue should carry of ours."""
    return [*asked, *_blocker_labels(unit, blockers, graph)]


def _label(number: int) -> str:
    return f"{BLOCKED_BY}{number}"


def _blocker_labels(unit: Unit, blockers: Blockers, graph: Graph) -> list[str]:
    many = len(blockers.numbers) + len(blockers.unfiled)
    if many > MOST_BLOCKERS:
        summary = f"{unit.id} has {many} open blockers; {MOST_BLOCKERS} of them get a label."
        remedy = "It waits for all of them. More than that is hard to follow: group some of them."
        place = Place(unit.file, unit.line)
        graph.diagnostics.append(Diagnostic(Severity.WARNING, summary, remedy, place))
    return [_label(number) for number in blockers.kept[0]]


def _is_over(label: str, blockers: Blockers, graph: Graph) -> bool:
    """Whether a `blocked-by` label, whoever put it on, holds nothing up any more."""
    if not label.startswith(BLOCKED_BY):
        return False
    tail = label[len(BLOCKED_BY) :]
    if not (tail.isascii() and tail.isdecimal()):
        return False
    return int(tail) in blockers.completed or int(tail) in graph.completed_issues


def _waivers(
    unit: Unit, issue: Issue, missing: list[str], applied: set[str], graph: Graph, actual: Actual
) -> tuple[EdgeWaived, ...]:
    """The missing edges that a person took off: their word, unless the label itself was deleted."""
    taken = [label for label in missing if label.startswith(BLOCKED_BY) and label in applied]
    if not taken:
        return ()
    defined = {name.casefold() for name in actual.label_names()}
    waivers = []
    for label in taken:
        removal = _removal(label, issue.number, actual) if label in defined else None
        if removal and not _was_deleted(removal, issue.number, graph, actual):
            number = int(label[len(BLOCKED_BY) :])
            waivers.append(EdgeWaived(removal.actor.login, number, edges_digest(unit)))
    return tuple(waivers)


def _removal(label: str, issue: int, actual: Actual) -> LabelEvent | None:
    """The event by which a writer took the label off, when nothing came after it."""
    events = [event for event in actual.label_events(issue) if event.label == label]
    if not events or events[-1].added:
        return None
    last = events[-1]
    persons = last.actor.id != actual.me.id and actual.may_write(last.actor)
    return last if persons else None


def _was_deleted(removal: LabelEvent, issue: int, graph: Graph, actual: Actual) -> bool:
    """Whether the label left other issues at the same moment: its definition was deleted, and a
    restored label made it anew since."""
    return was_deleted(
        removal,
        (
            event
            for other in graph.labelled(removal.label)
            if other != issue
            for event in actual.label_events(other)
        ),
    )


def _label_reasons(
    add: tuple[str, ...], remove: tuple[str, ...], applied: set[str], waived: tuple[EdgeWaived, ...]
) -> tuple[str, ...]:
    back = [label for label in add if label.casefold() in applied]
    new = [label for label in add if label.casefold() not in applied]
    reasons = [f"label restored: {', '.join(back)}"] if back else []
    reasons += [f"label {', '.join(new)}"] if new else []
    reasons += [f"label off: {', '.join(remove)}"] if remove else []
    reasons += [f"#{fact.blocker} waived by @{fact.by}" for fact in waived]
    return tuple(reasons)
