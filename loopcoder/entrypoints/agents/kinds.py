"""Workers and reviewers by kind: what a configured agent is made into.

A kind is a row in `WORKERS` and one in `REVIEWERS`: a function from the agent's configuration and
what is at hand here to the adapter. Heavy libraries are imported inside these functions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from loopcoder.domain.diagnostic import ConfigurationError
from loopcoder.domain.settings import WorkerSpec
from loopcoder.entrypoints.agents import builtin, programs
from loopcoder.entrypoints.agents.builtin import seat_of
from loopcoder.entrypoints.agents.programs import agent_of, handed, trouble_of
from loopcoder.ports.planner import Planner
from loopcoder.ports.reviewer import Reviewer

if TYPE_CHECKING:
    from loopcoder.adapters.agents.acp import AcpAgent
    from loopcoder.adapters.agents.cli import Agent
    from loopcoder.adapters.git.repository import Repository
    from loopcoder.adapters.sandbox.choice import Sandbox
    from loopcoder.domain.settings import Settings
    from loopcoder.ports.worker import Worker


class Judge(Reviewer, Planner, Protocol):
    """Who can look and not touch: such an agent reviews, and it plans."""


@dataclass(frozen=True)
class Agents:
    """The configured agents. `sandbox` is looked for when the first one is started; `environ` is
    loopcoder's own environment, of which no agent sees anything that it is not handed. `base` is
    the commit their files are read from; empty: where the base branch is."""

    settings: Settings
    repository: Repository
    environ: Mapping[str, str]
    sandbox: Callable[[], Sandbox]
    base: str = ""

    def check(self) -> None:
        """Raise ConfigurationError unless there are workers and a reviewer that can be started."""
        if not self.settings.workers:
            raise self._no_worker("default")
        for name in self.settings.workers:
            self._spec(name)
        if "default" in self.settings.workers:
            self._refuse_useless(self._spec("default"), "worker")
        self._refuse_useless(self._reviewer_spec(), "reviewer")

    def _refuse_useless(self, spec: WorkerSpec, role: str) -> None:
        """Raise ConfigurationError when neither the agent nor any of its fallbacks can be started
        on this machine. One of them is enough: a project may be worked on from many machines."""
        known = self.settings.workers
        chain = (spec, *(known[name] for name in spec.fallback if name in known))
        troubles = [trouble_of(each, self.environ) for each in chain]
        if all(troubles):
            raise ConfigurationError(
                f"The {role} cannot be started here: {' '.join(troubles)}",
                "`loopcoder doctor` says which agents this machine has. "
                "`loopcoder help workers` tells of each.",
            )

    def worker(self, name: str) -> Worker:
        """The worker with a name; ConfigurationError when it cannot be used."""
        spec = self._spec(name)
        return WORKERS[spec.kind](spec, self)

    def reviewer(self, name: str = "") -> Reviewer:
        """The configured reviewer, or the worker with a name in that role.

        ConfigurationError when nobody is configured to judge, or it cannot be used.
        """
        configured = self._reviewer_spec()
        spec = self._spec(name) if name else configured
        return REVIEWERS[spec.kind](spec, self)

    def planner(self) -> Planner:
        """The configured planner; ConfigurationError when there is none, or it cannot be used."""
        planner = self.settings.planner
        if planner is None:
            raise ConfigurationError("No planner is configured.", "Add `planner:`.")
        spec = self._equipped(planner.spec, "planner")
        return REVIEWERS[spec.kind](spec, self)

    def script(self, spec: WorkerSpec) -> str:
        """A scripted agent's script: of the base commit, unless its path leaves the repository."""
        name = str(spec.options.get("script", ""))
        if Path(name).is_absolute():
            found = Path(name).read_text("utf-8") if Path(name).is_file() else None
        else:
            found = self.base_file(name)
        if found is None:
            raise ConfigurationError(
                f"The script {name} of `{spec.name}` is not there.",
                f"Commit it on {self.settings.base}, or name another under `script:`.",
            )
        return found

    def base_file(self, path: str) -> str | None:
        """A file of the base commit, None when it has no such file."""
        base = self.base or self.repository.base_head(self.settings.base)
        return self.repository.read(base, path)

    def _spec(self, name: str) -> WorkerSpec:
        spec = self.settings.workers.get(name)
        if spec is None:
            raise self._no_worker(name)
        return self._equipped(spec, f"workers.{name}")

    def _equipped(self, spec: WorkerSpec, where: str) -> WorkerSpec:
        """The agent with what `network.allow` gives to all; it must be of a kind we can start."""
        check_kind(spec, where)
        if spec.kind == builtin.KIND:
            builtin.api_key(spec, self.environ)
        return replace(spec, network=(*spec.network, *self.settings.network_allow))

    def _reviewer_spec(self) -> WorkerSpec:
        reviewer = self.settings.reviewer
        if reviewer is None:
            raise ConfigurationError(
                "No reviewer is configured, so nothing can be proposed.",
                "Add `reviewer:` to loopcoder.yml. See `loopcoder help configuration reviewer`.",
            )
        return self._equipped(reviewer.spec, "reviewer")

    def _no_worker(self, name: str) -> ConfigurationError:
        known = ", ".join(sorted(self.settings.workers))
        if not known:
            return ConfigurationError(
                "No worker is configured, so nothing can be worked on.",
                "Add `workers:` to loopcoder.yml (`loopcoder init` suggests one). "
                "See `loopcoder help configuration workers`.",
            )
        return ConfigurationError(f"No worker is named {name}.", f"Configured: {known}.")


def _builtin_worker(spec: WorkerSpec, agents: Agents) -> Worker:
    from loopcoder.adapters.builtin.worker import AnthropicWorker

    seat = seat_of(spec, agents.settings, agents.environ)
    return AnthropicWorker(spec, seat, agents.sandbox(), agents.repository.object_stores)


def _builtin_reviewer(spec: WorkerSpec, agents: Agents) -> Judge:
    from loopcoder.adapters.builtin.reviewer import AnthropicReviewer

    seat = seat_of(spec, agents.settings, agents.environ)
    return AnthropicReviewer(spec, seat, agents.sandbox(), agents.repository.object_stores)


def _command_worker(spec: WorkerSpec, agents: Agents) -> Worker:
    from loopcoder.adapters.agents.command import CommandWorker

    return CommandWorker(spec, agents.sandbox(), agents.repository.object_stores)


def _command_reviewer(spec: WorkerSpec, agents: Agents) -> Judge:
    from loopcoder.adapters.agents.command import CommandReviewer

    stores = agents.repository.object_stores
    return CommandReviewer(spec, agents.sandbox(), stores, agents.base_file)


def _scripted_worker(spec: WorkerSpec, agents: Agents) -> Worker:
    from loopcoder.adapters.agents.scripted import ScriptedWorker

    stores = agents.repository.object_stores
    return ScriptedWorker(spec, agents.sandbox(), agents.script(spec), stores)


def _scripted_reviewer(spec: WorkerSpec, agents: Agents) -> Judge:
    from loopcoder.adapters.agents.scripted import ScriptedReviewer

    stores = agents.repository.object_stores
    return ScriptedReviewer(spec, agents.sandbox(), agents.script(spec), stores)


def _cli_agent(spec: WorkerSpec, agents: Agents) -> Agent:
    stores, prices = agents.repository.object_stores, agents.settings.prices
    return agent_of(spec, agents.environ, agents.sandbox(), stores, prices)


def _cli_worker(spec: WorkerSpec, agents: Agents) -> Worker:
    from loopcoder.adapters.agents.cli import CliWorker

    stores = agents.repository.object_stores
    return CliWorker(
        agent_of(spec, agents.environ, agents.sandbox(), stores, agents.settings.prices)
    )


def _cli_reviewer(spec: WorkerSpec, agents: Agents) -> Judge:
    from loopcoder.adapters.agents.cli import CliReviewer

    stores = agents.repository.object_stores
    return CliReviewer(
        agent_of(spec, agents.environ, agents.sandbox(), stores, agents.settings.prices)
    )


def _acp_agent(spec: WorkerSpec, agents: Agents) -> AcpAgent:
    from loopcoder.adapters.agents.acp import AcpAgent

    variables = handed(agents.environ, spec.pass_env)
    return AcpAgent(spec, agents.sandbox(), agents.repository.object_stores, variables)


def _acp_worker(spec: WorkerSpec, agents: Agents) -> Worker:
    from loopcoder.adapters.agents.acp import AcpWorker

    return AcpWorker(_acp_agent(spec, agents))


def _acp_reviewer(spec: WorkerSpec, agents: Agents) -> Judge:
    from loopcoder.adapters.agents.acp import AcpReviewer

    return AcpReviewer(_acp_agent(spec, agents))


WORKERS: Mapping[str, Callable[[WorkerSpec, Agents], Worker]] = MappingProxyType(
    {
        "anthropic": _builtin_worker,
        "command": _command_worker,
        "scripted": _scripted_worker,
        "acp": _acp_worker,
        **dict.fromkeys(programs.KINDS, _cli_worker),
    }
)
REVIEWERS: Mapping[str, Callable[[WorkerSpec, Agents], Judge]] = MappingProxyType(
    {
        "anthropic": _builtin_reviewer,
        "command": _command_reviewer,
        "scripted": _scripted_reviewer,
        "acp": _acp_reviewer,
        **dict.fromkeys(programs.KINDS, _cli_reviewer),
    }
)


def check_kind(spec: WorkerSpec, where: str) -> None:
    """Raise ConfigurationError when this version cannot start the agent."""
    if spec.kind not in WORKERS:
        raise ConfigurationError(
            f"`{where}` is of kind `{spec.kind}`, which this version of loopcoder cannot start "
            "yet.",
            "Use kind `command` with `run: [program, argument]`; see "
            "`loopcoder help configuration workers`.",
        )
