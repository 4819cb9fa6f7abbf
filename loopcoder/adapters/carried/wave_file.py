"""A wave as the scheduler writes it down, and the part of the journal that goes with it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from loopcoder.adapters.carried.parcel import HISTORY, WAVE, Parcel
from loopcoder.adapters.journal.codec import UnreadableRow, decode, encode
from loopcoder.domain.journal.event import Event, Reserved, Settled
from loopcoder.domain.tick.carried import Forged
from loopcoder.domain.tick.wave import Wave


def write_wave(folder: Path, wave: Wave, events: Iterable[Event]) -> str:
    """Write the wave and what its jobs have to know; returns the wave's SHA-256."""
    folder.mkdir(parents=True, exist_ok=True)
    data = _adapter().dump_json(wave, indent=1) + b"\n"
    (folder / WAVE).write_bytes(data)
    with (folder / HISTORY).open("w", encoding="utf-8") as file:
        file.writelines(f"{encode(event)}\n" for event in events if _matters(wave, event))
    return hashlib.sha256(data).hexdigest()


def read_wave(parcel: Parcel) -> tuple[Wave, str]:
    """The wave, and its SHA-256. Raises `Forged`."""
    data = parcel.read(WAVE)
    try:
        wave: Wave = _adapter().validate_json(data)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, problem["loc"]))
        raise Forged(f"the wave is malformed: {where}: {problem['msg']}.") from error
    return wave, hashlib.sha256(data).hexdigest()


def read_history(parcel: Parcel) -> tuple[Event, ...]:
    """What was recorded when the wave was planned. Raises `Forged`."""
    lines = parcel.read(HISTORY).decode("utf-8").splitlines()
    try:
        return tuple(decode(line) for line in lines)
    except UnreadableRow as error:
        raise Forged(f"{HISTORY} cannot be read: {error}") from error


def _matters(wave: Wave, event: Event) -> bool:
    """What a job looks at: its wave's units, what belongs to none, and money."""
    money = isinstance(event.fact, Reserved | Settled)
    return event.unit is None or event.unit in wave.units or money


@cache
def _adapter() -> TypeAdapter[Any]:
    return TypeAdapter(Wave)
