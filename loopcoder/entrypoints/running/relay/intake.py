"""What a job of a wave was given: the wave, and what earlier jobs delivered, believed or refused.

DIR/work-<unit>/  DIR/judge-<unit>/  DIR/integrate/    one folder for each artifact
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from loopcoder.adapters.carried.commits import CommitCarrier
from loopcoder.adapters.carried.parcel import COMMITS, MANIFEST, Label, Parcel, unpack
from loopcoder.adapters.carried.wave_file import read_history, read_wave
from loopcoder.domain.diagnostic import ConfigurationError
from loopcoder.domain.journal.event import Event, StageFinished
from loopcoder.domain.journal.history import History
from loopcoder.domain.journal.records.attempt import AttemptRecord
from loopcoder.domain.tick.carried import Forged, Station, check_errand
from loopcoder.domain.tick.wave import Errand, Wave
from loopcoder.engine.tick.belief import Delivered
from loopcoder.entrypoints.wiring.bootstrap import House
from loopcoder.ports.clock import Clock

UNIT_STATIONS = (Station.WORK, Station.JUDGE)


def folder_name(station: Station, unit: str) -> str:
    """The name of a job's artifact, which the workflow gives and no job chooses."""
    return station.value if station is Station.INTEGRATE else f"{station.value}-{unit}"


def label_of(station: Station, digest: str, errand: Errand | None) -> Label:
    if errand is None:
        return Label(station.value, digest)
    return Label(station.value, digest, errand.unit.id, errand.step.attempt, errand.epoch)


@dataclass(frozen=True)
class Intake:
    """One wave as a job received it. `digest` is its SHA-256, `history` what it came with."""

    wave: Wave
    digest: str
    history: tuple[Event, ...]
    parcel: Parcel
    given: Path | None
    clock: Clock

    @classmethod
    def open(cls, house: House, wave_dir: Path, given: Path | None) -> Intake:
        """Raises `Forged` when the wave is not what the scheduler wrote for this base."""
        if not wave_dir.is_dir():
            raise ConfigurationError(f"There is no wave in {wave_dir}.")
        parcel = unpack(wave_dir)
        if parcel.label.kind != "wave":
            raise Forged(f"{wave_dir} holds no wave but what a {parcel.label.kind} job left.")
        wave, digest = read_wave(parcel)
        return cls(wave, digest, read_history(parcel), parcel, given, house.clock)

    def errand(self, unit: str) -> Errand:
        found = self.wave.errand(unit)
        if found is None:
            known = ", ".join(sorted(self.wave.units))
            raise ConfigurationError(f"{unit} is not in this wave.", f"It has: {known}.")
        return found

    # --- what earlier jobs left

    def events(self, station: Station, errand: Errand) -> tuple[Event, ...] | None:
        """What one job recorded of the errand; None when it left nothing. Raises `Forged`."""
        parcel = self._parcel(station, errand)
        if parcel is None:
            return None
        events = parcel.events(self.digest)
        if station is Station.INTEGRATE:
            strange = {e.unit for e in events} - self.wave.units
            if strange:
                raise Forged("the artifact of the integrate job speaks of units of no wave.")
            return tuple(event for event in events if event.unit == errand.unit.id)
        return events

    def known(self, errands: Iterable[Errand], stations: Iterable[Station]) -> list[Event]:
        """The history, with what the jobs before recorded, each checked. Raises `Forged`."""
        covered = {errand.reservation for errand in errands if errand.reservation}
        found = [event for event in self.history if event.id not in covered]
        for errand in errands:
            history = History().apply_all(found)
            for station in stations:
                events = self.events(station, errand) or ()
                record = attempt_of(history, errand)
                now = self.clock.now()
                check_errand(station, self.wave, errand, record, events, now)
                history.apply_all(events)
                found += events
        return found

    def delivered(self, carrier: CommitCarrier, errand: Errand) -> Delivered:
        """Everything that came back for an errand, with its commits taken in."""
        events: dict[Station, tuple[Event, ...]] = {}
        missing: list[Station] = []
        try:
            for station in (*UNIT_STATIONS, Station.INTEGRATE):
                found = self.events(station, errand)
                if found is None:
                    missing.append(station)
                else:
                    events[station] = found
            self.take_work(carrier, errand)
        except Forged as error:
            return Delivered(refused=str(error))
        return Delivered(events, missing=tuple(missing))

    # --- commits

    def take_wave(self, carrier: CommitCarrier) -> None:
        """The commits that the wave brought along. Raises `Forged`."""
        commits = {commit for each in self.wave.errands for commit in commits_of(each)}
        kept = {commit for each in self.wave.errands for commit in self._kept(each)}
        pack = self.parcel.path(COMMITS)
        carrier.take(pack, sorted(commits | kept), [self.wave.base])

    def take_work(self, carrier: CommitCarrier, errand: Errand) -> None:
        """The commit that the work job made, if it made one. Raises `Forged`."""
        parcel = self._parcel(Station.WORK, errand)
        pack = parcel.path(COMMITS) if parcel else None
        if parcel is None or pack is None:
            return
        made = [sha for sha in _commits(parcel.events(self.digest)) if sha]
        carrier.take(pack, made, commits_of(errand))
        for commit in made:
            carrier.keep(errand.unit.id, errand.step.attempt, commit)

    def _kept(self, errand: Errand) -> Iterator[str]:
        made = attempt_of(History().apply_all(self.history), errand).last("commit")
        if made is not None and made.passed:
            yield made.sha

    def _parcel(self, station: Station, errand: Errand) -> Parcel | None:
        if self.given is None:
            return None
        folder = self.given / folder_name(station, errand.unit.id)
        if not folder.is_dir() or folder.is_symlink() or not (folder / MANIFEST).is_file():
            return None  # a job that was ended before it could pack left nothing to believe
        parcel = unpack(folder)
        expected = label_of(station, self.digest, None if station is Station.INTEGRATE else errand)
        if parcel.label != expected:
            raise Forged(f"{folder.name} is labelled as somebody else's, or of another wave.")
        return parcel


def attempt_of(history: History, errand: Errand) -> AttemptRecord:
    attempts = history.unit(errand.unit.id).attempts
    found = next((a for a in attempts if a.number == errand.step.attempt), None)
    if found is None:
        raise Forged(f"the wave does not know attempt {errand.step.attempt} of {errand.unit.id}.")
    return found


def commits_of(errand: Errand) -> list[str]:
    """The commits that an errand's work is built on."""
    step = errand.step
    return [each for each in dict.fromkeys((step.start, step.merge, step.base)) if each]


def _commits(events: Iterable[Event]) -> Iterator[str]:
    for event in events:
        fact = event.fact
        if isinstance(fact, StageFinished) and fact.stage == "commit" and fact.passed:
            yield fact.sha
