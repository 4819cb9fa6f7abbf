"""What the jobs of a wave delivered, and which of it is believed. Executes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

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
from loopcoder.domain.tick.carried import Forged, Station, check_errand, last_made
from loopcoder.domain.tick.wave import Errand, Wave
from loopcoder.engine.attempt.attempt import Attempt
from loopcoder.engine.attempt.commit import draft_of, policy_round
from loopcoder.engine.attempt.stage import Desk
from loopcoder.engine.services import Services

CARRIED = "carried"
"""The basis of a settlement whose money is charged by the jobs' own settlements."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """What came back for one errand, of each job its events; `refused` says why nothing of it
    is believed, `missing` which jobs left nothing."""

    events: Mapping[Station, tuple[Event, ...]] = field(default_factory=dict)
    refused: str = ""
    missing: tuple[Station, ...] = ()


def believe(services: Services, wave: Wave, errand: Errand, desk: Desk, given: Delivered) -> None:
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
