"""A section's own issue, where a person names it as if it were a unit."""

from __future__ import annotations

from dataclasses import dataclass

from loopcoder.domain.diagnostic import NotFound
from loopcoder.domain.journal.history import History
from loopcoder.domain.unit import UnitId


@dataclass(frozen=True, slots=True)
class SectionIssue:
    """`section:<name>`, its issue, and the units whose issues were put under it."""

    id: UnitId
    title: str
    number: int
    units: tuple[UnitId, ...]

    @property
    def told(self) -> str:
        return (
            f"{self.id} is a section's own issue, #{self.number}: no agent works on it, "
            "and it is closed when every unit in it is over."
        )


def section_named(name: str, history: History) -> SectionIssue | None:
    """The section that a person means, by its name or its issue's number."""
    for record in history.sections.values():
        if record.number is None or name.casefold() not in (record.id, f"#{record.number}"):
            continue
        inside = (each for each in history.units.values() if each.applied)
        units = (u.id for u in inside if u.applied and u.applied.parent == record.number)
        title = record.applied.title if record.applied else ""
        return SectionIssue(record.id, title, record.number, tuple(units))
    return None


def refuse_section(name: str, history: History) -> None:
    """Whatever is said about a unit can be said about the units of a section, not about itself."""
    section = section_named(name, history)
    if section is not None:
        units = ", ".join(section.units) or "none yet"
        raise NotFound(section.told, f"Name one of its units: {units}.")
