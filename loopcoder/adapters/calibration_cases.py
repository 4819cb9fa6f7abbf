"""Reading calibration cases: a folder of YAML files, one for each small project.

The format is described in docs/reference/reviewing.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from loopcoder.domain.diagnostic import ConfigurationError
from loopcoder.domain.review.calibration import Case, Expected, Spot
from loopcoder.domain.review.verdict import Check
from loopcoder.domain.unit import Step, Unit, UnitId, is_unit_id

SHIPPED = Path(__file__).parents[1] / "calibration"


class _Read(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Unit(_Read):
    title: str = Field(min_length=1)
    body: str = ""
    steps: list[str] = []
    touches: list[str] = []


class _Check(_Read):
    name: str
    seconds: float = 1.0


class _Spot(_Read):
    file: str = Field(min_length=1)
    lines: tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]] | None = None


class _Case(_Read):
    id: str
    unit: str
    expected: Literal["defect", "clean"]
    patch: str = Field(min_length=1)
    defect: str = ""
    at: list[_Spot] = []
    why: str = ""
    summary: str = ""

    @model_validator(mode="after")
    def _is_whole(self) -> _Case:
        if (self.expected == "defect") != bool(self.at):
            raise ValueError("`at` says where a defect is; a clean change has none")
        return self


class _Project(_Read):
    version: Literal[1]
    base: dict[str, str] = Field(min_length=1)
    checks: list[_Check] = []
    units: dict[str, _Unit] = Field(min_length=1)
    cases: list[_Case] = Field(min_length=1)

    @model_validator(mode="after")
    def _units_are_known(self) -> _Project:
        for case in self.cases:
            if case.unit not in self.units:
                raise ValueError(f"case {case.id}: there is no unit {case.unit}")
        wrong = next((name for name in self.units if not is_unit_id(name)), None)
        if wrong is not None:
            raise ValueError(f"`{wrong}` cannot be a unit's id")
        return self


def read_cases(folder: Path = SHIPPED) -> tuple[Case, ...]:
    """Every case of a folder. Raises ConfigurationError with the file and what is wrong in it."""
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise ConfigurationError(
            f"there are no calibration cases (*.yaml) in {folder}.",
            "`loopcoder help reviewing cases of your own` shows the format.",
        )
    cases = [case for file in files for case in _cases(file)]
    names = [case.id for case in cases]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise ConfigurationError(f"two calibration cases in {folder} are called {twice}.")
    return tuple(cases)


def _cases(file: Path) -> Iterator[Case]:
    try:
        read = _Project.model_validate(yaml.safe_load(file.read_text("utf-8")))
    except ValidationError as error:
        mistake = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, mistake["loc"]))
        raise ConfigurationError(f"{file}: {where}: {mistake['msg']}".replace(": :", ":")) from None
    except (OSError, UnicodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{file} cannot be read: {' '.join(str(error).split())}") from None
    checks = tuple(Check(c.name, True, 0, c.seconds) for c in read.checks)
    for case in read.cases:
        yield Case(
            id=case.id,
            unit=_unit(case.unit, read.units[case.unit]),
            base=read.base,
            patch=case.patch,
            expected=Expected(case.expected),
            defect=case.defect,
            spots=tuple(Spot(s.file, *(s.lines or (0, 0))) for s in case.at),
            why=case.why,
            checks=checks,
            summary=case.summary,
        )


def _unit(name: str, read: _Unit) -> Unit:
    steps = tuple(Step(text, False, 0) for text in read.steps)
    return Unit(UnitId(name), read.title, body=read.body, steps=steps, touches=tuple(read.touches))
