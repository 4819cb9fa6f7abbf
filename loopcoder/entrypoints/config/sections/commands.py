"""Commands that a project lets run: to prepare, to check, to try the ground."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from loopcoder.entrypoints.config.section import Section
from loopcoder.entrypoints.config.values import Duration, Network, Paths, Phrase, Text, as_list


def _command(value: object) -> object:
    return {"run": value} if isinstance(value, str) else value


def _commands(value: object) -> object:
    return (
        [_command(item) for item in value] if isinstance(value := as_list(value), list) else value
    )


class CommandSection(Section):
    """A command line, run by `sh -c` in a sandboxed checkout."""

    run: Text = Field(min_length=1, description="The command line.")
    timeout: Duration = Field(1200.0, description="Killed, and failed, after this long.")
    network: Network = Field(
        False, description="Whether the network may be used, or the hosts that may be reached."
    )


class SetupSection(CommandSection):
    """A command that prepares a checkout."""

    cache: Paths = Field(
        [],
        description="What it makes, kept for checkouts with the same lock files: paths such as "
        "`node_modules`.",
    )
    key: Paths = Field(
        [], description="The files that decide; default: every known lock file at the root."
    )


class PreflightSection(CommandSection):
    timeout: Duration = Field(120.0, description="Killed, and failed, after this long.")


Commands = Annotated[
    list[CommandSection],
    BeforeValidator(_commands),
    Phrase("command, or list of commands; a command is a text or a map"),
]
Setups = Annotated[
    list[SetupSection],
    BeforeValidator(_commands),
    Phrase("command, or list of commands; a command is a text or a map"),
]
Preflight = Annotated[PreflightSection | None, BeforeValidator(_command), Phrase("command")]
