"""What an examination finds: each with how bad it is, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """`problem` keeps work from being done; `warning` will, or hides something; `note` is good
    to know."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `repair` mends it without losing anything, and says how."""

    name: str
    level: Level
    what: str
    remedy: str = ""
    repair: Callable[[], str] | None = None
    repaired: str = ""


def fine(name: str, what: str) -> Finding:
    return Finding(name, Level.OK, what)


def note(name: str, what: str, remedy: str = "") -> Finding:
    return Finding(name, Level.NOTE, what, remedy)


def warning(
    name: str, what: str, remedy: str = "", repair: Callable[[], str] | None = None
) -> Finding:
    return Finding(name, Level.WARNING, what, remedy, repair)


def problem(name: str, what: str, remedy: str = "") -> Finding:
    return Finding(name, Level.PROBLEM, what, remedy)
