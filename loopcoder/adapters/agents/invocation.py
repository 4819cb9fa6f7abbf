"""One run of an agent's program: arguments, variables and files, filled in from its preset."""

from __future__ import annotations

import contextlib
import json
import os
import string
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from loopcoder.adapters.agents.mcp import as_toml, written
from loopcoder.adapters.agents.preset import Arguments, Preset
from loopcoder.adapters.scratch import remove_tree
from loopcoder.domain.settings import McpServer

_IN_HOME = "$home/"


@dataclass(frozen=True, slots=True)
class Visit:
    """What is particular to one run. Paths are those that the program knows.

    `variables` are those handed on from loopcoder's environment. `session` is continued, or with
    `fork` copied and continued. `schema` is the JSON schema of the answer of a reviewer.
    """

    role: str
    home: str
    given: str
    drop: str
    prompt_file: str
    variables: Mapping[str, str]
    model: str = ""
    usd: str = ""
    session: str = ""
    fork: bool = False
    schema: Mapping[str, object] | None = None
    servers: tuple[McpServer, ...] = ()


@dataclass(frozen=True, slots=True)
class Invocation:
    """`files` are by place: below the folder of files that are given, `home_files` below home."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    files: Mapping[str, str]
    home_files: Mapping[str, str]


def invoke(preset: Preset, visit: Visit) -> Invocation:
    """Fill in the preset's templates."""
    names = _names(preset, visit)
    command = preset.command
    groups = [command.always, command.reviewer if visit.role == "review" else command.worker]
    if visit.session:
        groups.append(command.fork if visit.fork and command.fork else command.resume)
    groups.append(command.last)
    argv = (word for part in groups for group in part for word in _filled(group, names))
    fixed = {
        key: text
        for key, template in preset.variables.fixed.items()
        if (text := _fill(template, names))
    }
    texts = {place: _file(template, names) for place, template in preset.files.items()}
    return Invocation(
        (preset.program, *argv),
        {**visit.variables, **fixed},
        {place: text for place, text in texts.items() if not place.startswith(_IN_HOME)},
        {
            place.removeprefix(_IN_HOME): text
            for place, text in texts.items()
            if place.startswith(_IN_HOME)
        },
    )


def _names(preset: Preset, visit: Visit) -> dict[str, str]:
    """Every name that a template may use; one without a value is an empty text."""
    servers = written(visit.servers, preset.mcp) if preset.mcp else {}
    return {
        **dict.fromkeys(preset.variables.names, ""),
        **preset.variables.defaults,
        **visit.variables,
        "home": visit.home,
        "given": visit.given,
        "drop": visit.drop,
        "prompt_file": visit.prompt_file,
        "model": visit.model or preset.model,
        "usd": visit.usd,
        "session": visit.session,
        "schema": json.dumps(dict(visit.schema)) if visit.schema else "",
        "mcp": json.dumps(servers),
        "mcp_toml": as_toml(servers),
        "mcp_tools": "".join(f",mcp__{name}" for name in servers),
    }


_STRUCTURES = frozenset({"schema", "mcp", "mcp_toml"})
_MAY_BE_EMPTY = frozenset({"mcp_tools"})


def _filled(group: Arguments, names: Mapping[str, str]) -> Iterator[str]:
    if group.given and not names.get(group.given):
        return
    used = {name for word in group.args for name in _used(word)}
    if all(names[name] for name in used - _MAY_BE_EMPTY):
        yield from (string.Template(word).substitute(names) for word in group.args)


def _fill(template: str, names: Mapping[str, str]) -> str:
    """The text, or nothing when a name in it has no value."""
    if all(names[name] for name in _used(template)):
        return string.Template(template).substitute(names)
    return ""


def _file(template: str, names: Mapping[str, str]) -> str:
    """A JSON or TOML file: texts stand between its quotation marks, so they are escaped."""
    safe = {
        name: text if name in _STRUCTURES else json.dumps(text)[1:-1]
        for name, text in names.items()
    }
    return string.Template(template).substitute(safe)


def _used(template: str) -> Iterable[str]:
    return string.Template(template).get_identifiers()


def lay_out(folder: Path, files: Mapping[str, str]) -> None:
    """Write files into a folder that a hostile program may have filled: links there are removed,
    never followed. Nothing else may be writing at the same time."""
    for place, text in files.items():
        path = folder
        for part in PurePosixPath(place).parts[:-1]:
            path = path / part
            if path.is_symlink() or (path.exists() and not path.is_dir()):
                path.unlink()
            path.mkdir(exist_ok=True)
        _write(path / PurePosixPath(place).name, text)


def _write(path: Path, text: str) -> None:
    if path.is_dir() and not path.is_symlink():
        remove_tree(path)
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
