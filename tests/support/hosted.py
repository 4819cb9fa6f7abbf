"""The compiler on the test server's issues: the real adapter over HTTP, the journal in memory, a
clock that tests move. Each `compile` is what one process would do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from loopcoder.adapters.github.tracker import GitHubTracker
from loopcoder.adapters.memory.clock import FixedClock
from loopcoder.adapters.memory.journal import MemoryJournal
from loopcoder.domain.issues.issue import Issue
from loopcoder.domain.issues.plan import Plan, PlanOptions
from loopcoder.domain.journal.event import Holder
from loopcoder.domain.roadmap.roadmap import parse_roadmap
from loopcoder.domain.settings import Limits
from loopcoder.domain.unit import UnitId
from loopcoder.engine.compile.apply import Applied, apply_plan
from loopcoder.engine.compile.clerk import Clerk
from loopcoder.engine.compile.compile import plan_roadmap
from tests.github_server.people import HubTracker
from tests.github_server.world import ANA, EVE, Github
from tests.support.clone import Clone


@dataclass
class Hosted:
    """`ana` writes and `eve` is an outsider, both on the web site."""

    folder: Path
    lag_s: float = 90.0
    clock: FixedClock = field(default_factory=FixedClock)

    def __post_init__(self) -> None:
        self.github = Github.start(self.folder / "github", now=self.clock.now)
        self.clone = Clone.make(self.folder / "clone", self.github)
        self.journal = MemoryJournal(self.clock)
        self.pid = 0

    # --- people and what they see

    @property
    def ana(self) -> HubTracker:
        return HubTracker(self.github.hub, self.github.repo, ANA)

    @property
    def eve(self) -> HubTracker:
        return HubTracker(self.github.hub, self.github.repo, EVE)

    @property
    def issues(self) -> list[Issue]:
        return list(self.ana.list_issues())

    def issue(self, unit: str) -> Issue:
        number = self.journal.history().units[UnitId(unit)].number
        assert number is not None
        return self.ana.get_issue(number)

    def edges(self, unit: str) -> set[int]:
        return {each.number for each in self.ana.list_blocked_by(self.issue(unit).number)}

    # --- compiling

    def plan(self, text: str, **options: object) -> Plan:
        return self._plan(text, self._tracker(), options)

    def compile(self, text: str, **options: object) -> Applied:
        tracker = self._tracker()
        plan = self._plan(text, tracker, options)
        return apply_plan(plan, self._clerk(tracker))

    def settle(self, text: str, **options: object) -> Applied:
        """Compile, and insist that a second time writes nothing and asks once."""
        applied = self.compile(text, **options)
        self.later(seconds=6)
        self.compile(text, **options)
        self.github.forget_requests()
        assert self.compile(text, **options).writes == 0
        assert [r.operation for r in self.github.requests()] == ["issues/list-for-repo"]
        return applied

    def later(self, **by: float) -> None:
        self.clock.advance(**(by or {"minutes": 5}))

    def edit(self, unit: str, change: Callable[[str], str]) -> None:
        """A person edits the issue's body."""
        issue = self.issue(unit)
        self.ana.update_issue(issue.number, body=change(issue.body))

    def close(self) -> None:
        self.clone.close()
        self.github.close()
        self.github.server.check()

    def _tracker(self) -> GitHubTracker:
        self.pid += 1
        return self.clone.open(self.clock)[0]

    def _plan(self, text: str, tracker: GitHubTracker, options: dict[str, object]) -> Plan:
        reading = parse_roadmap(text)
        chosen = replace(PlanOptions(repository=self.github.full_name), **options)  # type: ignore[arg-type]
        return plan_roadmap(reading.roadmap, reading.diagnostics, tracker, self.journal, chosen)

    def _clerk(self, tracker: GitHubTracker) -> Clerk:
        holder = Holder("here", "boot", self.pid, 1.0)
        return Clerk(
            tracker, self.journal, self.clock, holder, lambda _: False,
            limits=Limits(issues_per_day=1000), lag_s=self.lag_s,
        )  # fmt: skip
