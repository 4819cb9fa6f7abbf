"""From the house to what the engine is given: the ports, wired for one tick or one look."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from loopcoder.adapters.holder import current_holder, end_leftovers, is_alive
from loopcoder.domain.redaction import Redactor
from loopcoder.domain.settings import Command, LandingMode, Settings
from loopcoder.engine.services import Services
from loopcoder.entrypoints.attesting import open_attestor
from loopcoder.entrypoints.bootstrap import House
from loopcoder.entrypoints.builtin import unpriced
from loopcoder.ports.commands import CommandResult
from loopcoder.ports.landing import LandingStrip
from loopcoder.ports.listener import SilentListener, TickListener


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
    from loopcoder.adapters.builtin.bill import last_bill
    from loopcoder.adapters.redacting import (
        redacting_code_host,
        redacting_journal,
        redacting_tracker,
    )
    from loopcoder.adapters.secrets import DetectSecretsScanner

    settings = house.settings
    secrets = known_secrets(house.environ)
    redactor = Redactor(secrets)
    journal = house.journal_reader if only_look else house.journal
    return Services(
        settings=settings,
        tracker=redacting_tracker(house.tracker, redactor),
        code_host=redacting_code_host(house.code_host, redactor),
        journal=redacting_journal(journal, redactor),
        workspaces=house.workspaces,
        commands=LazyCommands(house),
        worker=house.agents.worker,
        reviewer=house.agents.reviewer,
        base_file=house.agents.base_file,
        scanner=DetectSecretsScanner(secrets),
        landing=_landing(house),
        clock=house.clock,
        runs=house.runs_dir,
        holder=current_holder(house.state_dir),
        is_alive=is_alive,
        end_leftovers=end_leftovers,
        listener=listener or SilentListener(),
        stop=stop or threading.Event(),
        warnings=standing_warnings(settings) + (() if only_look else unpriced(settings)),
        last_bill=last_bill,
        meter=house.meter,
        attestor=open_attestor(house, redactor),
        ci=house.ci,
        shelf=house.shelf,
    )


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
