"""A planner's steps, found in what it printed or wrote."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationError

from loopcoder.adapters.agents.outcome import Line, Malformed, Metered, first_mistake, read_reply
from loopcoder.adapters.agents.paperwork import outcome_file
from loopcoder.adapters.agents.reply import REPLY_BYTES, last_object
from loopcoder.domain.tick.failure import FailureClass

FEWEST, MOST = 2, 8


def _worded(text: str) -> str:
    line = " ".join(text.split())
    if not line:
        raise ValueError("a step needs words")
    return line


class ReportedPlan(Metered):
    """The plan of docs/reference/workers.md: nothing but steps, in their order."""

    steps: list[Annotated[Line, AfterValidator(_worded)]] = Field(
        min_length=FEWEST, max_length=MOST
    )


PLAN_SCHEMA: Mapping[str, object] = MappingProxyType(
    {
        "type": "object",
        "additionalProperties": False,
        "required": ["steps"],
        "properties": {"steps": {"type": "array", "items": {"type": "string"}}},
    }
)
"""The plan as a JSON schema, strict enough for every provider that takes one."""


def parse_plan(text: bytes) -> ReportedPlan:
    """The plan in an answer: its last JSON object. Raises Malformed."""
    found = last_object(text[-REPLY_BYTES:].decode("utf-8", "replace"))
    if found is None:
        raise Malformed("there is no JSON object in the answer")
    try:
        return ReportedPlan.model_validate_json(found)
    except ValidationError as error:
        raise Malformed(first_mistake(error)) from error


def read_plan(
    outbox: Path, answer: bytes, failure: FailureClass | None, reason: str
) -> tuple[tuple[str, ...], FailureClass | None, str]:
    """Steps, failure and reason of a run that ended so: what it wrote counts before its answer."""
    if failure is not None:
        return (), failure, reason
    try:
        written = read_reply(outcome_file(outbox))
        return tuple(parse_plan(written or answer).steps), None, ""
    except Malformed as error:
        return (), FailureClass.MALFORMED, f"it could not be read: {error}."
