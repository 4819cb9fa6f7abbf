"""A tick as a relay of processes: each verb opens what it was given, runs its part, packs the rest.

Who may do what is decided by what is opened here. Work, judge and integrate jobs get no tracker
and no code host; the publisher gets no command runner and no agent.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

from loopcoder.adapters.carried.absent import no_commands
from loopcoder.adapters.carried.commits import CommitCarrier
from loopcoder.adapters.carried.parcel import Label, pack
from loopcoder.adapters.carried.wave_file import write_wave
from loopcoder.adapters.tick_lock import tick_lock
from loopcoder.domain.diagnostic import Unavailable
from loopcoder.domain.tick.carried import Station
from loopcoder.domain.tick.report import TickReport
from loopcoder.domain.tick.wave import Wave
from loopcoder.engine.services import Services
from loopcoder.engine.tick.base import base_commit
from loopcoder.engine.tick.gathered import TickOptions
from loopcoder.engine.tick.publishing import publish_wave, tidy_up
from loopcoder.engine.tick.relay import describe, integrate_wave, plan_wave, run_station
from loopcoder.entrypoints.running.relay.base import take_base
from loopcoder.entrypoints.running.relay.bench import Bench
from loopcoder.entrypoints.running.relay.intake import Intake, label_of
from loopcoder.entrypoints.running.relay.outgoing import fresh, pack_starts, pack_work, packed
from loopcoder.entrypoints.running.relay.pinning import (
    config_digest,
    newest_base,
    pinned,
    redactor_of,
    refuse_attempt,
)
from loopcoder.entrypoints.running.reported import wave_handed_out
from loopcoder.entrypoints.running.ticking import new_run, save_report, without_secrets
from loopcoder.entrypoints.wiring.bootstrap import House
from loopcoder.entrypoints.wiring.workshop import open_workshop
from loopcoder.ports.listener import TickListener


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
    refuse_attempt(house)
    house.check_ready()
    services = replace(open_workshop(house, listener), commands=no_commands())
    with tick_lock(house.state_dir), house.publishing():
        house.sweep()
        if base is not None:
            take_base(services, base)
        report, wave = plan_wave(services, options, config_digest(house), lasting)
        report = without_secrets(house, report)
        save_report(house, report)
    if wave is not None:
        fresh(out)
        write_wave(out, wave, house.journal.events())
        pack_starts(house.repository, services.journal.history(), wave, out)
        pack(out, Label("wave"), redactor_of(house))
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
    bench = Bench.open(house, intake, out, listener, Station.INTEGRATE, None)
    with packed(out, label_of(Station.INTEGRATE, intake.digest, None), bench.redactor):
        base = newest_base(bench.house, intake.wave)
        logs = bench.services.runs / "integrate"
        result = integrate_wave(bench.services, bench.wave, base, logs)
    evicted = tuple((each.step.unit, reason) for each, reason in result.evicted)
    return tuple(each.step.unit for each in result.fit), evicted


def publish(
    house: House, wave_dir: Path | None, given: Path | None, listener: TickListener
) -> TickReport:
    """The publisher's job: check, record, propose. Nothing of the repository is executed. Without
    a wave there are only the roadmap's boxes to keep."""
    refuse_attempt(house)
    if wave_dir is None:
        services = _without_hands(house, listener)
        with tick_lock(house.state_dir), house.publishing():
            report = without_secrets(house, tidy_up(services, new_run()))
            save_report(house, report)
        return report
    intake = Intake.open(house, wave_dir, given)
    house = pinned(house, intake.wave)
    services = _without_hands(house, listener)
    with tick_lock(house.state_dir), house.publishing():
        carrier = CommitCarrier(house.repository)
        base_commit(services)  # brings the objects of the base here
        intake.take_wave(carrier)
        delivered = {each.unit.id: intake.delivered(carrier, each) for each in intake.wave.errands}
        report = without_secrets(house, publish_wave(services, intake.wave, delivered))
        save_report(house, report)
    return report


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
    bench = Bench.open(house, intake, out, listener, station, errand)
    with packed(out, label_of(station, intake.digest, errand), bench.redactor):
        try:
            result = run_station(bench.services, bench.wave, errand, station)
        finally:
            if station is Station.WORK:
                pack_work(bench.house.repository, bench.services.journal.history(), errand, out)
    return describe(result)


def _without_hands(house: House, listener: TickListener) -> Services:
    """Services with which nothing can be executed."""
    opened = open_workshop(house, listener)
    return replace(opened, commands=no_commands(), worker=_nobody, reviewer=_nobody)


def _nobody(name: str) -> NoReturn:
    raise Unavailable("the publisher starts no agent.")
