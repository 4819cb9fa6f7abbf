"""A tick as a relay of processes: each verb opens what it was given, runs its part, packs the rest.

Who may do what is decided by what is opened here. Work, judge and integrate jobs get no tracker
and no code host; the publisher gets no command runner and no agent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

from loopcoder.adapters.carried.absent import no_code_host, no_commands, no_tracker
from loopcoder.adapters.carried.commits import CommitCarrier
from loopcoder.adapters.carried.journal import CarriedJournal
from loopcoder.adapters.carried.parcel import EVENTS, PAPERS, Label, pack, unpack
from loopcoder.adapters.carried.wave_file import write_wave
from loopcoder.adapters.git.git_dir import remove_tree
from loopcoder.adapters.secrecy.redacting import redacting_journal
from loopcoder.adapters.tick_lock import tick_lock
from loopcoder.domain.diagnostic import ConfigurationError, LoopcoderError, Unavailable
from loopcoder.domain.guard.redaction import Redactor
from loopcoder.domain.journal.event import BaseChecked, Entry, Event, Sealed
from loopcoder.domain.tick.carried import PRINCIPAL, Forged, Station, check_base
from loopcoder.domain.tick.report import TickReport
from loopcoder.domain.tick.wave import Errand, Wave
from loopcoder.engine.attempt.verify import gates_digest
from loopcoder.engine.services import Services
from loopcoder.engine.tick.base import base_commit
from loopcoder.engine.tick.gathered import TickOptions
from loopcoder.engine.tick.publishing import publish_wave, tidy_up
from loopcoder.engine.tick.relay import (
    describe,
    integrate_wave,
    look_at_base,
    plan_wave,
    run_station,
)
from loopcoder.entrypoints.running.intake import Intake, attempt_of, commits_of, label_of
from loopcoder.entrypoints.running.reported import wave_handed_out
from loopcoder.entrypoints.running.ticking import new_run, save_report, without_secrets
from loopcoder.entrypoints.wiring.bootstrap import House
from loopcoder.entrypoints.wiring.workshop import furnish, known_secrets, open_workshop
from loopcoder.ports.listener import TickListener


def look(house: House, options: TickOptions, out: Path, listener: TickListener) -> tuple[str, ...]:
    """The job before the plan: the preflight and the base's gates, packed for the scheduler."""
    _refuse_attempt(house)
    redactor = _redactor(house)
    journal = CarriedJournal(
        tuple(house.journal_reader.events()),
        _fresh(out) / EVENTS,
        "",
        PRINCIPAL[Station.BASE],
        house.clock,
    )
    services = replace(
        open_workshop(house, listener, only_look=True),
        journal=redacting_journal(journal, redactor),
        runs=_papers(out),
    )
    with packed(out, Label("base"), redactor):
        return look_at_base(services, options)


def plan(
    house: House,
    options: TickOptions,
    out: Path,
    listener: TickListener,
    *,
    lasting: timedelta,
    base: Path | None,
) -> tuple[TickReport, Wave | None]:
    """The scheduler's job: everything up to the wave, which is packed in `out`."""
    _refuse_attempt(house)
    house.check_ready()
    services = replace(open_workshop(house, listener), commands=no_commands())
    with tick_lock(house.state_dir), house.publishing():
        house.workspaces.sweep()
        if base is not None:
            _take_base(services, base)
        report, wave = plan_wave(services, options, config_digest(house), lasting)
        report = without_secrets(house, report)
        save_report(house, report)
    if wave is not None:
        _fresh(out)
        write_wave(out, wave, house.journal.events())
        _pack_starts(house, services, wave, out)
        pack(out, Label("wave"), _redactor(house))
        wave_handed_out(tuple(each.unit.id for each in wave.errands))
    return report, wave


def work(house: House, wave_dir: Path, unit: str, out: Path, listener: TickListener) -> str:
    """A work job: workspace, setup, work, commit."""
    return _errand(house, wave_dir, None, unit, out, listener, Station.WORK)


def judge(
    house: House, wave_dir: Path, given: Path, unit: str, out: Path, listener: TickListener
) -> str:
    """A judge's job: policy, setup and gates on a fresh checkout, review."""
    return _errand(house, wave_dir, given, unit, out, listener, Station.JUDGE)


def integrate(
    house: House, wave_dir: Path, given: Path, out: Path, listener: TickListener
) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Put what was judged together; returns what fits, and who has to wait with the reason."""
    intake = Intake.open(house, wave_dir, given)
    bench = _Bench.open(house, intake, out, listener, Station.INTEGRATE, None)
    with packed(out, label_of(Station.INTEGRATE, intake.digest, None), bench.redactor):
        base = _newest_base(bench.house, intake.wave)
        logs = bench.services.runs / "integrate"
        result = integrate_wave(bench.services, bench.wave, base, logs)
    evicted = tuple((each.step.unit, reason) for each, reason in result.evicted)
    return tuple(each.step.unit for each in result.fit), evicted


def publish(
    house: House, wave_dir: Path | None, given: Path | None, listener: TickListener
) -> TickReport:
    """The publisher's job: check, record, propose. Nothing of the repository is executed. Without
    a wave there are only the roadmap's boxes to keep."""
    _refuse_attempt(house)
    if wave_dir is None:
        services = _without_hands(house, listener)
        with tick_lock(house.state_dir), house.publishing():
            report = without_secrets(house, tidy_up(services, new_run()))
            save_report(house, report)
        return report
    intake = Intake.open(house, wave_dir, given)
    house = _pinned(house, intake.wave)
    services = _without_hands(house, listener)
    with tick_lock(house.state_dir), house.publishing():
        carrier = CommitCarrier(house.repository)
        base_commit(services)  # brings the objects of the base here
        intake.take_wave(carrier)
        delivered = {each.unit.id: intake.delivered(carrier, each) for each in intake.wave.errands}
        report = without_secrets(house, publish_wave(services, intake.wave, delivered))
        save_report(house, report)
    return report


# --- one errand


@dataclass(frozen=True, slots=True)
class _Bench:
    """What a job without any access to the host is given. `wave` holds only the errands whose
    artifacts can be believed."""

    house: House
    services: Services
    wave: Wave
    redactor: Redactor

    @classmethod
    def open(
        cls,
        house: House,
        intake: Intake,
        out: Path,
        listener: TickListener,
        station: Station,
        errand: Errand | None,
    ) -> _Bench:
        _refuse_attempt(house)
        house = _pinned(house, intake.wave)
        redactor = _redactor(house)
        carrier = CommitCarrier(house.repository)
        intake.take_wave(carrier)
        wave, known = _believed(intake, carrier, station, errand, listener)
        journal = CarriedJournal(
            known, _fresh(out) / EVENTS, intake.digest, PRINCIPAL[station], house.clock
        )
        services = furnish(
            house,
            tracker=no_tracker(),
            code_host=no_code_host(),
            journal=journal,
            runs=_papers(out),
            listener=listener,
        )
        return cls(house, services, wave, redactor)


_BEFORE = {
    Station.WORK: (),
    Station.JUDGE: (Station.WORK,),
    Station.INTEGRATE: (Station.WORK, Station.JUDGE),
}


def _believed(
    intake: Intake,
    carrier: CommitCarrier,
    station: Station,
    errand: Errand | None,
    listener: TickListener,
) -> tuple[Wave, list[Event]]:
    """The errands of a job whose artifacts hold, and all that is known of them. One errand alone
    is refused with the reason; among several the others go on."""
    if errand is not None:
        intake.take_work(carrier, errand)
        return intake.wave, intake.known([errand], _BEFORE[station])
    fine = []
    for each in intake.wave.errands:
        try:
            intake.take_work(carrier, each)
            intake.known([each], _BEFORE[station])
            fine.append(each)
        except Forged as error:
            listener.said(f"{each.unit.id}: an artifact was refused: {error}")
    wave = replace(intake.wave, errands=tuple(fine))
    return wave, intake.known(fine, _BEFORE[station])


def _errand(
    house: House,
    wave_dir: Path,
    given: Path | None,
    unit: str,
    out: Path,
    listener: TickListener,
    station: Station,
) -> str:
    intake = Intake.open(house, wave_dir, given)
    errand = intake.errand(unit)
    bench = _Bench.open(house, intake, out, listener, station, errand)
    with packed(out, label_of(station, intake.digest, errand), bench.redactor):
        try:
            result = run_station(bench.services, bench.wave, errand, station)
        finally:
            if station is Station.WORK:
                _pack_work(bench, errand, out)
    return describe(result)


def _pack_work(bench: _Bench, errand: Errand, out: Path) -> None:
    made = attempt_of(bench.services.journal.history(), errand).last("commit")
    if made is not None and made.passed:
        CommitCarrier(bench.house.repository).pack([made.sha], commits_of(errand), out)


def _pack_starts(house: House, services: Services, wave: Wave, out: Path) -> None:
    """Commits that jobs need and that a checkout of the base branch does not have."""
    history = services.journal.history()
    made = (attempt_of(history, each).last("commit") for each in wave.errands)
    kept = [each.sha for each in made if each and each.passed]
    starts = [commit for each in wave.errands for commit in commits_of(each)]
    CommitCarrier(house.repository).pack([*starts, *kept], [wave.base], out)


# --- what is opened


def _without_hands(house: House, listener: TickListener) -> Services:
    """Services with which nothing can be executed."""
    opened = open_workshop(house, listener)
    return replace(opened, commands=no_commands(), worker=_nobody, reviewer=_nobody)


def _nobody(name: str) -> NoReturn:
    raise Unavailable("the publisher starts no agent.")


def _pinned(house: House, wave: Wave) -> House:
    """The house as it is at the wave's base. Raises `Forged` for another configuration."""
    pinned = house.at(wave.base)
    if _digest(pinned, wave.base) != wave.config:
        raise Forged("the wave was planned with another configuration than that of its base.")
    return pinned


def config_digest(house: House) -> str:
    """SHA-256 of the configuration that is in force."""
    base = house.repository.base_head(house.settings.base)
    return _digest(house, base)


def _digest(house: House, commit: str) -> str:
    text, _ = house.config_source.text_at(commit)
    return hashlib.sha256(text.encode()).hexdigest()


def _take_base(services: Services, folder: Path) -> None:
    """Record what the base job found out. Raises `Forged` for anything else it says."""
    parcel = unpack(folder)
    if parcel.label != Label("base"):
        raise Forged(f"{folder} is no artifact of a base job.")
    events, base = parcel.events(""), base_commit(services)
    if any(_speaks_of(event) not in ("", base) for event in events):
        services.listener.said("the base moved since it was checked")
        return
    settings = services.settings
    check_base(events, base, gates_digest(settings, settings.verify), services.clock.now())
    services.journal.record(*(Entry(e.fact, principal=e.principal) for e in events))


def _speaks_of(event: Event) -> str:
    match event.fact:
        case BaseChecked() as fact:
            return fact.sha
        case Sealed() as fact:
            return fact.base
        case _:
            return ""


def _newest_base(house: House, wave: Wave) -> str:
    """Where the base branch is in this checkout, if it went on from where the wave began."""
    newest = house.repository.branch_head(wave.base_branch)
    if newest and house.workspaces.is_ancestor(wave.base, newest):
        return newest
    return wave.base


def _redactor(house: House) -> Redactor:
    return Redactor(known_secrets(house.environ))


def _refuse_attempt(house: House) -> None:
    if house.inside_attempt:
        raise LoopcoderError("a tick cannot be started from inside an attempt.")


def _papers(out: Path) -> Path:
    (out / PAPERS).mkdir(parents=True, exist_ok=True)
    return out / PAPERS


def _fresh(out: Path) -> Path:
    """An empty folder. What lies there is removed only when it is a parcel of ours."""
    if out.exists() and any(out.iterdir()):
        if not (out / "manifest.json").exists() and not (out / EVENTS).exists():
            raise ConfigurationError(f"{out} is not empty.", "Name another folder.")
        remove_tree(out)
    out.mkdir(parents=True, exist_ok=True)
    return out


@contextmanager
def packed(out: Path, label: Label, redactor: Redactor) -> Iterator[None]:
    """Pack what was recorded, also when the job could not go on: the artifact says how far."""
    try:
        yield
    except LoopcoderError:
        pack(out, label, redactor)
        raise
    pack(out, label, redactor)
