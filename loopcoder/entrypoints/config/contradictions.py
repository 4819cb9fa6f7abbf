"""What is wrong with a configuration although no single key can be blamed for it."""

from __future__ import annotations

from collections.abc import Iterator

from loopcoder.domain.diagnostic import Diagnostic, Severity
from loopcoder.entrypoints.config.messages import dotted, nearest
from loopcoder.entrypoints.config.schema import Configuration
from loopcoder.entrypoints.config.sections.agents import MCP_KINDS, RUN_KINDS, WorkerSection
from loopcoder.entrypoints.config.yaml_places import Document, Path

_Problem = tuple[Path, str, str]
"""Where it is, what it is, and what to do."""


def contradictions(model: Configuration, document: Document) -> list[Diagnostic]:
    """Everything that is wrong although each key by itself is right."""
    return [
        Diagnostic(Severity.ERROR, summary, detail, document.key_place(path))
        for path, summary, detail in (*_of_agents(model), *_of_landing(model), *_of_tracker(model))
    ]


def _of_tracker(model: Configuration) -> Iterator[_Problem]:
    if model.sections != "off" and model.tracker != "github":
        yield ("sections",), f"`sections: {model.sections}` works with `tracker: github` only", ""


def _of_agents(model: Configuration) -> Iterator[_Problem]:
    if model.workers and "default" not in model.workers:
        names = ", ".join(f"`{name}`" for name in model.workers)
        yield ("workers",), "no worker is named `default`", f"Rename one of {names}."
    for path, agent in _agents(model).items():
        yield from _of_kind(path, agent)
        for index, server in enumerate(agent.mcp):
            if bool(server.run) == bool(server.url):
                yield (*path, "mcp", index), f"`{server.name}` needs either `run` or `url`", ""
        for index, name in enumerate(agent.fallback):
            if name not in model.workers:
                detail = nearest(name, list(model.workers))
                yield (*path, "fallback", index), f"no worker is named `{name}`", detail


def _agents(model: Configuration) -> dict[Path, WorkerSection]:
    agents: dict[Path, WorkerSection] = {
        ("workers", name): worker for name, worker in model.workers.items()
    }
    for role in ("reviewer", "planner"):
        if agent := getattr(model, role):
            agents[role,] = agent
    return agents


def _of_kind(path: Path, agent: WorkerSection) -> Iterator[_Problem]:
    if agent.kind in RUN_KINDS and not agent.run:
        yield (*path, "kind"), f"`{dotted(path)}` needs `run`: the program to start", ""
    if agent.kind == "scripted" and not agent.script:
        yield (*path, "kind"), f"`{dotted(path)}` needs `script`: the file to follow", ""
    if agent.kind not in RUN_KINDS and agent.run:
        yield (*path, "run"), f"`run` belongs to kind `command`, not `{agent.kind}`", ""
    if agent.kind not in MCP_KINDS and agent.mcp:
        yield (*path, "mcp"), f"kind `{agent.kind}` knows no MCP servers", ""


def _of_landing(model: Configuration) -> Iterator[_Problem]:
    landing = model.landing
    if landing.mode == "commit" and not landing.work_branch:
        summary = "`landing: commit` needs `work_branch`: the branch to commit to"
        yield ("landing",), summary, ""
    if landing.work_branch == model.base:
        yield ("landing", "work_branch"), "work never lands on the base branch itself", ""
    if landing.mode == "commit" and model.tracker != "local":
        yield ("landing",), "`landing: commit` works with `tracker: local` only", ""
