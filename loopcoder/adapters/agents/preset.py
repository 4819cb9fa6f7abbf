"""How each agent's program is used: data, one TOML file per agent, checked when it is read.

Texts are templates: `$model`, `$home` and the other names of `invocation.py` stand for the values
of one run, as do the variables that are passed on.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from loopcoder.domain.tick.failure import FailureClass

_FOLDER = "presets"


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Arguments(Part):
    """Arguments that belong together: left out when a name in them has no value, or when the
    variable in `given` has none."""

    args: tuple[str, ...]
    given: str = ""


def _arguments(value: object) -> object:
    return {"args": value} if isinstance(value, list) else value


Groups = tuple[Annotated[Arguments, BeforeValidator(_arguments)], ...]


class Command(Part):
    """The command line: `always`, what the role adds, what continues a session, `last`."""

    always: Groups = ()
    worker: Groups = ()
    reviewer: Groups = ()
    resume: Groups = ()
    fork: Groups = ()
    last: Groups = ()


class Variables(Part):
    """`keys` open the model, one of them must be set; `passed` are handed on besides; `fixed` are
    set; `defaults` stand in for passed ones that are not set."""

    keys: tuple[str, ...]
    passed: tuple[str, ...] = ()
    fixed: Mapping[str, str] = Field(default_factory=dict)
    defaults: Mapping[str, str] = Field(default_factory=dict)
    base_url: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All that may be taken from loopcoder's own environment."""
        return (*self.keys, *self.base_url, *self.passed)


class Pick(Part):
    """Where a value stands in the output: in which event (`where`: path to value), at which path.

    In a path `*` stands for every element. `file` is looked into instead of the events, a file
    that the program left in `$drop`. `pattern` is for output that is plain text. Of several
    events the last counts, or with `add_up` the sum. `minus` takes the figure away.
    """

    path: str = ""
    where: Mapping[str, str | bool | int] = Field(default_factory=dict)
    file: str = ""
    pattern: str = ""
    add_up: bool = False
    minus: bool = False


Picks = tuple[Pick, ...]


class Output(Part):
    """What is read from the output. Several picks of a text: the first that finds one; of a
    figure: their sum. `totals` says whether the figures are the run's or the whole session's."""

    form: Literal["json", "events", "text"]
    totals: Literal["run", "session"] = "run"
    answer: Picks = ()
    verdict: Picks = ()
    session: Picks = ()
    input_tokens: Picks = ()
    output_tokens: Picks = ()
    cached_tokens: Picks = ()
    usd: Picks = ()
    error: Picks = ()
    status: Picks = ()
    sign: Picks = ()
    lost_session: str = ""


class Trouble(Part):
    """Words by which this program tells one class of failure."""

    pattern: str
    failure: FailureClass


class Servers(Part):
    """How this program wants MCP servers written: names of keys, and what each entry has besides.
    With `argv`, program and arguments are one list."""

    command: str = "command"
    args: str = "args"
    argv: str = ""
    env: str = "env"
    local: Mapping[str, Any] = Field(default_factory=dict)
    url: str = "url"
    headers: str = "headers"
    remote: Mapping[str, Any] = Field(default_factory=dict)


class Preset(Part):
    """One agent. `hosts` are what it must reach; `files` are written for it, below `$given` or,
    with a name that begins with `$home/`, in its home. `litter` it leaves at the root of
    the tree for itself. `prices` names the provider whose published prices
    hold for a program that tells tokens and no money. `tried` is the version that was run."""

    kind: str
    title: str
    program: str
    install: str
    tried: str
    hosts: tuple[str, ...] = ()
    model: str = ""
    prices: str = ""
    prompt: Literal["stdin", "file"] = "stdin"
    litter: tuple[str, ...] = ()
    note: str = ""
    variables: Variables
    command: Command
    output: Output
    files: Mapping[str, str] = Field(default_factory=dict)
    mcp: Servers | None = None
    troubles: tuple[Trouble, ...] = ()


@cache
def presets() -> Mapping[str, Preset]:
    """Every agent that is known, by kind, in the order in which they are offered."""
    folder = resources.files(__package__).joinpath(_FOLDER)
    found = [
        Preset.model_validate(tomllib.loads(entry.read_text("utf-8")))
        for entry in folder.iterdir()
        if entry.name.endswith(".toml")
    ]
    return {each.kind: each for each in sorted(found, key=lambda each: ORDER.index(each.kind))}


ORDER = ("claude-code", "codex", "gemini", "copilot", "opencode", "aider")
"""Known without reading any file, for whoever only needs the names."""
