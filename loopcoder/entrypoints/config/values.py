"""The types of single values in `loopcoder.yml`, each with its name for people."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from loopcoder.domain.guard.reach import EVERYTHING, parse_host
from loopcoder.entrypoints.views.quantities import (
    parse_count,
    parse_duration,
    parse_money,
    parse_size,
)


@dataclass(frozen=True, slots=True)
class Phrase:
    """How a type is called, in error messages and in the reference."""

    text: str


_NEVER_PASSED = ("GITHUB_", "GH_", "ACTIONS_", "RUNNER_", "SSH_", "LOOPCODER_", "HOME", "PATH")
_BRANCH = re.compile(
    r"(?!/)(?!.*(?://|\.\.|@\{|/$|\.lock$))[^\x00-\x20~^:?*\[\\-][^\x00-\x20~^:?*\[\\]*"
)


def off_is_text(value: object) -> object:
    """YAML reads a bare `off` as false: both mean off."""
    return "off" if value is False else value


def off_is_none(value: object) -> object:
    return None if value is False or value == "off" else value


def as_list(value: object) -> object:
    """One thing stands for a list of one; nothing for an empty list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _argv(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return shlex.split(value)
    except ValueError as error:
        raise ValueError(f"the command line cannot be split: {error}") from None


def _text(value: object) -> object:
    """An environment value: numbers become text, everything else must be quoted."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value


def _branch(value: str) -> str:
    if not _BRANCH.fullmatch(value):
        raise ValueError("write a branch name such as main")
    if value.startswith("loopcoder/"):
        raise ValueError("branches under loopcoder/ are where work is proposed from")
    return value


def _path(value: str) -> str:
    if value.startswith(("/", "~")) or ".." in value.split("/") or not value:
        raise ValueError("write a path relative to the repository's root, without ..")
    return value


def _absolute(value: str) -> str:
    if not value.startswith("/") or ".." in value.split("/"):
        raise ValueError("write an absolute path, such as /opt/toolchain")
    return value


def _host(value: str) -> str:
    if value != EVERYTHING:
        parse_host(value)
    return value


def _network(value: object) -> object:
    """One host stands for a list of one."""
    return [value] if isinstance(value, str) else value


def _variable(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
        raise ValueError("write the name of a variable, such as OPENAI_API_KEY")
    if value.upper().startswith(_NEVER_PASSED):
        raise ValueError("no agent is handed what opens GitHub or belongs to loopcoder itself")
    return value


Duration = Annotated[
    float,
    BeforeValidator(parse_duration),
    Field(ge=1),
    Phrase("duration, such as `20m` or `2h30m`"),
]
Pause = Annotated[
    float,
    BeforeValidator(parse_duration),
    Field(ge=0, le=600),
    Phrase("duration, such as `1s`"),
]
Size = Annotated[int, BeforeValidator(parse_size), Field(ge=1), Phrase("size, such as `4MB`")]
Money = Annotated[
    Annotated[Decimal, BeforeValidator(parse_money)] | None,
    BeforeValidator(off_is_none),
    Phrase("US dollars, such as `$2`, or `off`"),
]
Rate = Annotated[
    Decimal, BeforeValidator(parse_money), Field(ge=0), Phrase("US dollars, such as `$2.50`")
]
Tokens = Annotated[
    Annotated[int, BeforeValidator(parse_count), Field(ge=1)] | None,
    BeforeValidator(off_is_none),
    Phrase("count, such as `2M`, or `off`"),
]
Share = Annotated[float, Field(ge=0, le=1), Phrase("share from 0 to 1")]
Count = Annotated[int, Field(ge=0), Phrase("whole number")]
Positive = Annotated[int, Field(ge=1), Phrase("whole number from 1")]
Jobs = Annotated[int, Field(ge=1, le=50), Phrase("whole number from 1 to 50")]
Text = Annotated[str, Phrase("text")]
Branch = Annotated[str, AfterValidator(_branch), Phrase("branch name")]
Path = Annotated[str, AfterValidator(_path), Phrase("path in the repository")]
Paths = Annotated[list[Path], BeforeValidator(as_list), Phrase("path, or list of paths")]
Absolute = Annotated[
    list[Annotated[str, AfterValidator(_absolute)]],
    BeforeValidator(as_list),
    Phrase("list of absolute paths"),
]
Texts = Annotated[list[str], BeforeValidator(as_list), Phrase("text, or list of texts")]
Hosts = Annotated[
    list[Annotated[str, AfterValidator(_host)]],
    BeforeValidator(as_list),
    Phrase("list of hosts, such as `api.example.org`, `*.example.org` or `localhost:8080`"),
]
Network = Annotated[
    bool | list[Annotated[str, AfterValidator(_host)]],
    BeforeValidator(_network),
    Phrase("true, false, or list of hosts"),
]
Globs = Annotated[list[str], BeforeValidator(as_list), Phrase("list of globs")]
Environment = Annotated[
    dict[str, Annotated[str, BeforeValidator(_text)]], Phrase("map of variables to texts")
]
Names = Annotated[
    list[Annotated[str, AfterValidator(_variable)]],
    BeforeValidator(as_list),
    Phrase("list of variable names"),
]
Argv = Annotated[
    list[str], BeforeValidator(_argv), Phrase("program and arguments, as a list or one line")
]
Flag = Annotated[bool, Phrase("true or false")]
