"""One command against the test server with something going wrong, and the next one without.

The clock is the machine's plus a number that all share: waiting adds to it, so lag, limits and
pauses are as long as on GitHub and take no time.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from loopcoder.domain.issues.issue import Issue
from loopcoder.domain.journal.event import Entry, Released
from loopcoder.entrypoints.running.inspection import inspect
from loopcoder.entrypoints.wiring.bootstrap import open_house
from tests.github_server.world import BOT, TOKEN, Github
from tests.support import crashing
from tests.support.project import Project

DOUBT_S = 100.0
"""Between the two commands: longer than an issue whose filing is in doubt may be missing from the
list (`github.list_lag`)."""

DASHBOARD = "<!-- loopcoder:dashboard"

COME_BACK_S = 1000.0
"""The same where the first met a limit or a lag: longer than any of them."""


@dataclass
class Faulty:
    """A project, its server and their clock."""

    folder: Path
    template: Project
    ahead: Any = field(default_factory=crashing.shared_seconds)
    project: Project = field(init=False)
    github: Github = field(init=False)

    def __post_init__(self) -> None:
        self.project = Project(self.folder)
        shutil.copytree(self.template.root, self.project.root, symlinks=True)
        self.github = Github.start(self.folder / "github", seed=self.project.root, now=self._now)
        address = f"{self.github.server.url}/{self.github.full_name}.git"
        self.project.git("remote", "add", "origin", address)
        self.project.env |= {"GITHUB_API_URL": self.github.api_url, "GITHUB_TOKEN": TOKEN[BOT]}
        self.project.env["CRASH_LOG"] = str(self.folder / "said")
        for name in ("GITHUB_REPOSITORY", "GITHUB_SERVER_URL", "GH_TOKEN"):
            self.project.env[name] = ""

    def _now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.ahead.value)

    def run(self, verb: str, begun: Callable[[int], object] = lambda pid: None) -> int:
        code, _ = crashing.run(
            self.project.root, [verb], self.project.environment, ahead=self.ahead, begun=begun
        )
        return code

    def calm(self, wait_s: float) -> None:
        """The trouble is over, the token is renewed, and some time went by."""
        self.github.hub.faults.clear()
        account = self.github.hub.account(BOT)
        assert account is not None
        if TOKEN[BOT] not in self.github.hub.tokens:
            self.github.hub.add_token(account, TOKEN[BOT])
        self.ahead.value += wait_s

    def record_elsewhere(self) -> None:
        """Another clone records something harmless in the shared journal."""
        place = self.folder / "elsewhere"
        if not place.exists():
            shutil.copytree(self.template.root, place, symlinks=True)
            other = Project(self.folder)
            other.git("-C", str(place), "remote", "add", "origin", self._address)
        house = open_house(place, from_base=True, environ=self.project.environment)
        house.journal.record(Entry(Released("ben"), principal="person:ben"))
        house.journal.flush()
        house.journal.close()

    @property
    def _address(self) -> str:
        return f"{self.github.server.url}/{self.github.full_name}.git"

    def world(self) -> dict[str, Any]:
        """Everything a person could count."""
        house = open_house(self.project.root, from_base=True, environ=self.project.environment)
        look = inspect(house)
        history = look.snapshot.history
        people = self.github.person("ana")
        found = {
            "issues": _issues(people.tracker.list_issues()),
            "comments": {
                i.title: len(people.tracker.list_comments(i.number))
                for i in people.tracker.list_issues()
            },
            "pulls": sorted(
                (p.branch, p.state.value, p.title) for p in house.code_host.list_pulls()
            ),
            "branches": self._branches(),
            "states": {view.id: look.section_of(view) for view in look.snapshot.units},
            "attempts": {
                view.id: [
                    (a.number, a.finished and (a.finished.outcome, a.finished.strike))
                    for a in view.record.attempts
                ]
                for view in look.snapshot.units
            },
            "left open": [event.fact for event in history.open_effects.values()],
            "unsettled": [spend for spend in history.spend.values() if not spend.settled],
        }
        house.journal.close()
        return found

    def _branches(self) -> dict[str, tuple[str, int]]:
        git = self.github.git.git
        names = git("for-each-ref", "--format=%(refname:short)", "refs/heads").split()
        return {
            name: (
                git("rev-parse", f"{name}^{{tree}}").strip(),
                int(git("rev-list", "--count", f"main..{name}").strip()),
            )
            for name in names
        }

    def said(self) -> str:
        """What the commands printed so far, and the requests that reached the server."""
        asked = (f"{each.method} {each.path} {each.status}" for each in self.github.requests())
        return "\n".join([(self.folder / "said").read_text("utf-8"), *asked])

    def close(self) -> None:
        self.github.close()
        violations = self.github.violations()
        shutil.rmtree(self.folder, ignore_errors=True)
        assert not violations, violations


def _issues(issues: Sequence[Issue]) -> list[tuple[str, str, tuple[str, ...], str]]:
    """By title, for numbers follow the order in which they were filed."""
    titles = {f"blocked-by:#{issue.number}": f"after {issue.title}" for issue in issues}
    return sorted(
        (
            issue.title,
            str(issue.state),
            tuple(sorted(titles.get(label, label) for label in issue.labels)),
            "" if DASHBOARD in issue.body else issue.body,  # it tells when something was done
        )
        for issue in issues
    )


# --- what goes wrong --------------------------------------------------------------------------

Disturb = Callable[[Faulty, random.Random, int], Callable[[int], object]]
"""Orders the trouble for a command that makes about so many requests; what it returns is told
the process."""


def _nobody(pid: int) -> None:
    pass


def _killed(after: bool) -> Disturb:
    def order(faulty: Faulty, rng: random.Random, requests: int) -> Callable[[int], object]:
        victim: list[int] = []

        def kill() -> None:
            os.killpg(victim[0], signal.SIGKILL)

        faulty.github.call("*", kill, after=after, skip=rng.randrange(requests))
        return victim.append

    return order


def _plain(order: Callable[[Faulty, random.Random, int], object]) -> Disturb:
    def ordered(faulty: Faulty, rng: random.Random, requests: int) -> Callable[[int], object]:
        order(faulty, rng, requests)
        return _nobody

    return ordered


def _lost(faulty: Faulty, rng: random.Random, requests: int) -> None:
    after = rng.choice(("cut", "truncate"))
    getattr(faulty.github, after)(
        "write",
        skip=rng.randrange(max(requests // 2, 1)),
        **({"after": True} if after == "cut" else {}),
    )


def _refused(faulty: Faulty, rng: random.Random, requests: int) -> None:
    faulty.github.fail(
        rng.choice(("*", "write", "read")),
        status=rng.choice((500, 502, 503)),
        times=rng.randint(1, 4),
        after=rng.random() < 0.5,
        skip=rng.randrange(requests),
    )


def _limited(faulty: Faulty, rng: random.Random, requests: int) -> None:
    how: dict[str, int | None] = rng.choice(
        ({}, {"retry_after": 1}, {"retry_after": 60}, {"reset_in": 30}, {"reset_in": 700})
    )
    faulty.github.refuse(
        rng.choice(("*", "issues/*", "pulls/*", "write")),
        status=rng.choice((403, 429)),
        times=rng.randint(1, 3),
        skip=rng.randrange(requests),
        **how,
    )


def _graphql(faulty: Faulty, rng: random.Random, requests: int) -> None:
    faulty.github.fail_graphql(times=rng.randint(1, 6))


def _expired(faulty: Faulty, rng: random.Random, requests: int) -> None:
    def expire() -> None:
        faulty.github.hub.tokens.pop(TOKEN[BOT], None)

    faulty.github.call("*", expire, skip=rng.randrange(requests))


def _competing(faulty: Faulty, rng: random.Random, requests: int) -> None:
    faulty.github.call(
        "git/receive-pack", faulty.record_elsewhere, skip=rng.randrange(max(requests // 8, 1))
    )


def _lagging(faulty: Faulty, rng: random.Random, requests: int) -> Callable[[int], object]:
    faulty.github.lag(rng.uniform(1, 30), gets=rng.random() < 0.5)
    if rng.random() < 0.5:
        return _killed(rng.random() < 0.5)(faulty, rng, requests)
    _lost(faulty, rng, requests)
    return _nobody


KINDS: Mapping[str, Disturb] = {
    "killed before a request": _killed(after=False),
    "killed after a request": _killed(after=True),
    "answer lost after the write": _plain(_lost),
    "500, 502, 503": _plain(_refused),
    "403, 429": _plain(_limited),
    "GraphQL 200 with errors": _plain(_graphql),
    "token expires": _plain(_expired),
    "competing journal update": _plain(_competing),
    "list lag up to 30 s": _lagging,
}

_PATIENT = {"403, 429", "list lag up to 30 s"}


def disturbed(faulty: Faulty, verb: str, kind: str, seed: int, requests: int) -> int:
    """Run the command with the trouble, and let that be over; the command's exit code."""
    rng = random.Random(seed)
    begun = KINDS[kind](faulty, rng, requests)
    code = faulty.run(verb, begun)
    faulty.calm(COME_BACK_S if kind in _PATIENT else DOUBT_S)
    return code
