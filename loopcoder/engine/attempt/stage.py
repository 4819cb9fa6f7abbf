"""The stages of one attempt, each with a receipt, so that a later process skips what is done."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from loopcoder.domain.context.learned import Neighbour
from loopcoder.domain.context.splitting import checklist
from loopcoder.domain.diagnostic import LoopcoderError
from loopcoder.domain.journal.canonical import input_hash
from loopcoder.domain.journal.event import Entry, Fact, StageBegun, StageFinished
from loopcoder.domain.journal.records.attempt import AttemptRecord
from loopcoder.domain.tick.action import Dispatch
from loopcoder.domain.tick.race import lane_name
from loopcoder.domain.tick.snapshot import UnitView
from loopcoder.engine.compile.command_labels import held_by_label, spoken_on
from loopcoder.engine.services import Services

HARVEST = frozenset({"commit", "policy"})
"""Stages that a hold lets pass: what the worker has done is kept before the attempt rests."""


class Suspended(LoopcoderError):
    """The attempt cannot go on now and is left open; a later tick resumes the stage it is in."""


class OnHold(Suspended):
    """A person said hold while the attempt was under way."""


class NotOurs(Suspended):
    """The attempt has come to a stage that another process does. `stage` and `round` name it."""

    def __init__(self, stage: str, round_: int) -> None:
        super().__init__(f"the stage {stage} of round {round_} has not been done yet.")
        self.stage, self.round = stage, round_


@dataclass(frozen=True, slots=True)
class Desk:
    """One attempt's place: what it was dispatched with, its epoch, and where its papers lie.

    `may` names the stages this process does where an attempt is shared between processes: of all
    others it knows nothing but the receipt. None: it does every stage. `beside` are the units that
    are worked on at the same time. `lane`, from 1, is the part of it that one of `lanes` workers
    has in a race; 0 is no race.
    """

    services: Services
    step: Dispatch
    view: UnitView
    run: str
    epoch: int
    papers: Path
    may: frozenset[str] | None = None
    beside: tuple[Neighbour, ...] = ()
    lane: int = 0
    lanes: int = 1

    @property
    def record(self) -> AttemptRecord:
        """What the journal knows of this attempt by now."""
        attempts = self.services.journal.history().unit(self.step.unit).attempts
        record = next(a for a in attempts if a.number == self.step.attempt)
        return record.seen_from(self.lane) if self.lane else record

    @property
    def checklist(self) -> tuple[str, ...]:
        """The steps that a worker reports on, in the order in which its prompt shows them."""
        record = self.services.journal.history().unit(self.step.unit)
        return checklist(record.planned, self.view.unit)

    @property
    def worker(self) -> str:
        """The name of the worker that ran last: a fallback may have stepped in."""
        worked = self.record.last("work")
        name = str(worked.detail.get("worker") or "") if worked else ""
        return name if name in self.services.settings.workers else self.step.worker

    def folder(self, round_: int) -> Path:
        """Where the round's prompt, transcript and logs are kept."""
        path = self.papers / f"round-{round_}"
        path.mkdir(parents=True, exist_ok=True)
        return path

    def log(self, *facts: Fact, principal: str = "scheduler", decided_on: str = "") -> None:
        """Record facts about this attempt. `decided_on` is the hash of what they follow from."""
        self.services.journal.record(
            *(
                Entry(f, self.step.unit, self.step.attempt, self.epoch, principal, decided_on)
                for f in facts
            )
        )

    def _log_stage(self, fact: StageBegun | StageFinished, principal: str, decided_on: str) -> None:
        """Record a fact about a stage under the name it has in the lane."""
        named = replace(fact, stage=lane_name(fact.stage, self.lane))
        self.log(named, principal=principal, decided_on=decided_on)

    def inputs_of(self, stage: str, round_: int, sha: str) -> str:
        """The hash of everything a stage starts from: the text, the base, the commit, and the
        receipts of the stages before it."""
        record = self.record
        receipts = [
            (each.stage, each.round, each.finished.passed, each.finished.sha)
            for each in record.stages
            if each.finished
        ]
        return input_hash(
            {
                "stage": stage,
                "round": round_,
                "sha": sha,
                "unit": record.begun.unit_digest,
                "base": record.begun.base,
                "start": record.begun.start,
                "receipts": receipts,
            }
        )

    def check_stop(self) -> None:
        """Raise `Suspended` when everything must end at the next safe point, or when the claim is
        known to be lost."""
        if self.services.stop.is_set():
            raise Suspended("stopped before it was finished; the next tick goes on.")
        if self.services.journal.history().unit(self.step.unit).epoch != self.epoch:
            raise Suspended("another process took it over; its result stands.")

    def check_wanted(self, *, looking: bool | None = None) -> None:
        """Raise `OnHold` when a person holds the unit, or everything, and `Suspended` when they
        closed its issue. `looking` says whether the tracker can be asked: by default where no other
        process does stages of the attempt."""
        history = self.services.journal.history()
        record = history.unit(self.step.unit)
        asks = not self.is_shared if looking is None else looking
        issues = spoken_on(self.services, history, record.number) if asks else []
        held = history.hold or record.held or held_by_label(self.services, issues)
        if held:
            why = f": {held.reason}" if held.reason else ""
            raise OnHold(f"held by {held.by}{why}; it goes on from here when it is released.")
        if any(each.number == record.number and not each.is_open for each in issues):
            raise Suspended(f"its issue #{record.number} was closed meanwhile.")

    @property
    def is_shared(self) -> bool:
        """Whether stages of this attempt are done by other processes, maybe on other machines."""
        return self.may is not None

    def check_ours(self, stage: str, round_: int) -> None:
        """Raise `NotOurs` when the stage is for another process to do."""
        if self.may is not None and stage not in self.may:
            raise NotOurs(stage, round_)

    def perform(
        self,
        stage: str,
        round_: int,
        act: Callable[[], StageFinished],
        *,
        sha: str = "",
        principal: str = "scheduler",
    ) -> StageFinished:
        """Run a stage, or return its receipt when an earlier process got one."""
        done = self.record.last(stage, round_)
        if done is not None:
            return done
        self.check_ours(stage, round_)
        self.check_stop()
        if stage not in HARVEST:
            self.check_wanted()
        shown = lane_name(stage, self.lane)
        self.services.listener.stage_began(self.step.unit, shown, round_)
        inputs = self.inputs_of(stage, round_, sha)
        self._log_stage(StageBegun(stage, round_, sha), principal, inputs)
        result = replace(act(), artifacts=self._new_papers(round_))
        self._log_stage(result, principal, inputs)
        return result

    def _new_papers(self, round_: int) -> dict[str, str]:
        """SHA-256 of every paper of the round that no earlier receipt names."""
        named = {
            name
            for stage in self.record.stages
            if stage.finished
            for name in stage.finished.artifacts
        }
        found = {}
        whole = self.papers.parent if self.lane else self.papers
        for path in sorted(self.folder(round_).rglob("*")):
            name = str(path.relative_to(whole))
            if path.is_file() and not path.is_symlink() and name not in named:
                with path.open("rb") as file:
                    found[name] = hashlib.file_digest(file, "sha256").hexdigest()
        return found
