"""What a job has where it has no access at all: any use is an error that says so."""

from __future__ import annotations

from typing import Any, cast

from loopcoder.domain.diagnostic import Unavailable
from loopcoder.ports.code_host import CodeHost
from loopcoder.ports.commands import CommandRunner
from loopcoder.ports.tracker import Tracker


def no_tracker() -> Tracker:
    return cast(Tracker, _Absent("the tracker"))


def no_code_host() -> CodeHost:
    return cast(CodeHost, _Absent("the code host"))


def no_commands() -> CommandRunner:
    """For the job that holds the token which writes: it starts no program of the repository."""
    return cast(CommandRunner, _Absent("anything that is executed"))


class _Absent:
    def __init__(self, what: str) -> None:
        self._what = what

    def __getattr__(self, name: str) -> Any:
        raise Unavailable(f"this job has no access to {self._what} (it asked for {name}).")
