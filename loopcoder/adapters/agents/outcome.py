"""What a command says of its own work, read as an enemy's file and checked against a schema."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from loopcoder.domain.settings import CostBasis
from loopcoder.ports.worker import FollowUp, Lesson, Outcome, Usage, WorkResult

OUTCOME_BYTES = 1 << 20
_FOLLOW_UPS = 20
_LESSONS = 8
_PATHS = 8


class Malformed(Exception):
    """The text or file is not what was agreed; the message says how."""


def _cut(most: int) -> BeforeValidator:
    return BeforeValidator(lambda value: value[:most] if isinstance(value, str) else value)


Words = Annotated[str, _cut(8000)]
Line = Annotated[str, _cut(300)]
Hint = Annotated[str, _cut(500)]
StepNumber = Annotated[int, Field(ge=1, le=10_000)]
Tokens = Annotated[int, Field(ge=0, le=10**12)]


class Reply(BaseModel):
    """Anything an agent says in JSON."""

    # More keys may come with later versions; a wrong type is never repaired.
    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


class ReportedUsage(Reply):
    input_tokens: Tokens = 0
    output_tokens: Tokens = 0


class Metered(Reply):
    """What a run says that it used."""

    usage: ReportedUsage | None = None
    cost_usd: (
        Annotated[Decimal, Field(ge=0, le=100_000, allow_inf_nan=False, strict=False)] | None
    ) = None


class ReportedFollowUp(Reply):
    title: Line
    body: Words = ""


class ReportedLesson(Reply):
    text: Hint
    paths: list[Line] = Field(default_factory=list)


class OutcomeFile(Metered):
    """The outcome file of docs/reference/workers.md."""

    status: Annotated[Outcome, Field(strict=False)] = Outcome.DONE
    reason: Words = ""
    evidence: Words = ""
    summary: Words = ""
    follow_ups: list[ReportedFollowUp] = Field(default_factory=list)
    open_steps: Annotated[list[StepNumber], Field(max_length=1000)] | None = None
    learned: list[ReportedLesson] = Field(default_factory=list)

    def added_to(self, result: WorkResult) -> WorkResult:
        """The result with what only the agent can report: follow-ups, open steps, lessons."""
        told = (each for each in self.learned[:_LESSONS] if each.text.strip())
        return replace(
            result,
            follow_ups=tuple(FollowUp(f.title, f.body) for f in self.follow_ups[:_FOLLOW_UPS]),
            open_steps=None if self.open_steps is None else tuple(self.open_steps),
            learned=tuple(Lesson(each.text, tuple(each.paths[:_PATHS])) for each in told),
        )


def parse_outcome(text: bytes) -> OutcomeFile:
    """Raises Malformed with the first thing that is wrong."""
    try:
        return OutcomeFile.model_validate_json(text)
    except ValidationError as error:
        raise Malformed(first_mistake(error)) from error


def usage_of(said: Metered, basis: CostBasis) -> Usage | None:
    """What the run used as far as that is known, None when nothing is.

    A worker declared free costs nothing whatever it says; what is metered is not its to say.
    """
    tokens = said.usage or ReportedUsage()
    if basis is CostBasis.FREE:
        return Usage(tokens.input_tokens, tokens.output_tokens, Decimal(0))
    usd = said.cost_usd if basis is CostBasis.REPORTED else None
    if said.usage is None and usd is None:
        return None
    return Usage(tokens.input_tokens, tokens.output_tokens, usd)


def read_reply(path: Path) -> bytes | None:
    """A small regular file that a hostile program may have left; None when there is none.

    Links, pipes and devices are not opened, and nothing beyond the size limit is read.
    Raises Malformed.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        handle = os.open(path, flags)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Malformed("the outcome file is not a readable regular file") from error
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise Malformed("the outcome file is not a regular file")
        with os.fdopen(handle, "rb", closefd=False) as file:
            text = file.read(OUTCOME_BYTES + 1)
    except OSError as error:
        raise Malformed("the outcome file could not be read") from error
    finally:
        os.close(handle)
    if len(text) > OUTCOME_BYTES:
        raise Malformed(f"the outcome file is larger than {OUTCOME_BYTES >> 20} MB")
    return text if text.strip() else None


def first_mistake(error: ValidationError) -> str:
    mistake = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in mistake["loc"])
    return f"{where}: {mistake['msg']}" if where else str(mistake["msg"])
