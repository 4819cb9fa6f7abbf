"""Everything the engine is given: the ports, the settings, and who we are."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from loopcoder.domain.diagnostic import ConfigurationError
from loopcoder.domain.issues.issue import Actor
from loopcoder.domain.journal.event import Holder
from loopcoder.domain.settings import Settings
from loopcoder.ports.attestor import Attestor
from loopcoder.ports.ci import ContinuousIntegration, NoChecks
from loopcoder.ports.clock import Clock
from loopcoder.ports.code_host import CodeHost
from loopcoder.ports.commands import CommandRunner
from loopcoder.ports.journal import Journal
from loopcoder.ports.landing import LandingStrip
from loopcoder.ports.listener import SilentListener, TickListener
from loopcoder.ports.meter import ApiMeter
from loopcoder.ports.planner import Planner
from loopcoder.ports.reviewer import Reviewer
from loopcoder.ports.secrets import SecretScanner
from loopcoder.ports.setup_cache import NoSetupCache, SetupCache
from loopcoder.ports.shelf import Shelf
from loopcoder.ports.tracker import Tracker
from loopcoder.ports.worker import Usage, Worker
from loopcoder.ports.workspace import Workspaces


def _no_planner() -> Planner:
    raise ConfigurationError("No planner is configured.", "Add `planner:` to loopcoder.yml.")


@dataclass(frozen=True, slots=True)
class Services:
    """`is_alive` tells whether a claim's process still runs; `end_leftovers` ends processes that
    a dead run recorded in an outbox. `base_file` is a file of the base branch, where agents'
    programs are taken from, None when it has no such file. `runs` is the folder artifacts
    are kept in. `stop` is set when everything must end at the next safe point. `meter` counts
    requests, where the tracker is asked over a network. `attestor` is None where nothing is
    attested. `shelf` keeps commits for other machines, where there are others. `last_bill` tells
    from an attempt's papers what a run (`work` or `review`) had used when its process died, where
    that is known."""

    settings: Settings
    tracker: Tracker
    code_host: CodeHost
    journal: Journal
    workspaces: Workspaces
    commands: CommandRunner
    worker: Callable[[str], Worker]
    reviewer: Callable[[str], Reviewer]
    scanner: SecretScanner
    landing: LandingStrip | None
    clock: Clock
    runs: Path
    holder: Holder
    is_alive: Callable[[Holder], bool]
    end_leftovers: Callable[[Path], None] = lambda outbox: None
    base_file: Callable[[str], str | None] = lambda path: None
    listener: TickListener = field(default_factory=SilentListener)
    stop: threading.Event = field(default_factory=threading.Event)
    warnings: tuple[str, ...] = ()
    meter: ApiMeter | None = None
    ci: ContinuousIntegration = field(default_factory=NoChecks)
    attestor: Attestor | None = None
    shelf: Shelf | None = None
    setup_cache: SetupCache = field(default_factory=NoSetupCache)
    last_bill: Callable[[Path, str], Usage | None] = lambda papers, purpose: None
    link: str = ""
    planner: Callable[[], Planner] = _no_planner

    def may_speak(self, actor: Actor) -> bool:
        """Whether what this account says is a word that counts; asked by number, never by name."""
        return actor.id in self.settings.trusted_ids or self.tracker.permission(actor).may_write
