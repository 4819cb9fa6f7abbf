"""What a job without any access to the host works with: a workshop without hands for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from loopcoder.adapters.carried.absent import no_code_host, no_tracker
from loopcoder.adapters.carried.commits import CommitCarrier
from loopcoder.adapters.carried.journal import CarriedJournal
from loopcoder.adapters.carried.parcel import EVENTS
from loopcoder.domain.guard.redaction import Redactor
from loopcoder.domain.journal.event import Event
from loopcoder.domain.tick.carried import PRINCIPAL, Forged, Station
from loopcoder.domain.tick.wave import Errand, Wave
from loopcoder.engine.services import Services
from loopcoder.entrypoints.running.relay.intake import Intake
from loopcoder.entrypoints.running.relay.outgoing import fresh, papers
from loopcoder.entrypoints.running.relay.pinning import pinned, redactor_of, refuse_attempt
from loopcoder.entrypoints.wiring.bootstrap import House
from loopcoder.entrypoints.wiring.workshop import furnish
from loopcoder.ports.listener import TickListener


@dataclass(frozen=True, slots=True)
class Bench:
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
    ) -> Bench:
        refuse_attempt(house)
        house = pinned(house, intake.wave)
        redactor = redactor_of(house)
        carrier = CommitCarrier(house.repository)
        intake.take_wave(carrier)
        wave, known = _believed(intake, carrier, station, errand, listener)
        journal = CarriedJournal(
            known, fresh(out) / EVENTS, intake.digest, PRINCIPAL[station], house.clock
        )
        services = furnish(
            house,
            tracker=no_tracker(),
            code_host=no_code_host(),
            journal=journal,
            runs=papers(out),
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
