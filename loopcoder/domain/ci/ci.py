"""What a CI reported about a commit, and what of it a pull request has to answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

PATIENCE = timedelta(hours=1)
"""How long a check that runs makes red ones wait, so that one fix-up can answer them all."""


class CheckState(StrEnum):
    """`other` asks for no change of ours: skipped, cancelled, or a person is asked."""

    PENDING = "pending"
    GREEN = "green"
    RED = "red"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class CheckRun:
    """One report about one commit.

    `id` is unique among the reports of a host. Reports of one `series` are the same check, run
    again. `summary` is what the reporter says itself; `log` names the log to read, empty when the
    host keeps none.
    """

    id: str
    name: str
    commit: str
    state: CheckState
    at: datetime
    series: str = ""
    summary: str = ""
    url: str = ""
    log: str = ""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What counts of the reports about one commit.

    `red` asks for a change; `pending` may still turn red; `flaky` is red now and was green on
    this very commit before, so that running it again is a person's choice and no change is asked.
    """

    red: tuple[CheckRun, ...] = ()
    pending: tuple[CheckRun, ...] = ()
    flaky: tuple[CheckRun, ...] = ()


NO_VERDICTS = Verdicts()


@dataclass(frozen=True, slots=True)
class FailedCheck:
    """A red check as a worker is told of it; `log` is an excerpt."""

    name: str
    log: str


def judge_checks(runs: Sequence[CheckRun], required: frozenset[str], now: datetime) -> Verdicts:
    """Sort the newest report of each check. Where nothing is `required` by name, all count."""
    red: list[CheckRun] = []
    pending: list[CheckRun] = []
    flaky: list[CheckRun] = []
    for series in _by_series(run for run in runs if not required or run.name in required):
        newest = series[-1]
        if newest.state is CheckState.PENDING and now - newest.at < PATIENCE:
            pending.append(newest)
        elif newest.state is CheckState.RED:
            was_green = any(run.state is CheckState.GREEN for run in series)
            (flaky if was_green else red).append(newest)
    return Verdicts(tuple(red), tuple(pending), tuple(flaky))


def _by_series(runs: Iterable[CheckRun]) -> list[list[CheckRun]]:
    """The reports of each check, oldest first; checks by name."""
    found: dict[tuple[str, str], list[CheckRun]] = {}
    for run in sorted(runs, key=lambda run: (run.at, len(run.id), run.id)):
        found.setdefault((run.name, run.series), []).append(run)
    return [found[key] for key in sorted(found)]
