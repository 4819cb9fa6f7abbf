"""The tracker's own dependencies: what they say, and what makes them say what the roadmap says.

What we wrote is in the journal. While an issue's count is what we left, nobody is asked; where it
is not, the edges and their events tell what people said by adding or removing one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from loopcoder.domain.diagnostic import Diagnostic, Severity
from loopcoder.domain.issues.edges import Blockers, Graph
from loopcoder.domain.issues.issue import EdgeEvent, Issue
from loopcoder.domain.issues.plan import Actual, Edge
from loopcoder.domain.issues.unit_text import names
from loopcoder.domain.journal.event import EdgeAdded, EdgeWaived, UnitApplied
from loopcoder.domain.unit import Unit, UnitId, edges_digest

MOST_EDGES = 50
"""What GitHub takes: issues that one is blocked by, and issues that one blocks."""

Word = EdgeAdded | EdgeWaived


@dataclass(frozen=True, slots=True)
class EdgeLook:
    """What an issue's own edges say. `present` are numbers, `others` the database ids of blockers
    that hold nothing up; `words` are what people said by changing edges."""

    present: frozenset[int] = frozenset()
    others: tuple[int, ...] = ()
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class EdgeChange:
    """Edges to add and to remove; `native` and `others` are then accounted for."""

    add: tuple[Edge, ...] = ()
    remove: tuple[Edge, ...] = ()
    native: tuple[int, ...] = ()
    others: tuple[int, ...] = ()
    reasons: tuple[str, ...] = ()


NO_EDGES = EdgeChange()


@dataclass(slots=True)
class NativeGraph:
    """All issues' own edges while a plan is made. `kept` says whether the tracker keeps any and
    `wanting` that a new issue would have had some. `blocking` counts what each issue blocks once
    the plan is applied, `promised` the same of units that are filed by it, and `crowded` are those
    that can block no more. `knotted` are pairs of an issue and its blocker on a cycle."""

    actual: Actual
    graph: Graph
    blocking: Counter[int] = field(default_factory=Counter)
    promised: Counter[UnitId] = field(default_factory=Counter)
    crowded: set[int] = field(default_factory=set)
    kept: bool = False
    wanting: bool = False
    knotted: frozenset[tuple[int, int]] = frozenset()

    @classmethod
    def of(cls, actual: Actual, graph: Graph, applied: Iterable[UnitApplied]) -> NativeGraph:
        listed = Counter({i.number: i.edges.blocking for i in actual.issues if i.edges is not None})
        kept = actual.native is not None and (bool(listed) or not actual.issues)
        ours = Counter(number for each in applied for number in each.native)
        return cls(actual, graph, ours | listed, kept=kept)

    def look(
        self,
        unit: Unit,
        issue: Issue,
        applied: UnitApplied | None,
        blockers: Blockers,
        *,
        recovered: bool = False,
    ) -> EdgeLook:
        """The issue's edges as they stand, and people's words in them.

        With a lost journal (`recovered`) the right number of edges is taken for the right edges:
        asking for each of thousands of issues would spend hours of the limit.
        """
        ours = frozenset(applied.native) if applied else frozenset[int]()
        others = applied.others if applied else ()
        native = self.actual.native
        if native is None or issue.edges is None:
            return EdgeLook(ours, others)
        if issue.edges.blocked_by == len(ours) + len(others):
            return EdgeLook(ours, others)
        expected = blockers.numbers | blockers.done
        if recovered and issue.edges.blocked_by == len(expected):
            return EdgeLook(expected)
        listed = native.blocked_by(issue.number)
        return _Judging(self, unit, issue, ours, others, blockers).look(listed)

    def change(
        self, issue: Issue, applied: UnitApplied | None, look: EdgeLook, blockers: Blockers
    ) -> EdgeChange:
        """What to add and to remove. An edge stays when its blocker is completed."""
        ours = applied.native if applied else ()
        if not self.kept or issue.edges is None:
            return EdgeChange(native=ours, others=look.others)
        keep = look.present & (blockers.numbers | blockers.done)
        remove = self._edges(sorted(n for n in look.present - keep if n in self.graph.ids))
        room = max(0, MOST_EDGES - len(keep) - len(look.others))
        wanted = [n for n in blockers.kept[0] if (issue.number, n) not in self.knotted]
        missing = [n for n in wanted if n in self.graph.ids and n not in keep]
        add = self._edges([n for n in missing if self._has_room(n)][:room])
        self.blocking.update(edge.number for edge in add)
        self.blocking.subtract(edge.number for edge in remove)
        native = tuple(sorted(keep | {edge.number for edge in add}))
        reasons = _reasons(add, remove, ours, look.words)
        return EdgeChange(add, remove, native, look.others, reasons)

    def first(self, blockers: Blockers) -> tuple[Edge, ...]:
        """The edges of an issue that is about to be filed."""
        if not self.kept:
            self.wanting = self.wanting or bool(blockers.kept[0] or blockers.kept[1])
            return ()
        wanted = [n for n in blockers.kept[0] if n in self.graph.ids and self._has_room(n)]
        self.blocking.update(wanted)
        return self._edges(wanted)

    def later(self, blockers: Blockers) -> tuple[UnitId, ...]:
        """The blockers that become edges once they are filed."""
        if not self.kept:
            return ()
        found = tuple(u for u in blockers.kept[1] if self.promised[u] < MOST_EDGES)
        self.promised.update(found)
        return found

    def warnings(self) -> list[Diagnostic]:
        """What the tracker does not keep, or has no room for."""
        said = []
        if self.actual.native is not None and self.wanting:
            said.append(
                "This server keeps no dependencies between issues: labels alone say what waits."
            )
        for number in sorted(self.crowded):
            said.append(
                f"#{number} blocks {MOST_EDGES} issues, which is the most that GitHub takes: "
                "further ones have the label alone."
            )
        return [Diagnostic(Severity.NOTE, each) for each in said]

    def _has_room(self, number: int) -> bool:
        if self.blocking[number] < MOST_EDGES:
            return True
        self.crowded.add(number)
        return False

    def _edges(self, numbers: Sequence[int]) -> tuple[Edge, ...]:
        return tuple(Edge(number, self.graph.ids[number]) for number in numbers)


@dataclass(frozen=True, slots=True)
class _Judging:
    """One issue whose count is not what we left."""

    all: NativeGraph
    unit: Unit
    issue: Issue
    ours: frozenset[int]
    others: tuple[int, ...]
    blockers: Blockers

    def look(self, listed: Sequence[Issue]) -> EdgeLook:
        ids = self.all.graph.ids
        here = {each.number for each in listed if ids.get(each.number) == each.id}
        foreign = [each for each in listed if ids.get(each.number) != each.id]
        expected = self.blockers.numbers | self.blockers.done
        strange = sorted(here - self.ours - expected)
        missing = sorted((self.ours & self.blockers.numbers & ids.keys()) - here)
        events = self._events() if strange or missing else ()
        ignored = {number for number in strange if self._is_ignored(number, events)}
        words = [self._added(n, events) for n in strange if n not in ignored]
        words += [self._waived(n, events) for n in missing]
        self._report_foreign(foreign)
        others = {each.id for each in foreign} | {ids[number] for number in ignored}
        return EdgeLook(
            frozenset(here - ignored), tuple(sorted(others)), tuple(w for w in words if w)
        )

    def _events(self) -> Sequence[EdgeEvent]:
        assert self.all.actual.native is not None
        return self.all.actual.native.events(self.issue.number)

    def _is_ignored(self, number: int, events: Sequence[EdgeEvent]) -> bool:
        """Whether an edge is neither ours nor the word of somebody who may write."""
        last = self._last(number, events)
        added = last is not None and last.added
        if last and added and (self._is_ours(last) or self.all.actual.may_write(last.actor)):
            return False
        if self.all.graph.ids[number] not in self.others:
            by = f" by @{last.actor.login}, who may not write" if last and added else ""
            self._say(f"was made to wait for #{number}{by or ', and nothing says by whom'}")
        return True

    def _added(self, number: int, events: Sequence[EdgeEvent]) -> Word | None:
        """The word of a writer; an edge that we left behind ourselves says nothing."""
        last = self._last(number, events)
        if last is None or self._is_ours(last):
            return None
        return EdgeAdded(last.actor.login, number)

    def _waived(self, number: int, events: Sequence[EdgeEvent]) -> Word | None:
        last = self._last(number, events)
        if last is None or last.added or self._is_ours(last):
            return None
        if not self.all.actual.may_write(last.actor):
            return None
        return EdgeWaived(last.actor.login, number, edges_digest(self.unit))

    def _is_ours(self, event: EdgeEvent) -> bool:
        return event.actor.id == self.all.actual.me.id

    def _last(self, number: int, events: Sequence[EdgeEvent]) -> EdgeEvent | None:
        return next((each for each in reversed(events) if each.blocker == number), None)

    def _report_foreign(self, foreign: Sequence[Issue]) -> None:
        new = [f"“{each.title}”" for each in foreign if each.id not in self.others]
        if new:
            self._say(f"was made to wait for {names(new)} of another repository")

    def _say(self, what: str) -> None:
        summary = f"#{self.issue.number} ({self.unit.id}) {what}; that edge holds nothing up."
        remedy = "`loopcoder block` makes a unit wait for an issue."
        self.all.graph.diagnostics.append(Diagnostic(Severity.WARNING, summary, remedy))


def _reasons(
    add: Sequence[Edge], remove: Sequence[Edge], ours: Sequence[int], words: Sequence[Word]
) -> tuple[str, ...]:
    reasons = []
    for word in words:
        verb = "added" if isinstance(word, EdgeAdded) else "waived"
        reasons.append(f"#{word.blocker} {verb} by @{word.by}")
    back = [f"#{edge.number}" for edge in add if edge.number in ours]
    new = [f"#{edge.number}" for edge in add if edge.number not in ours]
    off = [f"#{edge.number}" for edge in remove]
    reasons += [f"edge restored: {', '.join(back)}"] if back else []
    reasons += [f"edge to {', '.join(new)}"] if new else []
    reasons += [f"edge off: {', '.join(off)}"] if off else []
    return tuple(reasons)
