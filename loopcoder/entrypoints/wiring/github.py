"""GitHub, wired from the configuration and the environment. Loaded only where it is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from loopcoder.adapters.git.repository import Repository
from loopcoder.adapters.github.address import (
    PUBLIC_API,
    Address,
    address_of,
    is_name,
    repository_of_remote,
    server_of,
)
from loopcoder.adapters.github.credentials import Credentials
from loopcoder.domain.diagnostic import ConfigurationError
from loopcoder.domain.settings import Settings
from loopcoder.entrypoints.wiring.telling_clock import TellingClock
from loopcoder.ports.clock import Clock

if TYPE_CHECKING:
    from loopcoder.adapters.github.ci import GitHubCi
    from loopcoder.adapters.github.code_host import GitHubCodeHost
    from loopcoder.adapters.github.remote import Remote
    from loopcoder.adapters.github.scan import Scan
    from loopcoder.adapters.github.session import Session
    from loopcoder.adapters.github.tracker import GitHubTracker
    from loopcoder.adapters.journal.git_ref import GitRefJournal


_FRESH_S = 20.0
"""How long a look is good for: longer than planning and deciding take with 10,000 issues, so that
an idle tick looks once."""


@dataclass(frozen=True, slots=True)
class GitHub:
    """One repository on GitHub, for one process. Tracker and code host share what they see."""

    address: Address
    session: Session
    tracker: GitHubTracker
    code_host: GitHubCodeHost
    ci: GitHubCi
    remote: Remote
    scan: Scan

    def expire(self) -> None:
        """What was seen of issues, pull requests and branches is older than what others did."""
        self.scan.expire()
        self.remote.expire()


def open_github(
    settings: Settings,
    repository: Repository,
    state_dir: Path,
    environ: Mapping[str, str],
    clock: Clock,
) -> GitHub:
    """Everything for `tracker: github`; nothing is asked before it is used.

    Raises ConfigurationError when nobody says which repository it is, or no token is set.
    """
    from loopcoder.adapters.github.ci import GitHubCi
    from loopcoder.adapters.github.code_host import GitHubCodeHost
    from loopcoder.adapters.github.limits import Manners, Pace
    from loopcoder.adapters.github.remote import Remote
    from loopcoder.adapters.github.scan import Scan
    from loopcoder.adapters.github.session import Session
    from loopcoder.adapters.github.state import State
    from loopcoder.adapters.github.tracker import GitHubTracker
    from loopcoder.adapters.github.wire import Wire

    name = settings.repository
    if not name:
        raise ConfigurationError(
            f"`tracker: github` is configured, but no remote named origin points to "
            f"{_site(environ)}.",
            "Write `repository: owner/name` in loopcoder.yml.",
        )
    api, server = environ.get("GITHUB_API_URL", ""), environ.get("GITHUB_SERVER_URL", "")
    address = address_of(name, api, server)
    credentials = credentials_of(environ)
    state = State(state_dir / "github.db", f"{address.api} {name.lower()}")
    manners = Manners(Pace(gap_s=settings.github.write_pause_s))
    patient = TellingClock(clock, "GitHub")
    session = Session(Wire(address.api, credentials, name), name, state, patient, manners)
    scan = Scan(session, fresh_s=_FRESH_S)
    remote = Remote(repository.git, address.git, session.token, clock)
    host = GitHubCodeHost(session, scan, remote, repository.git, settings.base)
    tracker, ci = GitHubTracker(session, scan), GitHubCi(session)
    return GitHub(address, session, tracker, host, ci, remote, scan)


def open_shared_journal(
    github: GitHub, repository: Repository, clock: Clock, *, read_only: bool
) -> GitRefJournal:
    """The journal under a ref of the repository on GitHub; this clone keeps a copy of it."""
    from loopcoder.adapters.journal.git_ref import REF, GitRefJournal
    from loopcoder.adapters.journal.ref_store import RefStore

    address, place = github.address, repository.state_dir
    store = RefStore(
        folder=place / "journal.git",
        remote="GitHub",
        url=lambda: address.git,
        ref=REF,
        environment=github.remote.environment,
        object_format=repository.object_format,
    )
    copy = place / "shared-journal.db"
    return GitRefJournal(copy, store, clock, read_only=read_only, on_news=github.expire)


def repository_name(remote: str, environ: Mapping[str, str]) -> str:
    """`owner/name`, as GitHub Actions gives it or as the origin remote's address says it; empty
    where neither does."""
    given = environ.get("GITHUB_REPOSITORY", "")
    return given if is_name(given) else repository_of_remote(remote, _site(environ))


def _site(environ: Mapping[str, str]) -> str:
    api = environ.get("GITHUB_API_URL") or PUBLIC_API
    return environ.get("GITHUB_SERVER_URL") or server_of(api)


def has_token(environ: Mapping[str, str]) -> bool:
    """Whether anything is set to speak to GitHub with."""
    names = ("GITHUB_TOKEN", "GH_TOKEN", "LOOPCODER_APP_ID")
    return any(environ.get(name) for name in names)


def credentials_of(environ: Mapping[str, str]) -> Credentials:
    """An App's key where there is one, else a token."""
    credentials = Credentials(
        token=environ.get("GITHUB_TOKEN") or environ.get("GH_TOKEN") or "",
        app_id=environ.get("LOOPCODER_APP_ID", ""),
        private_key=_private_key(environ.get("LOOPCODER_APP_PRIVATE_KEY", "")),
        installation=_installation(environ.get("LOOPCODER_APP_INSTALLATION_ID", "")),
    )
    if not credentials.is_usable:
        raise ConfigurationError(
            "`tracker: github` is configured, but there is no token.",
            "Set GITHUB_TOKEN (or GH_TOKEN, or LOOPCODER_APP_ID and LOOPCODER_APP_PRIVATE_KEY).",
        )
    return credentials


def _private_key(given: str) -> str:
    """The PEM itself, or the path of a file that holds it."""
    if not given or "-----BEGIN" in given:
        return given.replace("\\n", "\n")
    try:
        return Path(given).expanduser().read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            "LOOPCODER_APP_PRIVATE_KEY is neither a PEM key nor a file that can be read.",
            "Set it to the key that GitHub made for the App, or to the path of its file.",
        ) from error


def _installation(given: str) -> int | None:
    if not given:
        return None
    if not given.isdecimal():
        raise ConfigurationError("LOOPCODER_APP_INSTALLATION_ID is not a number.")
    return int(given)
