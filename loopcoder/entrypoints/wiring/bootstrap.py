"""The composition root: the one place that knows which adapters stand behind the ports.

Nothing is opened before it is used, so that a verb pays only for what it needs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from loopcoder.domain.diagnostic import ConfigurationError, LoopcoderError
from loopcoder.domain.issues.issue import BOT, Actor
from loopcoder.entrypoints.agents.builtin import with_default_worker
from loopcoder.entrypoints.wiring.folders import user_cache, user_home

if TYPE_CHECKING:
    from loopcoder.adapters.git.repository import Repository
    from loopcoder.adapters.git.workspace import GitWorkspaces
    from loopcoder.adapters.journal.git_ref import GitRefJournal
    from loopcoder.adapters.journal.sqlite import SqliteJournal
    from loopcoder.adapters.local.merging import PullDesk
    from loopcoder.adapters.local.tracker import LocalTracker
    from loopcoder.adapters.sandbox.choice import Sandbox
    from loopcoder.adapters.sandbox.launch import Limits
    from loopcoder.domain.settings import Settings
    from loopcoder.entrypoints.agents.kinds import Agents
    from loopcoder.entrypoints.config.source import ConfigSource
    from loopcoder.entrypoints.wiring.github import GitHub
    from loopcoder.ports.ci import ContinuousIntegration
    from loopcoder.ports.clock import Clock
    from loopcoder.ports.code_host import CodeHost
    from loopcoder.ports.commands import CommandRunner
    from loopcoder.ports.meter import ApiMeter
    from loopcoder.ports.setup_cache import SetupCache
    from loopcoder.ports.shelf import Shelf
    from loopcoder.ports.tracker import Tracker


def open_house(
    directory: Path,
    config: Path | None = None,
    *,
    from_base: bool,
    defaults: bool = False,
    environ: Mapping[str, str] | None = None,
) -> House:
    """Everything a verb needs for the repository around `directory`.

    `from_base` takes the configuration from the base commit, as everything that dispatches must;
    otherwise the file in the working tree counts. `defaults` allows that there is none, nor any
    commit yet. Errors appear when a part is first used.
    """
    known = dict(os.environ if environ is None else environ)
    return House(directory, config, from_base, known, defaults)


@dataclass(frozen=True)
class House:
    """Adapters, wired on first use. `directory` is anywhere inside the user's repository."""

    directory: Path
    config: Path | None
    from_base: bool
    environ: Mapping[str, str]
    defaults: bool = False
    pinned: str = ""

    # --- where we are

    @cached_property
    def repository(self) -> Repository:
        from loopcoder.adapters.git.repository import Repository

        if not self.directory.is_dir():
            raise ConfigurationError(f"There is no folder {self.directory}.")
        return Repository.discover(self.directory, unborn=self.defaults)

    @cached_property
    def state_dir(self) -> Path:
        """`<git common dir>/loopcoder`: everything of ours that is kept."""
        path = self.repository.state_dir
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path

    @cached_property
    def runs_dir(self) -> Path:
        path = self.state_dir / "runs"
        path.mkdir(mode=0o700, exist_ok=True)
        return path

    @cached_property
    def cache_dir(self) -> Path:
        """Where this repository's workspaces are: a folder of its own."""
        return user_cache(self.environ) / "loopcoder" / self.repository.key

    @property
    def inside_attempt(self) -> str:
        """The attempt in whose process tree we run, if any. Some verbs are refused there."""
        from loopcoder.adapters.local.attempt_guard import VARIABLE, inherited_attempt

        return self.environ.get(VARIABLE) or inherited_attempt()

    # --- configuration

    @cached_property
    def config_source(self) -> ConfigSource:
        from loopcoder.entrypoints.config.source import ConfigSource

        return ConfigSource(self.repository.root, self.config)

    @cached_property
    def settings(self) -> Settings:
        """The validated configuration; ConfigurationError says what to write or to commit."""
        from loopcoder.domain.settings import Settings

        source = self.config_source
        if self.pinned:
            return self.located(source.from_commit(self.pinned))
        if self.unconfigured:
            return Settings(base=self.repository.current_branch() or "main")
        found = self.located(source.from_base() if self.from_base else source.from_working_tree())
        if self.from_base and found.tracker == "github":
            found = self._as_on_github(found)
        return with_default_worker(found, self.environ)

    def _as_on_github(self, here: Settings) -> Settings:
        """The configuration of the base branch as GitHub has it: the clone's own may be behind,
        and its gates with it, or ahead. Without a token nothing can be dispatched or told."""
        from loopcoder.entrypoints.wiring.github import has_token, open_github

        if not has_token(self.environ) or not here.repository:
            return here
        github = open_github(here, self.repository, self.state_dir, self.environ, self.clock)
        there = self.config_source.from_host(here, github.remote.head)
        if there.tracker != here.tracker:
            raise ConfigurationError(
                f"{there.base} on GitHub says `tracker: {there.tracker}`, and this clone "
                f"`tracker: {here.tracker}`.",
                f"Push the configuration: `git push origin {here.base}`.",
            )
        there = self.located(there)
        wired = there.repository, there.github, there.base
        if wired == (here.repository, here.github, here.base):
            vars(self)["github"] = github  # what it has seen by now need not be asked again
        return there

    def located(self, settings: Settings) -> Settings:
        """The settings with the repository on GitHub, where they do not name it themselves."""
        if settings.tracker != "github" or settings.repository:
            return settings
        from loopcoder.entrypoints.wiring.github import repository_name

        name = repository_name(self.repository.remote_url() or "", self.environ)
        return replace(settings, repository=name)

    @cached_property
    def unconfigured(self) -> bool:
        """Whether the defaults stand in for a missing configuration, as only verbs that dispatch
        nothing allow."""
        return self.defaults and not self.config_source.exists()

    def at(self, commit: str) -> House:
        """The same house, where everything that is obeyed is read from one commit: the base that
        a wave was planned on, wherever the base branch is by now."""
        return replace(self, pinned=commit)

    def with_jobs(self, jobs: int) -> House:
        """The same house, with another number of attempts at the same time."""
        other = replace(self)
        vars(other)["settings"] = replace(self.settings, jobs=jobs)
        return other

    # --- who we are

    @cached_property
    def clock(self) -> Clock:
        from loopcoder.adapters.clock import SystemClock

        return SystemClock()

    @cached_property
    def person(self) -> Actor:
        """The human at the keyboard, known by git's identity: the same one for the same mail."""
        from loopcoder.adapters.local.actors import identify

        return identify(*self.repository.identity())

    # --- where things are kept

    @cached_property
    def journal(self) -> SqliteJournal | GitRefJournal:
        """The journal: this machine's own, or on GitHub the one that all clones share."""
        from loopcoder.adapters.journal.sqlite import SqliteJournal

        if self.shares_journal:
            return self._shared_journal(read_only=False)
        return SqliteJournal(self.state_dir / "journal.db", self.clock)

    @cached_property
    def journal_reader(self) -> SqliteJournal | GitRefJournal:
        """The journal for looking only: nothing is recorded, published, migrated or repaired."""
        from loopcoder.adapters.journal.sqlite import SqliteJournal

        if self.shares_journal:
            return self._shared_journal(read_only=True)
        path = self.repository.state_dir / "journal.db"
        return SqliteJournal(path, self.clock, read_only=True)

    @property
    def shares_journal(self) -> bool:
        """Whether the journal is that of all clones."""
        return self.config_source.exists() and self.on_github

    def _shared_journal(self, *, read_only: bool) -> GitRefJournal:
        from loopcoder.entrypoints.wiring.github import open_shared_journal

        return open_shared_journal(self.github, self.repository, self.clock, read_only=read_only)

    @contextmanager
    def publishing(self) -> Iterator[None]:
        """In the end, publish the facts that a shared journal still keeps here. After an error
        that is tried, too, and does not hide the error; an interrupted process just ends."""
        try:
            yield
        except KeyboardInterrupt:
            raise
        except BaseException:
            with suppress(LoopcoderError):
                self._publish()
            raise
        self._publish()

    def _publish(self) -> None:
        journal: SqliteJournal | GitRefJournal | None = vars(self).get("journal")
        if journal is not None:
            journal.flush()

    @property
    def on_github(self) -> bool:
        return self.settings.tracker == "github"

    @cached_property
    def github(self) -> GitHub:
        """GitHub, for `tracker: github`; nothing is asked before it is used."""
        from loopcoder.entrypoints.wiring.github import open_github

        return open_github(self.settings, self.repository, self.state_dir, self.environ, self.clock)

    @cached_property
    def tracker(self) -> Tracker:
        """The tracker, written to in our own name."""
        return self.github.tracker if self.on_github else self._local_tracker(BOT)

    @cached_property
    def person_tracker(self) -> Tracker:
        """The tracker, written to for the human at the keyboard: on GitHub with their token."""
        return self.github.tracker if self.on_github else self.local_tracker

    @cached_property
    def local_tracker(self) -> LocalTracker:
        """The local tracker, written to in the name of the human at the keyboard."""
        self._refuse_github("issue")
        return self._local_tracker(self.person)

    def _local_tracker(self, actor: Actor) -> LocalTracker:
        from loopcoder.adapters.local.tracker import LocalTracker

        return LocalTracker(self._local_db, actor, self.clock)

    @cached_property
    def code_host(self) -> CodeHost:
        from loopcoder.adapters.local.code_host import LocalCodeHost

        if self.on_github:
            return self.github.code_host
        return LocalCodeHost(self._local_db, self.repository, self.settings.base, BOT, self.clock)

    @property
    def ci(self) -> ContinuousIntegration:
        """What judges pushed commits; on one machine alone nothing does."""
        from loopcoder.ports.ci import NoChecks

        return self.github.ci if self.on_github else NoChecks()

    @property
    def shelf(self) -> Shelf | None:
        """Where commits are kept for other machines, where there are others."""
        from loopcoder.adapters.github.shelf import RemoteShelf

        return RemoteShelf(self.github.remote, self.repository.git) if self.on_github else None

    @property
    def meter(self) -> ApiMeter | None:
        """Counts what is asked over the network, where anything is."""
        return self.github.session if self.on_github else None

    @cached_property
    def desk(self) -> PullDesk:
        """What only a human may do with a pull request."""
        from loopcoder.adapters.local.merging import PullDesk

        self._refuse_github("pr")
        base = self.settings.base
        return PullDesk(self._local_db, self.repository, base, self.person, self.clock)

    @property
    def _local_db(self) -> Path:
        return self.state_dir / "local.db"

    def _refuse_github(self, verb: str) -> None:
        if self.on_github:
            raise ConfigurationError(
                f"`loopcoder {verb}` writes to the local tracker alone.",
                f"This repository's issues and pull requests are on GitHub: use its pages, "
                f"or `gh {verb}`.",
            )

    # --- where work is done

    @cached_property
    def workspaces(self) -> GitWorkspaces:
        """Clones that borrow the user's objects where a sandbox keeps those read-only."""
        from loopcoder.adapters.git.workspace import GitWorkspaces

        self.cache_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        borrow = self.settings.sandbox != "off"
        return GitWorkspaces(self.repository, self.cache_dir, borrow)

    def sweep(self) -> None:
        """Remove what killed processes left: programs that nobody watches, then their folders."""
        from loopcoder.adapters.sandbox.process_tree import end_strays
        from loopcoder.adapters.sandbox.run_mark import folder_mark

        folders = self.workspaces.folders()
        if folders:
            end_strays({folder_mark(folder) for folder in folders})
        self.workspaces.sweep()

    @cached_property
    def sandbox(self) -> Sandbox:
        """What agents and commands are kept in; Unavailable says how to get one."""
        from loopcoder.adapters.sandbox.choice import choose_sandbox

        repository = self.repository
        return choose_sandbox(
            self.settings.sandbox,
            environ=self.environ,
            home=user_home(self.environ),
            readable=tuple(Path(path) for path in self.settings.readable),
            hidden=(repository.root, repository.common_dir, self.cache_dir),
            limits=self.run_limits,
        )

    @cached_property
    def setup_cache(self) -> SetupCache:
        """What setup commands made; nothing is kept where no command asks for it, or where no
        sandbox keeps agents out of it."""
        from loopcoder.adapters.setup_cache import FolderSetupCache
        from loopcoder.ports.setup_cache import NoSetupCache

        settings = self.settings
        if settings.sandbox == "off" or not any(command.cache for command in settings.setup):
            return NoSetupCache()
        path, folder = self.environ.get("PATH", os.defpath), self.cache_dir / "setup"
        return FolderSetupCache(folder, path, self.sandbox.describe())

    @property
    def run_limits(self) -> Limits:
        """The most that one run may use."""
        from loopcoder.adapters.sandbox.launch import Limits

        most = self.settings.resources
        return Limits(most.processes, most.memory, most.file, most.free_disk, most.space)

    @cached_property
    def commands(self) -> CommandRunner:
        from loopcoder.adapters.commands import SandboxedCommands

        return SandboxedCommands(self.sandbox, self.repository.object_stores)

    @cached_property
    def agents(self) -> Agents:
        """Workers and reviewers, by their names in the configuration."""
        from loopcoder.entrypoints.agents.kinds import Agents

        return Agents(
            self.settings, self.repository, self.environ, lambda: self.sandbox, self.pinned
        )

    def check_ready(self) -> None:
        """Raise ConfigurationError unless a tick has all it needs: workers and a reviewer that
        can be started and, on GitHub, a repository and a token."""
        if self.on_github:
            _ = self.github
        self.agents.check()
