"""A world to compile in: a tracker and a journal in memory, a bot, a person, and crashes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from loopcoder.adapters.memory.clock import FixedClock
from loopcoder.adapters.memory.edges import MemoryEdgeTracker
from loopcoder.adapters.memory.faults import Faults
from loopcoder.adapters.memory.forge import MemoryForge
from loopcoder.adapters.memory.journal import Crashed, MemoryJournal
from loopcoder.adapters.memory.tracker import MemoryTracker
from loopcoder.domain.issues.issue import Actor, Issue, Permission
from loopcoder.domain.issues.plan import Plan, PlanOptions
from loopcoder.domain.journal.event import Holder
from loopcoder.domain.roadmap.roadmap import parse_roadmap
from loopcoder.domain.settings import Limits
from loopcoder.domain.unit import UnitId
from loopcoder.engine.compile.apply import Applied, apply_plan
from loopcoder.engine.compile.clerk import Clerk
from loopcoder.engine.compile.compile import plan_roadmap

ANA = Actor(9001, "ana")
OUTSIDER = Actor(9666, "mallory")


class CrashAt(Faults):
    """The process dies around the n-th write on the tracker, counted from 1."""

    def __init__(self, nth: int, after_commit: bool) -> None:
        super().__init__()
        self._left = nth
        self._after_commit = after_commit

    @contextmanager
    def around(self, verb: str) -> Iterator[None]:
        if verb.startswith(("create", "update", "close", "reopen", "add", "remove")):
            self._left -= 1
        if self._left == 0 and not self._after_commit:
            raise Crashed
        yield
        if self._left == 0:
            raise Crashed


@dataclass
class CompileWorld:
    """`compile(text)` plans and applies as a person on a terminal would."""

    clock: FixedClock = field(default_factory=FixedClock)
    limits: Limits = field(default_factory=lambda: Limits(issues_per_day=1000))
    lag_s: float = 0.0
    pid: int = 1
    alive: set[int] = field(default_factory=set)
    plan_id: str = "main"
    keeps_edges: bool = False

    def __post_init__(self) -> None:
        self.forge = MemoryForge(clock=self.clock, keeps_edges=self.keeps_edges)
        kind = MemoryEdgeTracker if self.keeps_edges else MemoryTracker
        self.tracker = kind(self.forge)
        self.ana = kind(self.forge, ANA)
        self.mallory = kind(self.forge, OUTSIDER)
        self.forge.permissions[OUTSIDER.id] = Permission.READ
        self.journal = MemoryJournal(self.clock)

    @property
    def clerk(self) -> Clerk:
        return Clerk(
            self.tracker,
            self.journal,
            self.clock,
            Holder("here", "boot", self.pid, 1.0),
            lambda holder: holder.pid in self.alive,
            plan=self.plan_id,
            limits=self.limits,
            lag_s=self.lag_s,
        )

    def plan(self, text: str, **options: object) -> Plan:
        reading = parse_roadmap(text)
        chosen = replace(PlanOptions(), **options)  # type: ignore[arg-type]
        return plan_roadmap(
            reading.roadmap, reading.diagnostics, self.tracker, self.journal, chosen
        )

    def compile(self, text: str, unattended: bool = False, **options: object) -> Applied:
        plan = self.plan(text, unattended=unattended, **options)
        return apply_plan(plan, self.clerk, unattended=unattended)

    def settle(self, text: str, **options: object) -> Applied:
        """Compile, and insist that nothing is left to do."""
        applied = self.compile(text, **options)
        again = self.plan(text, **options)
        assert list(again.pending) == []
        return applied

    def issue(self, unit: str) -> Issue:
        number = self.journal.history().units[UnitId(unit)].number
        assert number is not None
        return self.forge.issues[number]

    def restart(self) -> None:
        """What was remembered is gone; what was written is not."""
        self.forge.faults = Faults()
        self.journal = MemoryJournal(self.clock, self.journal.rows)
        self.pid += 1

    def later(self, **by: float) -> None:
        self.clock.advance(**(by or {"minutes": 1}))

    def edit(self, unit: str, change: Callable[[str], str]) -> None:
        """A person edits the issue's body."""
        issue = self.issue(unit)
        self.ana.update_issue(issue.number, body=change(issue.body))

    def edges(self, unit: str) -> set[int]:
        """The tracker's own dependencies of the unit's issue, by number."""
        listed = self.tracker.list_blocked_by(self.issue(unit).number)
        return {issue.number for issue in listed}

    def state(self) -> list[tuple[object, ...]]:
        """What people see, without times."""
        return [
            (i.number, i.title, i.body, i.state, i.close_reason, tuple(sorted(i.labels)))
            for i in self.forge.issues.values()
        ]


def actions(plan: Plan) -> list[tuple[str, str]]:
    """`(action, unit)` of everything but noops."""
    return [(c.action.value, c.unit) for c in plan.changes if c.action != "noop"]
