"""What the journal adds up to: a fold of events into one record per unit and a few totals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from loopcoder.domain.context.learned import MOST_KEPT, Hint, hint_name
from loopcoder.domain.journal import event as e
from loopcoder.domain.tick.failure import FailureClass
from loopcoder.domain.tick.race import name_in
from loopcoder.domain.unit import DEFAULT_PLAN, UnitId, digest_edges


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on a unit. It ends by release, by expiry or with its holder's process."""

    epoch: int
    holder: e.Holder
    taken_at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class StageRecord:
    """One stage of one round; `finished` is None while it runs, or when its process died."""

    stage: str
    round: int
    begun_at: datetime
    finished_at: datetime | None = None
    finished: e.StageFinished | None = None


def _renamed(record: StageRecord, stage: str) -> StageRecord:
    done = replace(record.finished, stage=stage) if record.finished else None
    return replace(record, stage=stage, finished=done)


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """One attempt: `begun` is what it was dispatched with. `claims` counts the processes that
    worked on it; more than one means that it was interrupted. Stages of a race are called after
    their lane, such as `work@2`, until it is over: then those of `raced.lane` are plain ones."""

    number: int
    begun: e.AttemptBegun
    begun_at: datetime
    claims: int = 1
    stages: tuple[StageRecord, ...] = ()
    finished: e.AttemptFinished | None = None
    finished_at: datetime | None = None
    usd: Decimal = Decimal(0)
    tokens: int = 0
    race: e.RaceBegun | None = None
    raced: e.RaceFinished | None = None

    def seen_from(self, lane: int) -> AttemptRecord:
        """The attempt as a lane of a race sees it: its own stages, by their plain names."""
        named = ((each, name_in(each.stage, lane)) for each in self.stages)
        return replace(self, stages=tuple(_renamed(each, name) for each, name in named if name))

    def last(self, stage: str, round_: int | None = None) -> e.StageFinished | None:
        """The newest finished record of a stage, of one round when given."""
        for record in reversed(self.stages):
            if record.stage == stage and record.finished and round_ in (None, record.round):
                return record.finished
        return None

    @property
    def round(self) -> int:
        """The round that was last begun, counted from 1; after a race, in the kept lane."""
        kept = [each for each in self.stages if not self.raced or name_in(each.stage, 0)]
        return max((record.round for record in kept), default=1)


@dataclass(frozen=True, slots=True)
class PullRecord:
    """Our pull request for a unit: `head` is what we last pushed, `told` the SHA-256 of what our
    comment on it says."""

    number: int
    branch: str
    head: str
    answered: frozenset[str] = frozenset()
    fix_ups: int = 0
    review_requested: bool = False
    told: str = ""


@dataclass(frozen=True, slots=True)
class BooksRecord:
    """Our bookkeeping branch: the newest commit made for it, all those made so far, and what the
    newest says."""

    head: str = ""
    heads: frozenset[str] = frozenset()
    digest: str = ""
    number: int | None = None


NO_BOOKS = BooksRecord()


@dataclass(frozen=True, slots=True)
class Waiver:
    blocker: int
    edges_digest: str
    by: str


MOST_FLAKES = 3
"""How often a job may fail and pass on one commit before a person is told."""


@dataclass(frozen=True, slots=True)
class CiRecord:
    """What CI said of one failure: the newest failed and passed run, and where it was a flake.

    Runs are `<id>.<attempt>`; `runs` are those in which it was seen.
    """

    workflow: str
    job: str
    failed: str
    commit: str
    passed: str = ""
    runs: frozenset[str] = frozenset()
    flakes: frozenset[str] = frozenset()

    @property
    def is_green(self) -> bool:
        """Whether it went away since it was last seen."""
        return bool(self.passed) and run_order(self.passed) > run_order(self.failed)


def run_order(run: str) -> tuple[int, int]:
    """Runs by time: `<id>.<attempt>`, both numbers. What is none comes first."""
    number, _, attempt = run.partition(".")
    if not (number.isdecimal() and (attempt or "1").isdecimal()):
        return 0, 0
    return int(number), int(attempt or 1)


@dataclass(frozen=True, slots=True)
class UnitRecord:
    """Everything recorded about one unit. What people commented up to `heard_until` counts."""

    id: UnitId
    plan: str = ""
    number: int | None = None
    database_id: int | None = None
    bound_how: str = ""
    applied: e.UnitApplied | None = None
    create_intent: e.Event | None = None
    proposed: e.Proposed | None = None
    filed: e.Filed | None = None
    withdrawn: e.Withdrawn | None = None
    carried: e.CarriedOver | None = None
    approved: e.Approved | None = None
    heard_until: datetime | None = None
    held: e.Held | None = None
    needs_human: e.NeedsHuman | None = None
    retried_at: datetime | None = None
    retry: e.Retried | None = None
    added_edges: frozenset[int] = frozenset()
    waivers: tuple[Waiver, ...] = ()
    epoch: int = 0
    claim: Claim | None = None
    attempts: tuple[AttemptRecord, ...] = ()
    pull: PullRecord | None = None
    landed: e.Landed | None = None
    planned: e.StageFinished | None = None
    ci: CiRecord | None = None

    @property
    def current(self) -> AttemptRecord | None:
        """The attempt that was begun and not finished, if any."""
        last = self.attempts[-1] if self.attempts else None
        return last if last and last.finished is None else None

    @property
    def struck(self) -> tuple[AttemptRecord, ...]:
        """The attempts that count against the unit since a person last said retry."""
        return tuple(
            attempt
            for attempt in self.attempts
            if attempt.finished
            and attempt.finished.strike
            and (self.retried_at is None or attempt.begun_at >= self.retried_at)
        )


@dataclass(frozen=True, slots=True)
class Spend:
    """One reservation, and what became of it. `usd` is the settled figure, else the reserved."""

    reservation: str
    at: datetime
    run: str
    unit: UnitId | None
    attempt: int | None
    provider: str
    purpose: str
    reserved: Decimal
    usd: Decimal
    tokens: int
    basis: str = ""

    @property
    def settled(self) -> bool:
        return bool(self.basis)


@dataclass(frozen=True, slots=True)
class ProviderOutcome:
    """What the breakers are computed from: how an attempt ended, newest last.

    `unit` tells progress from repetition; `failure` is None for an attempt that succeeded.
    """

    at: datetime
    provider: str
    failure: FailureClass | None
    unit: UnitId | None
    usd: Decimal


@dataclass(frozen=True, slots=True)
class LastChange:
    """The last tick that did something: its short name, when it ended (UTC), what it did, and the
    address of its log, where it has one."""

    name: str
    at: str
    words: str
    link: str = ""

    @classmethod
    def told_by(cls, fact: e.TickFinished) -> LastChange | None:
        told = fact.summary.get("change")
        if not isinstance(told, dict):
            return None
        return cls(*(str(told.get(key) or "") for key in ("name", "at", "words", "link")))

    def as_json(self) -> dict[str, e.Json]:
        return {"name": self.name, "at": self.at, "words": self.words, "link": self.link}


_SUCCEEDED = frozenset({"proposed", "updated", "committed"})
"""Outcomes that show a provider at work. An attempt that a person ended, or that asked for one,
says nothing about its provider either way."""


@dataclass(slots=True)
class History:
    """The fold. `apply` takes events in order; everything else only reads.

    `calibrations` holds the newest result per reviewer identity, `judged_cases` what was judged
    (per identity and case) since that result.
    """

    units: dict[UnitId, UnitRecord] = field(default_factory=dict)
    spend: dict[str, Spend] = field(default_factory=dict)
    outcomes: list[ProviderOutcome] = field(default_factory=list)
    breaker_resets: list[tuple[datetime, str]] = field(default_factory=list)
    hold: e.Held | None = None
    base_checks: dict[tuple[str, str], e.BaseChecked] = field(default_factory=dict)
    open_effects: dict[str, e.Event] = field(default_factory=dict)
    effects_done: list[tuple[datetime, str]] = field(default_factory=list)
    duplicates: set[int] = field(default_factory=set)
    tick: e.TickBegun | None = None
    tick_at: datetime | None = None
    last_report: e.TickFinished | None = None
    sealed: e.Sealed | None = None
    dashboard: e.DashboardBound | None = None
    dashboard_intent: e.Event | None = None
    dashboard_note: str = ""
    carried_from: str = ""
    last_change: LastChange | None = None
    calibrations: dict[str, tuple[datetime, e.Calibrated]] = field(default_factory=dict)
    judged_cases: dict[tuple[str, str], tuple[datetime, e.CaseJudged]] = field(default_factory=dict)
    books: BooksRecord = NO_BOOKS
    hints: dict[str, Hint] = field(default_factory=dict)
    forgotten: set[str] = field(default_factory=set)
    head: str = ""
    length: int = 0

    def unit(self, unit: UnitId) -> UnitRecord:
        """The unit's record; an empty one when nothing is recorded."""
        return self.units.get(unit) or UnitRecord(unit)

    def copy(self) -> History:
        """A snapshot that later events do not change (the records themselves are frozen)."""
        return History(
            dict(self.units),
            dict(self.spend),
            list(self.outcomes),
            list(self.breaker_resets),
            self.hold,
            dict(self.base_checks),
            dict(self.open_effects),
            list(self.effects_done),
            set(self.duplicates),
            self.tick,
            self.tick_at,
            self.last_report,
            self.sealed,
            self.dashboard,
            self.dashboard_intent,
            self.dashboard_note,
            self.carried_from,
            self.last_change,
            dict(self.calibrations),
            dict(self.judged_cases),
            self.books,
            dict(self.hints),
            set(self.forgotten),
            self.head,
            self.length,
        )

    def apply(self, event: e.Event) -> None:
        """Take one event in."""
        self.head, self.length = event.id, self.length + 1
        self._apply_totals(event)
        if event.unit is not None:
            record = self.unit(event.unit)
            changed = _unit_after(record, event)
            if changed is not record:
                self.units[event.unit] = changed

    def apply_all(self, events: Iterable[e.Event]) -> History:
        for event in events:
            self.apply(event)
        return self

    def _apply_totals(self, event: e.Event) -> None:
        match event.fact:
            case e.EffectBegun() as fact:
                self.open_effects[event.id] = event
                if fact.verb == "dashboard.create":
                    self.dashboard_intent = event
            case e.EffectFinished() as fact:
                begun = self.open_effects.pop(fact.begun, None)
                if begun and fact.outcome in (e.EffectOutcome.DONE, e.EffectOutcome.FOUND):
                    assert isinstance(begun.fact, e.EffectBegun)
                    self.effects_done.append((event.at, begun.fact.verb))
            case e.DuplicateClosed() as fact:
                self.duplicates.add(fact.database_id)
            case e.Reserved() as fact:
                self.spend[event.id] = Spend(
                    reservation=event.id,
                    at=event.at,
                    run=fact.run,
                    unit=event.unit,
                    attempt=event.attempt,
                    provider=fact.provider,
                    purpose=fact.purpose,
                    reserved=fact.usd,
                    usd=fact.usd,
                    tokens=fact.tokens,
                )
            case e.Settled() as fact if fact.reservation in self.spend:
                self.spend[fact.reservation] = replace(
                    self.spend[fact.reservation],
                    usd=fact.usd,
                    tokens=fact.tokens,
                    basis=fact.basis,
                )
            case e.AttemptFinished() as fact if fact.failure or fact.outcome in _SUCCEEDED:
                self.outcomes.append(
                    ProviderOutcome(
                        event.at, fact.provider, fact.failure, event.unit, self._spent_on(event)
                    )
                )
            case e.BreakerReset() as fact:
                self.breaker_resets.append((event.at, fact.scope))
            case e.Held() as fact if event.unit is None:
                self.hold = fact
            case e.Released() if event.unit is None:
                self.hold = None
            case e.BaseChecked() as fact:
                self.base_checks[fact.sha, fact.commands] = fact
            case e.TickBegun() as fact:
                self.tick, self.tick_at = fact, event.at
            case e.TickFinished() as fact:
                self.tick, self.last_report = None, fact
                self.last_change = LastChange.told_by(fact) or self.last_change
            case e.DashboardBound() as fact:
                self.dashboard, self.dashboard_intent = fact, None
            case e.CarriedOver() as fact if event.unit is None:
                self.carried_from = fact.source
            case e.DashboardNoted() as fact:
                self.dashboard_note = fact.note
            case e.Sealed() as fact:
                self.sealed = fact
            case e.CaseJudged() as fact:
                self.judged_cases[fact.identity, fact.digest] = (event.at, fact)
            case e.Calibrated() as fact:
                self.calibrations[fact.identity] = (event.at, fact)
                self.judged_cases = {
                    key: row for key, row in self.judged_cases.items() if key[0] != fact.identity
                }
            case e.Learned() as fact:
                self._learn(event, fact)
            case e.Forgotten() as fact:
                self.hints.pop(fact.hint, None)
                self.forgotten.add(fact.hint)
            case e.BooksMade() as fact:
                heads = self.books.heads | {fact.head}
                self.books = replace(self.books, head=fact.head, heads=heads, digest=fact.digest)
            case e.BooksProposed() as fact:
                self.books = replace(self.books, number=fact.number)
            case _:
                pass

    def _learn(self, event: e.Event, fact: e.Learned) -> None:
        """Take a hint in as the newest; the oldest goes when there are too many."""
        name = hint_name(fact.text)
        if name in self.forgotten:
            return
        self.hints.pop(name, None)
        self.hints[name] = Hint(name, fact.text, fact.paths, event.unit, event.at)
        if len(self.hints) > MOST_KEPT:
            self.hints.pop(next(iter(self.hints)))

    def _spent_on(self, event: e.Event) -> Decimal:
        record = self.units.get(event.unit) if event.unit else None
        return record.attempts[-1].usd if record and record.attempts else Decimal(0)


def _unit_after(record: UnitRecord, event: e.Event) -> UnitRecord:
    """The record after one event of its unit."""
    fact = event.fact
    match fact:
        case e.EffectBegun() if fact.verb == "issue.create":
            return replace(record, create_intent=event)
        case e.EffectFinished() if _was_refused(record, fact):
            return replace(record, create_intent=None)
        case e.IssueBound():
            return replace(
                record,
                plan=fact.plan,
                number=fact.number,
                database_id=fact.database_id,
                bound_how=fact.how,
                create_intent=None,
            )
        case e.UnitApplied():
            return replace(record, applied=fact, waivers=_still_waived(record, fact))
        case e.Proposed():
            return replace(record, proposed=fact)
        case e.CiFailed() | e.CiPassed() | e.CiFlaked():
            return replace(record, ci=_with_ci(record.ci, fact))
        case e.Filed():
            return replace(
                record,
                plan=DEFAULT_PLAN,
                number=fact.number,
                database_id=fact.database_id,
                bound_how="filed",
                filed=fact,
                withdrawn=None,
                approved=None,
            )
        case e.CarriedOver():
            return replace(record, carried=fact)
        case e.Withdrawn():
            return replace(record, withdrawn=fact, approved=None)
        case e.Approved():
            return replace(record, approved=fact, heard_until=fact.said_at or event.at)
        case e.Held():
            return replace(record, held=fact)
        case e.Released():
            return replace(record, held=None)
        case e.Retried():
            return _retried(record, event)
        case e.NeedsHuman():
            return replace(record, needs_human=fact)
        case e.EdgeAdded() | e.EdgeWaived():
            return with_word(record, fact)
        case e.Landed():
            return replace(record, landed=fact)
        case e.PullOpened():
            return replace(record, pull=PullRecord(fact.number, fact.branch, fact.head))
        case e.ReviewRequested() if record.pull and record.pull.number == fact.number:
            return replace(record, pull=replace(record.pull, review_requested=True))
        case e.PullTold() if record.pull and record.pull.number == fact.number:
            return replace(record, pull=replace(record.pull, told=fact.sha256))
        case e.PullUpdated():
            return _with_pull(record, fact)
        case e.Reserved() | e.Settled():
            return _with_spend(record, event)
        case _:
            return _attempts_after(record, event)


def _retried(record: UnitRecord, event: e.Event) -> UnitRecord:
    """A person's word starts all counts anew: strikes, and the fix-ups of the pull request."""
    fact = event.fact
    assert isinstance(fact, e.Retried)
    pull = replace(record.pull, fix_ups=0) if record.pull else None
    return replace(
        record,
        needs_human=None,
        retried_at=event.at,
        retry=fact,
        heard_until=fact.said_at or event.at,
        pull=pull,
        carried=None,
    )


def with_word(record: UnitRecord, word: e.EdgeAdded | e.EdgeWaived) -> UnitRecord:
    """The record once a person added or waived an edge."""
    if isinstance(word, e.EdgeAdded):
        return replace(
            record,
            added_edges=record.added_edges | {word.blocker},
            waivers=tuple(w for w in record.waivers if w.blocker != word.blocker),
        )
    return replace(
        record,
        added_edges=record.added_edges - {word.blocker},
        waivers=(*record.waivers, Waiver(word.blocker, word.edges_digest, word.by)),
    )


def _with_ci(
    before: CiRecord | None, fact: e.CiFailed | e.CiPassed | e.CiFlaked
) -> CiRecord | None:
    match fact:
        case e.CiFailed():
            runs = (before.runs if before else frozenset()) | {fact.run}
            known = before or CiRecord(fact.workflow, fact.job, fact.run, fact.commit)
            newest = max(known.failed, fact.run, key=run_order)
            commit = fact.commit if newest == fact.run else known.commit
            return replace(known, failed=newest, commit=commit, runs=runs)
        case e.CiPassed() if before:
            return replace(before, passed=fact.run)
        case e.CiFlaked() if before:
            return replace(before, passed=fact.run, flakes=before.flakes | {fact.failed})
        case _:
            return before


def _was_refused(record: UnitRecord, finished: e.EffectFinished) -> bool:
    """Whether the issue that was to be created was refused, so that nothing is in doubt."""
    intent = record.create_intent
    failed = finished.outcome is e.EffectOutcome.FAILED
    return failed and intent is not None and intent.id == finished.begun


def _still_waived(record: UnitRecord, applied: e.UnitApplied) -> tuple[Waiver, ...]:
    """A waiver ends for good when other edges are applied, even if the old ones come back."""
    if not record.waivers:
        return ()
    digest = digest_edges(applied.edges)
    return tuple(w for w in record.waivers if w.edges_digest in ("", digest))


def _with_pull(record: UnitRecord, fact: e.PullUpdated) -> UnitRecord:
    pull = record.pull or PullRecord(fact.number, "", "")
    return replace(
        record,
        pull=replace(
            pull,
            head=fact.head,
            answered=pull.answered | frozenset(fact.answered),
            fix_ups=pull.fix_ups + 1,
        ),
    )


def _with_spend(record: UnitRecord, event: e.Event) -> UnitRecord:
    fact = event.fact
    if not isinstance(fact, e.Settled) or not record.attempts or event.attempt is None:
        return record
    return _replace_attempt(
        record,
        event.attempt,
        lambda a: replace(a, usd=a.usd + fact.usd, tokens=a.tokens + fact.tokens),
    )


def _attempts_after(record: UnitRecord, event: e.Event) -> UnitRecord:
    """Facts told under an older claim than the newest change nothing: whoever lost the claim may
    still be running, and what it recorded may arrive late."""
    fact = event.fact
    if event.epoch is not None and event.epoch < record.epoch:
        return record
    match fact:
        case e.ClaimTaken():
            epoch = event.epoch or record.epoch + 1
            claim = Claim(epoch, fact.holder, event.at, fact.until)
            record = replace(record, claim=claim, epoch=epoch)
            if record.current:
                number = record.current.number
                return _replace_attempt(record, number, lambda a: replace(a, claims=a.claims + 1))
            return record
        case e.ClaimRenewed() if record.claim and record.claim.epoch == event.epoch:
            return replace(record, claim=replace(record.claim, until=fact.until))
        case e.ClaimReleased():
            return replace(record, claim=None)
        case e.AttemptBegun():
            number = event.attempt or len(record.attempts) + 1
            begun = AttemptRecord(number, fact, event.at)
            return replace(record, attempts=(*record.attempts, begun))
        case e.AttemptFinished() if event.attempt:
            return _replace_attempt(
                record, event.attempt, lambda a: replace(a, finished=fact, finished_at=event.at)
            )
        case e.StageBegun() if event.attempt:
            stage = StageRecord(fact.stage, fact.round, event.at)
            return _replace_attempt(
                record, event.attempt, lambda a: replace(a, stages=(*a.stages, stage))
            )
        case e.RaceBegun() if event.attempt:
            return _replace_attempt(record, event.attempt, lambda a: replace(a, race=fact))
        case e.RaceFinished() if event.attempt:
            return _replace_attempt(record, event.attempt, lambda a: _end_race(a, fact))
        case e.StageFinished() if event.attempt:
            if fact.stage == "plan" and fact.passed:
                record = replace(record, planned=fact)
            return _replace_attempt(record, event.attempt, lambda a: _finish_stage(a, event))
        case _:
            return record


def _end_race(attempt: AttemptRecord, fact: e.RaceFinished) -> AttemptRecord:
    """The kept lane's stages lose their suffix; the others keep it, and are only remembered."""
    named = ((each, name_in(each.stage, fact.lane)) for each in attempt.stages)
    stages = tuple(_renamed(each, name) if name else each for each, name in named)
    return replace(attempt, stages=stages, raced=fact)


def _finish_stage(attempt: AttemptRecord, event: e.Event) -> AttemptRecord:
    """Close the newest open record of the stage, or add one that was never announced."""
    fact = event.fact
    assert isinstance(fact, e.StageFinished)
    stages = list(attempt.stages)
    for index in range(len(stages) - 1, -1, -1):
        stage = stages[index]
        if (stage.stage, stage.round, stage.finished) == (fact.stage, fact.round, None):
            stages[index] = replace(stage, finished=fact, finished_at=event.at)
            return replace(attempt, stages=tuple(stages))
    done = StageRecord(fact.stage, fact.round, event.at, event.at, fact)
    return replace(attempt, stages=(*stages, done))


def _replace_attempt(record: UnitRecord, number: int, change: _Change) -> UnitRecord:
    attempts = tuple(change(a) if a.number == number else a for a in record.attempts)
    return replace(record, attempts=attempts)


if TYPE_CHECKING:
    from collections.abc import Callable

    _Change = Callable[[AttemptRecord], AttemptRecord]
