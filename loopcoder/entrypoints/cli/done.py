"""How a verb that writes tells what it did: to people as it goes, to a program once it is over."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from loopcoder.entrypoints.views.terminal import stdout

if TYPE_CHECKING:
    from loopcoder.domain.tick.snapshot import UnitView

done_as_json = click.option(
    "--json", "as_json", is_flag=True, help="Print what was written as JSON."
)


def say(as_json: bool, text: str) -> None:
    """A line for people."""
    if not as_json:
        stdout().say(text)


def told(as_json: bool, **what: object) -> None:
    """The one object for a program; the keys are those of docs/reference/json.md."""
    if as_json:
        click.echo(json.dumps(what, ensure_ascii=False, indent=2))


@dataclass(slots=True)
class Words:
    """What a person said of units, under `words`; each with whether anything was recorded."""

    word: str
    as_json: bool
    _rows: list[dict[str, object]] = field(default_factory=list)

    def say(self, text: str, view: UnitView | None, *, noted: bool = True) -> None:
        """One unit's row; of no unit where the word is about everything."""
        say(self.as_json, text)
        number = view.issue.number if view and view.issue else None
        unit = view.id if view else None
        row: dict[str, object] = {
            "word": self.word,
            "unit": unit,
            "issue": number,
            "recorded": noted,
            "text": text,
        }
        self._rows.append(row)

    def only(self, text: str, view: UnitView | None, *, noted: bool = True) -> None:
        """The only row."""
        self.say(text, view, noted=noted)
        self.end()

    def end(self) -> None:
        told(self.as_json, words=self._rows)
