"""`loopcoder audit TARGET`: from the journal alone, why a pull request exists."""

from __future__ import annotations

import json

import click

from loopcoder.domain.diagnostic import NotFound
from loopcoder.domain.journal.event import Event
from loopcoder.domain.proof.attestation import Point
from loopcoder.domain.proof.audit import (
    Derivation,
    Line,
    audit_lines,
    by_attempt,
    derive_pull,
    unit_of_pull,
)
from loopcoder.domain.unit import UnitId
from loopcoder.entrypoints.cli.context import pass_house
from loopcoder.entrypoints.running.inspection import no_such_unit
from loopcoder.entrypoints.running.mending import how_to_mend
from loopcoder.entrypoints.views.points import point_json, say_point
from loopcoder.entrypoints.views.terminal import Terminal, stderr, stdout
from loopcoder.entrypoints.views.text import clean
from loopcoder.entrypoints.wiring.bootstrap import House


@click.command("audit")
@click.argument("target")
@click.option("--json", "as_json", is_flag=True, help="Print every event and derivation as JSON.")
@click.option("-q", "--quiet", is_flag=True, help="Only why, not every event.")
@pass_house
def audit_command(house: House, target: str, as_json: bool, quiet: bool) -> None:
    """Show every decision that led to TARGET, a pull request's number or a unit, with the hash of
    what it was taken on, and derive again why it may exist.

    Exit code 1 when the journal was tampered with, or a step is missing.
    """
    chain = _chain(house)
    events = list(house.journal_reader.events()) if chain.holds else []
    unit = _unit(events, target) if chain.holds else UnitId(target)
    derivations = derive_pull(events, unit)
    lines = audit_lines(events, unit)
    if as_json:
        click.echo(json.dumps(_as_json(unit, chain, lines, derivations), indent=2))
    else:
        terminal = stdout()
        terminal.say(terminal.style(f"{unit}", "bold"))
        say_point(terminal, chain)
        if not chain.holds:
            stderr().say(how_to_mend(house))
        for derivation in derivations:
            _say_derivation(terminal, derivation)
        if not quiet:
            _say_lines(terminal, lines)
    if not (chain.holds and all(each.holds is not False for each in _points(derivations))):
        raise SystemExit(1)


def _chain(house: House) -> Point:
    """Whether the journal is whole. It is said first: nothing else counts without it."""
    broken = house.journal_reader.verify()
    if broken is not None:
        return Point("journal", False, f"it cannot be trusted from {broken}")
    length = house.journal_reader.history().length
    return Point("journal", True, f"{length} events, every link of the chain holds")


def _unit(events: list[Event], target: str) -> UnitId:
    number = target.removeprefix("#")
    known = {event.unit for event in events if event.unit}
    if UnitId(target.casefold()) in known:
        return UnitId(target.casefold())
    if number.isdecimal():
        found = unit_of_pull(events, int(number))
        if found is None:
            raise NotFound(f"The journal knows no pull request #{number} of ours.")
        return found
    raise no_such_unit(target, sorted(known))


def _points(derivations: list[Derivation]) -> list[Point]:
    return [point for derivation in derivations for point in derivation.points]


def _say_derivation(terminal: Terminal, derivation: Derivation) -> None:
    terminal.say(f"attempt {derivation.attempt} published {derivation.head[:12]} because")
    for point in derivation.points:
        say_point(terminal, point)


def _say_lines(terminal: Terminal, lines: list[Line]) -> None:
    for attempt, run in by_attempt(lines):
        terminal.say()
        terminal.say(f"attempt {attempt}" if attempt else "before and between attempts")
        terminal.table(
            [
                (
                    f"  {line.at:%Y-%m-%d %H:%M:%S}",
                    line.principal,
                    clean(line.words),
                    line.input_hash[:12],
                )
                for line in run
            ]
        )


def _as_json(
    unit: UnitId, chain: Point, lines: list[Line], derivations: list[Derivation]
) -> dict[str, object]:
    return {
        "unit": unit,
        "journal": {"holds": chain.holds, "said": chain.said},
        "derivations": [
            {
                "attempt": each.attempt,
                "head": each.head,
                "holds": each.holds,
                "points": [point_json(point) for point in each.points],
            }
            for each in derivations
        ],
        "events": [
            {
                "id": line.id,
                "at": line.at.isoformat(),
                "principal": line.principal,
                "attempt": line.attempt,
                "words": line.words,
                "input_hash": line.input_hash,
            }
            for line in lines
        ],
    }
