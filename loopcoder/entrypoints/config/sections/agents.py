"""Who works, who plans and who judges, and what they may use."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from loopcoder.entrypoints.config.section import Section, section
from loopcoder.entrypoints.config.values import (
    Argv,
    Duration,
    Environment,
    Globs,
    Hosts,
    Jobs,
    Names,
    Phrase,
    Positive,
    Share,
    Text,
    Texts,
    off_is_none,
    off_is_text,
)

RUN_KINDS = ("command", "acp")
MCP_KINDS = ("claude-code", "codex", "gemini", "copilot", "opencode", "acp")


class McpSection(Section):
    """A server of tools, which the agent starts or reaches from inside its sandbox."""

    name: Text = Field(pattern=r"^[A-Za-z0-9_-]{1,40}$", description="Its name for the agent.")
    run: Argv = Field([], description="Program and arguments of a server that is started.")
    env: Environment = Field({}, description="Variables for a server that is started.")
    url: Text = Field("", pattern=r"^(https?://\S+)?$", description="Address of a server.")
    headers: Environment = Field({}, description="Headers for a server that is reached.")


class WorkerSection(Section):
    """A way to have work done, or a change judged."""

    kind: Annotated[
        Literal[
            "command",
            "scripted",
            "anthropic",
            "claude-code",
            "codex",
            "gemini",
            "copilot",
            "opencode",
            "aider",
            "acp",
        ],
        Phrase("kind of agent"),
    ] = Field(description="What is started. `command` is any program.")
    model: Text = Field("", description="The model, for kinds that choose one.")
    run: Argv = Field(
        [], description="Program and arguments, for kinds `command` and `acp`; no shell."
    )
    script: Text = Field(
        "", description="A script in the repository, or an absolute path, for kind `scripted`."
    )
    timeout: Duration = Field(3000.0, description="Most time for one run.")
    stall: Duration = Field(600.0, description="Killed after so long without output or change.")
    cost: Annotated[Literal["metered", "reported", "free"], Phrase("source of the cost")] | None = (
        Field(
            None,
            description="`free`, `reported` by the agent itself, or `metered` by us. "
            "A command that reports nothing is charged what was reserved for it. "
            "Default: `reported`; for `scripted`: `free`; for `anthropic`: `metered`.",
        )
    )
    max_parallel: Jobs = Field(50, description="Most runs at the same time.")
    turns: Positive = Field(200, description="Most replies in one run, for kind `anthropic`.")
    fallback: Texts = Field([], description="Workers to use when this one's provider fails.")
    network: Hosts = Field([], description="Hosts it may reach besides `network.allow`.")
    env: Environment = Field({}, description="Variables added to its empty environment.")
    pass_env: Names = Field(
        [],
        description="Variables that it is handed from loopcoder's own environment, besides "
        "those of its kind.",
    )
    mcp: Annotated[list[McpSection], Phrase("list of MCP servers")] = Field(
        [],
        description="Servers of tools, each a map with `name` and either `run` (and `env`) or "
        "`url` (and `headers`).",
    )


def _calibration(value: object) -> object:
    value = off_is_text(value)
    return {"mode": value} if isinstance(value, str) else value


class CalibrationSection(Section):
    """What a reviewer must have reached in `loopcoder calibrate`."""

    mode: Annotated[
        Literal["required", "off"], BeforeValidator(off_is_text), Phrase("`required` or `off`")
    ] = Field(
        "required",
        description="`off` lets a reviewer judge that was never measured; every report says so.",
    )
    catch: Share = Field(0.8, description="Least share of the defects that it must catch.")
    false_alarms: Share = Field(0.2, description="Most share of clean changes it may hold back.")
    days: Positive = Field(30, description="Days for which a calibration is believed.")


Calibration = Annotated[
    CalibrationSection,
    BeforeValidator(_calibration),
    Phrase("`required`, `off`, or a map of [`catch`, `false_alarms`, `days`](reviewing.md)"),
]


class ReviewerSection(WorkerSection):
    calibration: Calibration = section(
        CalibrationSection,
        "Whether the reviewer, and each fallback, must have passed `loopcoder calibrate`. `off` "
        "has to be written, and every report says so. "
        "Default: `required`, with `catch: 0.8`, `false_alarms: 0.2`, `days: 30`.",
    )
    independence: Annotated[
        Literal["required", "off"], BeforeValidator(off_is_text), Phrase("`required` or `off`")
    ] = Field(
        "required",
        description="Whether it must be another model (or, without models, another program) than "
        "the worker. With `off` every report says so.",
    )


Reviewer = Annotated[ReviewerSection | None, BeforeValidator(off_is_none), Phrase("map, or `off`")]


class PlannerSection(WorkerSection):
    steps: Positive = Field(
        8, description="Besides units of size L and XL, those with more steps than this are split."
    )


Planner = Annotated[PlannerSection | None, BeforeValidator(off_is_none), Phrase("map, or `off`")]


class NetworkSection(Section):
    allow: Hosts = Field(
        [],
        description="Hosts that agents may reach; `*` opens the machine's whole network.",
    )


class SkillsSection(Section):
    budget: Positive = Field(8000, description="Most tokens of skills in one prompt.")
    paths: Globs = Field([], description="Further folders to look for skills in.")
