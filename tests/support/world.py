"""A small default world for decision tests: build it, change one thing, look at the decision."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from loopcoder.domain.graph import chain_lengths
from loopcoder.domain.issues.issue import (
    Actor,
    CloseReason,
    Issue,
    IssueState,
    PullRequest,
    PullState,
)
from loopcoder.domain.journal import event as e
from loopcoder.domain.journal.history import History
from loopcoder.domain.settings import (
    BreakerSettings,
    Caps,
    Command,
    CostBasis,
    ReviewerSpec,
    Settings,
    WorkerSpec,
)
from loopcoder.domain.tick.snapshot import BaseState, Snapshot, TickState, UnitView
from loopcoder.domain.unit import Unit, UnitId, text_digest

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BASE = "b" * 40
ANA = Actor(7, "ana")
BOT = Actor(1, "loopcoder")
HOLDER = e.Holder("here", "boot", 42, 1.0)

SETTINGS = Settings(
    verify=(Command("make check"),),
    workers={
        "default": WorkerSpec("default", "command", argv=("agent",), cost=CostBasis.FREE),
        "paid": WorkerSpec("paid", "command", argv=("agent",), cost=CostBasis.REPORTED),
    },
    reviewer=ReviewerSpec(WorkerSpec("reviewer", "command", cost=CostBasis.FREE)),
    budget=Caps(),
    breaker=BreakerSettings(),
)


def unit(name: str, **changes: Any) -> Unit:
    defaults: dict[str, Any] = {"title": name.replace("-", " ").capitalize(), "position": 1}
    return Unit(UnitId(name), **{**defaults, **changes})


def issue(number: int, **changes: Any) -> Issue:
    made = Issue(
        number=number,
        id=1000 + number,
        title=f"issue {number}",
        body="",
        author=BOT,
        created_at=NOW - timedelta(days=2),
        updated_at=NOW - timedelta(days=1),
        labels=frozenset({"loopcoder"}),
    )
    return replace(made, **changes)


def completed(number: int) -> Issue:
    return issue(number, state=IssueState.CLOSED, close_reason=CloseReason.COMPLETED)


def pull(number: int, name: str, **changes: Any) -> PullRequest:
    made = PullRequest(
        number=number,
        title=name,
        body="",
        branch=f"loopcoder/{name}",
        head="c" * 40,
        base="main",
        author=BOT,
        created_at=NOW - timedelta(hours=3),
        updated_at=NOW - timedelta(hours=2),
        state=PullState.OPEN,
        mergeable=True,
    )
    return replace(made, **changes)


class Story:
    """Facts in order, as the journal would have recorded them, an hour before now by default."""

    def __init__(self) -> None:
        self.history = History()
        self.at = NOW - timedelta(hours=1)

    def tell(self, *facts: e.Fact, unit: str | None = None, attempt: int | None = None) -> Story:
        for fact in facts:
            name = UnitId(unit) if unit else None
            number = self.history.length + 1
            self.at += timedelta(seconds=1)
            self.history.apply(
                e.Event(f"{number:026d}", self.at, fact, name, attempt, None, "scheduler", "", "")
            )
        return self

    def bind(self, name: str, number: int) -> Story:
        return self.tell(e.IssueBound("main", number, 1000 + number), unit=name)

    def attempt(
        self,
        name: str,
        number: int,
        *,
        failure: Any = None,
        strike: bool = False,
        outcome: str = "failed",
        usd: str = "0",
        provider: str = "command:default",
        **begun: Any,
    ) -> Story:
        """One whole attempt, from claim to end."""
        self.begin(name, number, **begun)
        if usd != "0":
            reservation = f"{self.history.length + 1:026d}"
            reserved = e.Reserved("r0", "work", provider, Decimal(usd))
            settled = e.Settled(reservation, Decimal(usd), "reported")
            self.tell(reserved, settled, unit=name, attempt=number)
        finished = e.AttemptFinished(outcome, f"reason {number}", strike, failure, provider)
        return self.tell(finished, e.ClaimReleased(), unit=name, attempt=number)

    def begin(self, name: str, number: int, **begun: Any) -> Story:
        fields = {
            "run": "r0",
            "base": BASE,
            "start": BASE,
            "worker": "default",
            "provider": "command:default",
            "unit_digest": text_digest(unit(name)),
        }
        claim = e.ClaimTaken(HOLDER, NOW + timedelta(minutes=10))
        self.tell(claim, e.AttemptBegun(**{**fields, **begun}), unit=name, attempt=number)
        return self


def view(name: str, number: int | None = 1, story: Story | None = None, **changes: Any) -> UnitView:
    """A filed, open, unblocked unit of the roadmap, with the record the story gives it."""
    made = changes.pop("unit", None) or unit(name)
    record = story.history.unit(made.id) if story else History().unit(made.id)
    fields: dict[str, Any] = {
        "issue": issue(number) if number else None,
        "digest": text_digest(made),
    }
    return UnitView(made, record, **{**fields, **changes})


def snapshot(views: Iterable[UnitView], story: Story | None = None, **changes: Any) -> Snapshot:
    """The world at noon, with a green base."""
    seen = tuple(views)
    fields: dict[str, Any] = {
        "now": NOW,
        "base": BaseState(BASE, green=True),
        "units": seen,
        "history": story.history if story else History(),
        "tick": TickState("r1", NOW - timedelta(minutes=1)),
        "depth": chain_lengths([v.unit for v in seen]),
    }
    return Snapshot(**{**fields, **changes})
