"""What a model may ask for: the tools as it is told of them, and its calls, checked.

The definitions are part of the prefix that every conversation shares: the same bytes every time.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from loopcoder.adapters.agents.outcome import OutcomeFile, first_mistake
from loopcoder.adapters.agents.plan_reply import ReportedPlan
from loopcoder.adapters.agents.reply import ReportedVerdict


class Call(BaseModel):
    """The input of a tool."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


class Bash(Call):
    """Run a command with bash in the workspace, without network. Files stay, variables do not."""

    command: str
    timeout: Annotated[int, Field(ge=1, le=3600, description="seconds")] = 120


class Read(Call):
    """Show a file with line numbers, or the names in a folder."""

    path: str
    offset: Annotated[int, Field(ge=1, description="first line")] = 1
    limit: Annotated[int, Field(ge=1, le=5000, description="lines")] = 400


class Write(Call):
    """Write a whole file; missing folders are made."""

    path: str
    content: str


class Edit(Call):
    """Replace a text that occurs exactly once in a file; with `all`, everywhere in it."""

    path: str
    old: str
    new: str
    all: bool = False


class Search(Call):
    """Find the lines that match a Python regular expression, in a file or below a folder."""

    pattern: str
    path: str = "."
    glob: Annotated[str, Field(description="only such files, as `*.py`")] = "*"


CALLS: dict[str, type[Call]] = {
    "bash": Bash,
    "read": Read,
    "write": Write,
    "edit": Edit,
    "search": Search,
}


def _definition(name: str, call: type[Call]) -> dict[str, Any]:
    schema = call.model_json_schema()
    rows = schema["properties"].items()
    fields = {key: {k: v for k, v in row.items() if k != "title"} for key, row in rows}
    wanted = {"type": "object", "properties": fields, "required": schema.get("required", [])}
    return {"name": name, "description": call.__doc__, "input_schema": wanted}


def _texts(*names: str) -> dict[str, Any]:
    return {name: {"type": "string"} for name in names}


def _list_of(fields: dict[str, Any], *required: str) -> dict[str, Any]:
    item = {"type": "object", "properties": fields, "required": list(required)}
    return {"type": "array", "items": item}


FINISH = {
    "name": "finish",
    "description": "End your work and report. Nothing can be done after it.",
    "input_schema": {
        "type": "object",
        "properties": {
            "status": {"type": "string", "enum": ["done", "blocked", "needs-input", "satisfied"]},
            **_texts("summary", "reason", "evidence"),
            "follow_ups": _list_of(_texts("title", "body"), "title"),
            "open_steps": {"type": "array", "items": {"type": "integer"}},
            "learned": _list_of(
                {**_texts("text"), "paths": {"type": "array", "items": {"type": "string"}}}, "text"
            ),
        },
        "required": ["status", "summary"],
    },
}

VERDICT = {
    "name": "verdict",
    "description": "Give your verdict. It ends the review.",
    "input_schema": {
        "type": "object",
        "properties": {
            "verdict": {"type": "string", "enum": ["approve", "request_changes", "abstain"]},
            "summary": {"type": "string"},
            "findings": _list_of(
                {
                    "severity": {"type": "string", "enum": ["blocker", "major", "minor", "nit"]},
                    "line": {"type": "integer"},
                    **_texts("file", "claim", "evidence"),
                },
                "severity",
                "claim",
            ),
            "reviewed": {
                "type": "object",
                "properties": _texts("head", "diff_sha256"),
                "required": ["head", "diff_sha256"],
            },
        },
        "required": ["verdict", "summary", "findings", "reviewed"],
    },
}

PLAN = {
    "name": "plan",
    "description": "Give your plan. Nothing can be done after it.",
    "input_schema": {
        "type": "object",
        "properties": {"steps": {"type": "array", "items": {"type": "string"}}},
        "required": ["steps"],
    },
}

WORK_TOOLS = (*(_definition(name, call) for name, call in CALLS.items()), FINISH)
REVIEW_TOOLS = (_definition("read", Read), _definition("search", Search), VERDICT)
PLAN_TOOLS = (_definition("read", Read), _definition("search", Search), PLAN)


Answered = Call | OutcomeFile | ReportedVerdict | ReportedPlan
"""The checked input of a call."""

_MODELS: dict[str, type[BaseModel]] = {
    "finish": OutcomeFile,
    "verdict": ReportedVerdict,
    "plan": ReportedPlan,
    **CALLS,
}


class BadCall(Exception):
    """A call that cannot be carried out; the text is told to the model."""


@dataclass(frozen=True, slots=True)
class ToolUse:
    """One call as it came: `given` is its JSON, which may be broken or of the wrong shape."""

    id: str
    name: str
    given: str


def read_call(use: ToolUse, allowed: frozenset[str]) -> Answered:
    """The checked input of a call. Raises BadCall."""
    if use.name not in allowed:
        raise BadCall(f"There is no tool `{use.name}`. There are: {', '.join(sorted(allowed))}.")
    model = _MODELS[use.name]
    try:
        data = json.loads(use.given or "{}")
    except ValueError as error:
        raise BadCall(f"The input of `{use.name}` is not whole JSON ({error}).") from error
    try:
        # As JSON, so that strictness allows what JSON has no type for.
        checked = model.model_validate_json(json.dumps(data))
    except ValidationError as error:
        raise BadCall(f"The input of `{use.name}` is wrong: {first_mistake(error)}.") from error
    assert isinstance(checked, Answered)
    return checked
