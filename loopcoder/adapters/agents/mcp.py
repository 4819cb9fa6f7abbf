"""MCP servers, in the words of each program that can use them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from loopcoder.adapters.agents.preset import Servers
from loopcoder.domain.settings import McpServer


def written(servers: Iterable[McpServer], words: Servers) -> dict[str, dict[str, Any]]:
    """The servers by name, as the program wants them."""
    return {server.name: _entry(server, words) for server in servers}


def _entry(server: McpServer, words: Servers) -> dict[str, Any]:
    if server.url:
        entry: dict[str, Any] = {words.url: server.url, **words.remote}
        return entry | ({words.headers: dict(server.headers)} if server.headers else {})
    program, *rest = server.argv
    entry = {words.argv: list(server.argv)} if words.argv else {words.command: program}
    if not words.argv and rest:
        entry[words.args] = rest
    return {**entry, **({words.env: dict(server.env)} if server.env else {}), **words.local}


def as_toml(value: object) -> str:
    """A value as TOML on one line; its strings and lists are those of JSON."""
    if isinstance(value, Mapping):
        rows = (f"{json.dumps(str(key))} = {as_toml(each)}" for key, each in value.items())
        return "{" + ", ".join(rows) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(as_toml(each) for each in value) + "]"
    return json.dumps(value)
