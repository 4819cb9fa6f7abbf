"""Running a real command in a process of its own that is killed at a chosen boundary.

A boundary is the moment just before or just after a write: every append to the journal, every
verb that writes to the tracker, the code host or a workspace, every run of an agent. The process
gets SIGKILL there, so nothing of ours can tidy up. Processes are forked from a server that has
loopcoder imported, which is what makes a thousand of them affordable.
"""

from __future__ import annotations

import functools
import itertools
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(
    [
        "loopcoder.entrypoints.cli.tick",
        "loopcoder.entrypoints.cli.compile",
        "loopcoder.adapters.local.tracker",
        "loopcoder.adapters.local.code_host",
        "loopcoder.adapters.git.workspace",
        "loopcoder.adapters.journal.git_ref",
        "loopcoder.adapters.journal.sqlite",
        "loopcoder.adapters.agents.scripted",
        "loopcoder.adapters.commands",
        "loopcoder.engine.attempt.context",
        "detect_secrets",
    ]
)

NEVER = -1


def run(
    cwd: Path,
    args: Sequence[str],
    env: Mapping[str, str],
    kill_at: int = NEVER,
    *,
    ahead: Any = None,
    begun: Callable[[int], object] = lambda pid: None,
) -> tuple[int, int]:
    """Run `loopcoder ARGS` and return its exit code (-9 when killed) and the boundaries it met.

    `ahead` is a shared number of seconds by which its clock is ahead of this machine's; waiting
    only adds to it. `begun` is told the process before the command starts.
    """
    met = CONTEXT.Value("i", 0)
    gate = CONTEXT.Event()
    given = (str(cwd), list(args), dict(env), kill_at, met, ahead, gate)
    child = CONTEXT.Process(target=_child, args=given)
    child.start()
    assert child.pid is not None
    begun(child.pid)
    gate.set()
    child.join(240)
    assert child.exitcode is not None, "the command hangs"
    return child.exitcode, met.value


def shared_seconds() -> Any:
    """A number of seconds that processes share, for `ahead`."""
    return CONTEXT.Value("d", 0.0)


def run_and_kill_after(cwd: Path, args: Sequence[str], env: Mapping[str, str], delay: float) -> int:
    """Run a command and kill it after so many seconds, wherever it is."""
    met = CONTEXT.Value("i", 0)
    child = CONTEXT.Process(target=_child, args=(str(cwd), list(args), dict(env), NEVER, met))
    child.start()
    child.join(delay)
    if child.exitcode is None:
        child.kill()
        child.join()
    assert child.exitcode is not None
    return child.exitcode


def _child(
    cwd: str,
    args: list[str],
    env: dict[str, str],
    kill_at: int,
    met: Any,
    ahead: Any = None,
    gate: Any = None,
) -> None:
    os.setsid()
    if gate is not None:
        gate.wait()
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    quiet = os.open(env.get("CRASH_LOG", os.devnull), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    sys.argv = ["loopcoder", *args]
    _install(kill_at, met)
    if ahead is not None:
        _set_ahead(ahead)
    from loopcoder.entrypoints.cli.main import main

    main()


def _install(kill_at: int, met: Any) -> None:
    lock = threading.Lock()
    numbers = itertools.count()

    def boundary() -> None:
        with lock:
            number = next(numbers)
            met.value = number + 1
            if number == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

    for owner, names in _writers():
        for name in names:
            bracket(owner, name, boundary)


def _set_ahead(ahead: Any) -> None:
    """Waiting takes no time, and everybody who shares the number sees it pass."""
    from loopcoder.adapters.clock import SystemClock

    def now(self: SystemClock) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=ahead.value)

    def sleep(self: SystemClock, seconds: float) -> None:
        with ahead.get_lock():
            ahead.value += seconds

    setattr(SystemClock, "now", now)  # noqa: B010
    setattr(SystemClock, "sleep", sleep)  # noqa: B010


def bracket(owner: type, name: str, boundary: Callable[[], None]) -> None:
    """Have a boundary before and after every call of a method."""
    inner = getattr(owner, name)

    @functools.wraps(inner)
    def call(*args: Any, **kwargs: Any) -> Any:
        boundary()
        result = inner(*args, **kwargs)
        boundary()
        return result

    setattr(owner, name, call)


def _writers() -> list[tuple[type, list[str]]]:
    from loopcoder.adapters.agents.command import CommandReviewer, CommandWorker
    from loopcoder.adapters.git.workspace import GitWorkspaces
    from loopcoder.adapters.journal.sqlite import SqliteJournal
    from loopcoder.adapters.local.code_host import LocalCodeHost
    from loopcoder.adapters.local.tracker import LocalTracker

    return [
        (SqliteJournal, ["record", "transact"]),
        (
            LocalTracker,
            [
                "create_issue",
                "update_issue",
                "close_issue",
                "reopen_issue",
                "add_label",
                "remove_label",
                "create_comment",
                "update_comment",
            ],
        ),
        (LocalCodeHost, ["push_branch", "create_pull", "update_pull"]),
        (GitWorkspaces, ["open", "collect", "commit", "checkout", "combine"]),
        (CommandWorker, ["run"]),
        (CommandReviewer, ["review"]),
    ]
