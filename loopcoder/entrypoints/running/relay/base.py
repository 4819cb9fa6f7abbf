"""What the job before the plan found out about the base, packed there and believed here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from loopcoder.adapters.carried.journal import CarriedJournal
from loopcoder.adapters.carried.parcel import EVENTS, Label, unpack
from loopcoder.adapters.secrecy.redacting import redacting_journal
from loopcoder.domain.journal.event import BaseChecked, Entry, Event, Sealed
from loopcoder.domain.tick.carried import PRINCIPAL, Forged, Station, check_base
from loopcoder.engine.attempt.verify import gates_digest
from loopcoder.engine.services import Services
from loopcoder.engine.tick.base import base_commit
from loopcoder.engine.tick.gathered import TickOptions
from loopcoder.engine.tick.relay import look_at_base
from loopcoder.entrypoints.running.relay.outgoing import fresh, packed, papers
from loopcoder.entrypoints.running.relay.pinning import redactor_of, refuse_attempt
from loopcoder.entrypoints.wiring.bootstrap import House
from loopcoder.entrypoints.wiring.workshop import open_workshop
from loopcoder.ports.listener import TickListener


def look(house: House, options: TickOptions, out: Path, listener: TickListener) -> tuple[str, ...]:
    """The job before the plan: the preflight and the base's gates, packed for the scheduler."""
    refuse_attempt(house)
    redactor = redactor_of(house)
    journal = CarriedJournal(
        tuple(house.journal_reader.events()),
        fresh(out) / EVENTS,
        "",
        PRINCIPAL[Station.BASE],
        house.clock,
    )
    services = replace(
        open_workshop(house, listener, only_look=True),
        journal=redacting_journal(journal, redactor),
        runs=papers(out),
    )
    with packed(out, Label("base"), redactor):
        return look_at_base(services, options)


def take_base(services: Services, folder: Path) -> None:
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
