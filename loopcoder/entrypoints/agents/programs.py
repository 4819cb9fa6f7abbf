"""Agents with a command line of their own: what they are handed from here, and whether they can
be started here at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from loopcoder.domain.settings import Price, WorkerSpec

if TYPE_CHECKING:
    from loopcoder.adapters.agents.cli import Agent
    from loopcoder.adapters.agents.preset import Preset
    from loopcoder.adapters.builtin.tariff import Tariff
    from loopcoder.adapters.sandbox.choice import Sandbox

KINDS = ("claude-code", "codex", "gemini", "copilot", "opencode", "aider")


def preset_of(spec: WorkerSpec) -> Preset:
    from loopcoder.adapters.agents.preset import presets

    return presets()[spec.kind]


def agent_of(
    spec: WorkerSpec,
    environ: Mapping[str, str],
    sandbox: Sandbox,
    readable: tuple[Path, ...],
    prices: Mapping[str, Price],
) -> Agent:
    """The agent, ready to be started."""
    from loopcoder.adapters.agents.cli import Agent

    preset = preset_of(spec)
    variables = handed(environ, (*preset.variables.names, *spec.pass_env))
    hosts = tuple(_hosts(preset, {**variables, **spec.env}, spec))
    reaching = replace(spec, network=tuple(dict.fromkeys((*spec.network, *hosts))))
    tariff = _tariff(preset, spec, prices)
    trouble = trouble_of(spec, environ)
    return Agent(preset, reaching, sandbox, readable, variables, tariff, trouble)


def _tariff(preset: Preset, spec: WorkerSpec, prices: Mapping[str, Price]) -> Tariff | None:
    """What tokens cost, for a program that does not say what it cost."""
    from loopcoder.adapters.builtin.tariff import OwnTariff, PriceList

    model = spec.model or preset.model
    if model in prices:
        return OwnTariff(prices[model])
    return PriceList().tariff(model, preset.prices) if model and preset.prices else None


def handed(environ: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    return {name: environ[name] for name in names if environ.get(name)}


def trouble_of(spec: WorkerSpec, environ: Mapping[str, str]) -> str:
    """Why the agent cannot be started here, in one sentence with what to do; empty if it can."""
    if spec.kind not in KINDS:
        return ""
    preset = preset_of(spec)
    if shutil.which(preset.program, path=environ.get("PATH", "")) is None:
        return (
            f"{preset.title} is not installed: `{preset.program}` is not on PATH "
            f"(`{preset.install}`)."
        )
    keys = preset.variables.keys
    if not any(environ.get(name) or spec.env.get(name) for name in (*keys, *spec.pass_env)):
        return f"{preset.title} has no key: set {_either(keys)}."
    return ""


def _either(names: tuple[str, ...]) -> str:
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last


def _hosts(preset: Preset, variables: Mapping[str, str], spec: WorkerSpec) -> Iterator[str]:
    """The model's hosts, or those of the address that stands in for it; and MCP servers'."""
    chosen = [variables[name] for name in preset.variables.base_url if variables.get(name)]
    if not chosen or len(preset.variables.base_url) > 1:
        yield from preset.hosts
    for address in (*chosen, *(server.url for server in spec.mcp if server.url)):
        yield from _host(address)


def _host(address: str) -> Iterator[str]:
    try:
        parts = urlsplit(address)
        name, port = parts.hostname or "", parts.port
    except ValueError:
        return
    if name:
        shown = f"[{name}]" if ":" in name else name
        yield f"{shown}:{port}" if port else shown
