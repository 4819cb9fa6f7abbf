"""The last job of a wave: believe what can be believed, propose it, record it. Executes nothing.

What an attempt came to is not read from an artifact: it is replayed from receipts, by the pipeline
that every other process uses, in a desk that may do no stage at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from loopcoder.domain.diagnostic import LoopcoderError, RateLimited
from loopcoder.domain.journal.event import (
    Entry,
    Event,
    Reserved,
    ReviewerAsked,
    Settled,
    StageBegun,
    StageFinished,
)
from loopcoder.domain.journal.history import History
from loopcoder.domain.journal.records.attempt import AttemptRecord
from loopcoder.domain.limits.budget import NOTHING
from loopcoder.domain.tick import action as act
from loopcoder.domain.tick.carried import Forged, Station, check_errand, last_made
from loopcoder.domain.tick.decide import decide
from loopcoder.domain.tick.failure import FailureClass
from loopcoder.domain.tick.report import TickReport, UnitOutcome
from loopcoder.domain.tick.snapshot import BaseState, Snapshot, TickState
from loopcoder.domain.tick.wave import Errand, Wave
from loopcoder.domain.unit import UnitId
from loopcoder.engine.attempt.attempt import Attempt
from loopcoder.engine.attempt.claim import holds_claim
from loopcoder.engine.attempt.commit import draft_of, policy_round
from loopcoder.engine.attempt.ending import end_attempt
from loopcoder.engine.attempt.outcome import Ended, Judged
from loopcoder.engine.attempt.recovery import clear_shelf, kept_of
from loopcoder.engine.attempt.stage import Desk, NotOurs, Suspended
from loopcoder.engine.compile.bookkeeping import keep_books
from loopcoder.engine.services import Services
from loopcoder.engine.tick.ending import cut_short, end_tick, record_end, summarise
from loopcoder.engine.tick.gathered import Gathered
from loopcoder.engine.tick.integrate import integrated
from loopcoder.engine.tick.parting import Ends, Left, pause
from loopcoder.engine.tick.passes import look_again
from loopcoder.engine.tick.relay import desk_of, replay
from loopcoder.engine.tick.tick import tidy, used_api
from loopcoder.engine.tick.unit_line import unit_line
from loopcoder.engine.tick.wave import conclude_wave
from loopcoder.ports.shelf import Kept

_NOTHING_MAY = frozenset[str]()
CARRIED = "carried"
"""The basis of a settlement whose money is charged by the jobs' own settlements."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """What came back for one errand, of each job its events; `refused` says why nothing of it
    is believed, `missing` which jobs left nothing."""

    events: Mapping[Station, tuple[Event, ...]] = field(default_factory=dict)
    refused: str = ""
    missing: tuple[Station, ...] = ()


def publish_wave(services: Services, wave: Wave, given: Mapping[UnitId, Delivered]) -> TickReport:
    """Check what the jobs delivered, record it, and propose what passed every gate. A host's limit
    ends it with a report of what was done until then."""
    asked = used_api(services)
    services.journal.refresh()
    settlement = _Settlement(services, wave)
    state = TickState(wave.run, wave.taken_at, attempted=frozenset(wave.units))
    gathered = Gathered(state, seen=_as_planned(services, wave, state), warnings=services.warnings)
    try:
        for errand in wave.errands:
            settlement.take(errand, given[errand.unit.id])
        settlement.conclude()
        if limit := settlement.limit:
            raise limit
        snapshot = look_again(services, gathered, compiling=False)
        _tell(services, snapshot, settlement, gathered)
        _tidy(services, snapshot, gathered)
        report = _with_books(services, snapshot, summarise(services, snapshot, gathered))
        report = end_tick(services, snapshot, report)
    except RateLimited as limit:
        settlement.give_back(limit)
        if not gathered.lines and gathered.seen:
            _tell(services, gathered.seen, settlement, gathered)
        report = cut_short(services, gathered, limit)
        record_end(services, report)
    return replace(report, api=used_api(services).since(asked))


def _as_planned(services: Services, wave: Wave, state: TickState) -> Snapshot:
    """The wave's units as they were handed out: what can be told without asking anybody."""
    history = services.journal.history()
    views = tuple(errand.view(history) for errand in wave.errands)
    base = BaseState(wave.base, green=True)
    return Snapshot(services.clock.now(), base, views, history, state)


def _tell(
    services: Services, snapshot: Snapshot, settlement: _Settlement, gathered: Gathered
) -> None:
    known = {view.id for view in snapshot.units}
    for each in settlement.left:
        if each.step.unit in known:
            gathered.lines.append(unit_line(services, snapshot, each, settlement.ends))
    for line in gathered.lines:
        services.listener.unit_ended(line)


def tidy_up(services: Services, run: str) -> TickReport:
    """What is left to write after a tick without a wave: the roadmap's boxes, by pull request,
    merged branches, and requests for a review."""
    asked = used_api(services)
    services.journal.refresh()
    state = TickState(run=run, started_at=services.clock.now(), stopping=True)
    gathered = Gathered(state, warnings=services.warnings)
    try:
        snapshot = look_again(services, gathered, compiling=False)
        _tidy(services, snapshot, gathered)
        report = _with_books(services, snapshot, summarise(services, snapshot, gathered))
    except RateLimited as limit:
        report = cut_short(services, gathered, limit)
    return replace(report, api=used_api(services).since(asked))


def _tidy(services: Services, snapshot: Snapshot, gathered: Gathered) -> None:
    """The upkeep that was left to whoever may write branches and pull requests."""
    actions = decide(snapshot, services.settings)
    tidy(services, snapshot, [a for a in actions if isinstance(a, act.Publishing)], gathered)


def _with_books(services: Services, snapshot: Snapshot, report: TickReport) -> TickReport:
    return keep_books(services, snapshot).told_in(report)


@dataclass(slots=True)
class _Settlement:
    """The wave's errands, one after the other: what each came to, and what goes on the shelf."""

    services: Services
    wave: Wave
    left: list[Left] = field(default_factory=list)
    ends: Ends = field(default_factory=dict)
    judged: list[Judged] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)

    def take(self, errand: Errand, given: Delivered) -> None:
        """One errand up to the barrier."""
        desk = desk_of(self.services, self.wave, errand, _NOTHING_MAY)
        result = self._result(errand, desk, given)
        self.left.append(Left(errand.step, desk, result))
        if isinstance(result, Judged):
            self._barrier(result, given)

    def conclude(self) -> None:
        """Publish what was found out before anything is proposed, then propose what fits."""
        services = self.services
        services.journal.flush()
        if services.shelf and self.kept:
            services.shelf.keep(self.kept)
        integration, unheard = integrated(self.judged)
        for each in unheard:
            self._rest(each.desk, _not_put_together())
        self.ends |= conclude_wave(services, integration)
        clear_shelf(services, self._shelved())

    @property
    def limit(self) -> RateLimited | None:
        """The host's limit that will last longest of those that were met on the way."""
        met = [ended.limit for ended, _ in self.ends.values() if ended.limit]
        return max(met, key=lambda limit: limit.until, default=None)

    def give_back(self, limit: RateLimited) -> None:
        """Nobody else is to wait for claims until they expire: what has not ended rests, and its
        commits are kept where every machine finds them, as far as that can be done now."""
        done = set(self.ends)
        for each in self.left:
            if isinstance(each.result, Judged) and each.step.unit not in done:
                self._rest(each.result.desk, Suspended(str(limit)))
        begun = {each.step.unit for each in self.left}
        for errand in self.wave.errands:
            if errand.unit.id not in begun:
                desk = desk_of(self.services, self.wave, errand, _NOTHING_MAY)
                self.left.append(Left(errand.step, desk, None))
                self._rest(desk, Suspended(str(limit)))
        if self.services.shelf and self.kept:
            with suppress(LoopcoderError):
                self.services.shelf.keep(self.kept)

    def _result(self, errand: Errand, desk: Desk, given: Delivered) -> Judged | Ended | None:
        """What it came to, or None when it rests until the next tick."""
        services, unit = self.services, errand.unit.id
        if not holds_claim(services, unit, errand.epoch):
            reason = f"another process took {unit} over; its result stands."
            return Ended(UnitOutcome.WAITING, reason)
        try:
            _believe(services, self.wave, errand, desk, given)
        except Forged as error:
            reason = f"an artifact was refused: {error}"
            ended = Ended(UnitOutcome.FAILED, reason, FailureClass.POLICY_REJECTED, strike=True)
            end_attempt(desk, ended)
            return ended
        result = replay(desk, errand)
        if isinstance(result, Ended):
            end_attempt(desk, result)
        elif isinstance(result, NotOurs):
            self._rest(desk, _why_rests(result, given))
            return None
        return result

    def _barrier(self, judged: Judged, given: Delivered) -> None:
        self._keep(judged.desk)
        try:
            judged.desk.check_hold()
            if Station.INTEGRATE not in given.events:
                raise _not_put_together()
        except Suspended as error:
            self._rest(judged.desk, error)
        else:
            self.judged.append(judged)

    def _rest(self, desk: Desk, reason: Suspended) -> None:
        """Give the unit back with its attempt open, its commit where every machine finds it."""
        self._keep(desk)
        self.ends[desk.step.unit] = pause(self.services, desk.step, desk.epoch, reason)

    def _keep(self, desk: Desk) -> None:
        kept = kept_of(desk)
        if kept and kept not in self.kept:
            self.kept.append(kept)

    def _shelved(self) -> list[Kept]:
        """What may lie on the shelf for attempts of this wave, put there now or earlier."""
        resumed = [e for e in self.wave.errands if e.step.resume]
        earlier = [Kept(e.unit.id, e.step.attempt, "") for e in resumed]
        return [*self.kept, *(e for e in earlier if all(e.unit != k.unit for k in self.kept))]


def _not_put_together() -> Suspended:
    return Suspended("it was not put together with its wave; the next tick goes on.")


def _why_rests(waits: NotOurs, given: Delivered) -> Suspended:
    if waits.stage == "work" and waits.round > 1:
        return Suspended(f"goes back to work, round {waits.round}; the next tick goes on.")
    died = ", ".join(given.missing)
    why = f"the {died} job left nothing" if died else f"its job ended before {waits.stage}"
    return Suspended(f"{why}; the next tick goes on.")


# --- belief


def _believe(services: Services, wave: Wave, errand: Errand, desk: Desk, given: Delivered) -> None:
    """Check the events of every job against what it may say and against the commit itself, then
    take them into the shared journal. Raises `Forged`, and then nothing was recorded."""
    if given.refused:
        raise Forged(given.refused)
    history = services.journal.history()
    record = _attempt(history, errand)
    for station in (Station.WORK, Station.JUDGE, Station.INTEGRATE):
        events = given.events.get(station, ())
        check_errand(station, wave, errand, record, events, services.clock.now())
        history.apply_all(events)
        record = _attempt(history, errand)
    commit_round = last_made(record)
    _check_commit(services, desk, record, commit_round)
    _check_judgement(services, desk, record, commit_round, errand)
    for station in (Station.WORK, Station.JUDGE, Station.INTEGRATE):
        _adopt(services, given.events.get(station, ()))
    if errand.reservation and not given.missing:
        settled = Settled(errand.reservation, NOTHING, CARRIED)
        entry = Entry(settled, errand.unit.id, errand.step.attempt, errand.epoch, "publisher")
        services.journal.record(entry)


def _attempt(history: History, errand: Errand) -> AttemptRecord:
    attempts = history.unit(errand.unit.id).attempts
    found = next((a for a in attempts if a.number == errand.step.attempt), None)
    if found is None:
        raise Forged("the wave speaks of an attempt that the journal does not know.")
    return found


def _check_commit(services: Services, desk: Desk, record: AttemptRecord, round_: int) -> None:
    """What was committed is what we make of that tree: no message, author or parent but ours."""
    made = record.last("commit", round_)
    if made is None or not made.passed:
        return
    if not services.workspaces.is_kept(made.sha):
        raise Forged(f"the commit {made.sha[:12]} did not come with the artifact.")
    parents = [desk.step.start, *([desk.step.merge] if desk.step.merge else [])]
    if not services.workspaces.retrace(made.sha, parents, draft_of(desk)):
        raise Forged(f"the commit {made.sha[:12]} is not the one its tree, start and unit make.")


def _check_judgement(
    services: Services, desk: Desk, record: AttemptRecord, round_: int, errand: Errand
) -> None:
    """The change policy holds here, too, and the verdict is about this very change."""
    made = record.last("commit", round_)
    allowed, judged = record.last("policy", round_), record.last("review", round_)
    if made is None or not made.passed:
        return
    origin = Attempt(desk, errand.feedback).origin
    if allowed is not None and _is_milder(allowed, policy_round(desk, origin, made)):
        raise Forged("the change policy allows less than the judge's artifact says.")
    if judged is not None and judged.passed:
        shown = services.workspaces.fingerprint(origin, made.sha)
        if judged.detail.get("diff_sha256") != shown:
            raise Forged("the verdict is about another change than the one that was made.")
        if judged.detail.get("decision") != "approve" or not judged.detail.get("usable"):
            raise Forged("the verdict says that it passed, and is no approval.")


def _is_milder(told: StageFinished, found: StageFinished) -> bool:
    """A judge may be stricter than we are (it knows other secrets), and never milder."""
    escalates = bool(found.detail.get("escalate")) and not told.detail.get("escalate")
    other = (told.sha, told.detail.get("files")) != (found.sha, found.detail.get("files"))
    return other or (told.passed and (escalates or not found.passed))


def _reviewing(services: Services) -> set[str]:
    """The providers of all who may be asked to review."""
    settings = services.settings
    assert settings.reviewer is not None
    spec, workers = settings.reviewer.spec, settings.workers
    return {spec.provider, *(workers[n].provider for n in spec.fallback if n in workers)}


def _adopt(services: Services, events: Sequence[Event]) -> None:
    """Record a job's events in the shared journal, reservations under the names they get there."""
    names: dict[str, str] = {}
    for event in events:
        fact = event.fact
        if isinstance(fact, Settled):
            fact = replace(fact, reservation=names[fact.reservation])
        if isinstance(fact, ReviewerAsked) and fact.provider not in _reviewing(services):
            continue  # a job may speak of the reviewers it has, and of nobody else's breaker
        assert isinstance(fact, StageBegun | StageFinished | Reserved | Settled | ReviewerAsked)
        entry = Entry(
            fact, event.unit, event.attempt, event.epoch, event.principal, event.input_hash
        )
        (recorded,) = services.journal.record(entry)
        names[event.id] = recorded.id
