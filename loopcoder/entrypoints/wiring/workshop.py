"""From the house to what the engine is given: the ports, wired for one tick or one look."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from loopcoder.adapters.github.address import is_name
from loopcoder.adapters.sandbox.holder import current_holder, end_leftovers, is_alive
from loopcoder.domain.guard.redaction import Redactor
from loopcoder.domain.settings import Command, LandingMode, Settings
from loopcoder.engine.services import Services
from loopcoder.entrypoints.agents.builtin import unpriced
from loopcoder.entrypoints.running.attesting import open_attestor
from loopcoder.entrypoints.wiring.bootstrap import House
from loopcoder.ports.code_host import CodeHost
from loopcoder.ports.commands import CommandResult
from loopcoder.ports.journal import Journal
from loopcoder.ports.landing import LandingStrip
from loopcoder.ports.listener import SilentListener, TickListener
from loopcoder.ports.tracker import Tracker


@dataclass(frozen=True, slots=True)
class LazyCommands:
    """Looks for a sandbox when the first command is run, so that only looking needs none."""

    house: House

    def run(
        self,
        command: Command,
        cwd: Path,
        log: Path,
        env: Mapping[str, str] | None = None,
        stop: threading.Event | None = None,
    ) -> CommandResult:
        return self.house.commands.run(command, cwd, log, env, stop)

    def argv_run(self, argv: Sequence[str], cwd: Path, log: Path) -> CommandResult:
        return self.house.commands.argv_run(argv, cwd, log)


def open_workshop(
    house: House,
    listener: TickListener | None = None,
    stop: threading.Event | None = None,
    *,
    only_look: bool = False,
) -> Services:
    """The engine's services for this house. Agents and the sandbox are looked for when used.

    With `only_look` the journal is neither created nor repaired, and nothing can be recorded.
    """
    from loopcoder.adapters.secrecy.redacting import redacting_code_host, redacting_tracker

    redactor = Redactor(known_secrets(house.environ))
    services = furnish(
        house,
        tracker=redacting_tracker(house.tracker, redactor),
        code_host=redacting_code_host(house.code_host, redactor),
        journal=house.journal_reader if only_look else house.journal,
        runs=house.runs_dir,
        listener=listener,
        stop=stop,
    )
    unknown = () if only_look else (*unpriced(house.settings), *_ci_warning(house))
    return replace(
        services,
        warnings=(*services.warnings, *unknown),
        landing=_landing(house),
        meter=house.meter,
        link=run_link(house.environ),
        attestor=open_attestor(house, redactor),
        ci=house.ci,
        shelf=house.shelf,
        setup_cache=house.setup_cache,
    )


def furnish(
    house: House,
    *,
    tracker: Tracker,
    code_host: CodeHost,
    journal: Journal,
    runs: Path,
    listener: TickListener | None = None,
    stop: threading.Event | None = None,
) -> Services:
    """What every process of the engine has, whatever it may reach: git, sandbox, agents, and a
    journal in which no secret of this machine ends."""
    from loopcoder.adapters.builtin.bill import last_bill
    from loopcoder.adapters.secrecy.redacting import redacting_journal
    from loopcoder.adapters.secrecy.redacting_agents import (
        redacting_commands,
        redacting_reviewers,
        redacting_workers,
    )
    from loopcoder.adapters.secrecy.secrets import DetectSecretsScanner

    secrets = known_secrets(house.environ)
    redactor = Redactor(secrets)
    return Services(
        settings=house.settings,
        tracker=tracker,
        code_host=code_host,
        journal=redacting_journal(journal, redactor),
        workspaces=house.workspaces,
        commands=redacting_commands(LazyCommands(house), redactor),
        worker=redacting_workers(house.agents.worker, redactor),
        reviewer=redacting_reviewers(house.agents.reviewer, redactor),
        planner=house.agents.planner,
        base_file=house.agents.base_file,
        scanner=DetectSecretsScanner(secrets),
        landing=None,
        clock=house.clock,
        runs=runs,
        holder=current_holder(house.state_dir),
        is_alive=is_alive,
        end_leftovers=end_leftovers,
        listener=listener or SilentListener(),
        stop=stop or threading.Event(),
        warnings=standing_warnings(house.settings),
        last_bill=last_bill,
    )


def _ci_warning(house: House) -> tuple[str, ...]:
    if not house.on_github:
        return ()
    from loopcoder.entrypoints.doctor.github import ci_warning

    return ci_warning(house)


def run_link(environ: Mapping[str, str]) -> str:
    """The address of this run's log, where GitHub Actions runs us."""
    names = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    server, repository, run = (environ.get(name, "") for name in names)
    if not (is_name(repository) and run.isdecimal() and server.startswith("https://")):
        return ""
    return f"{server.rstrip('/')}/{repository}/actions/runs/{run}"


def _landing(house: House) -> LandingStrip | None:
    if house.settings.landing.mode is not LandingMode.COMMIT:
        return None
    from loopcoder.adapters.local.landing import LocalLanding

    return LocalLanding(house.repository, house.settings.base)


def standing_warnings(settings: Settings) -> tuple[str, ...]:
    """What every report says as long as it is configured so, besides what it says of the judge."""
    warnings = []
    if settings.sandbox == "off":
        warnings.append("agents and checks run without a sandbox (sandbox: off)")
    return tuple(warnings)


_SECRET_NAMES = ("TOKEN", "SECRET", "PASSWORD", "PASSWD", "API_KEY", "PRIVATE_KEY", "CREDENTIAL")


def known_secrets(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Values of our own environment that must never appear in anything we emit."""
    return tuple(
        value
        for name, value in environ.items()
        if len(value) >= 8 and any(part in name.upper() for part in _SECRET_NAMES)
    )
