"""One call that runs something in a sandbox and says how it ended."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import pytest

from loopcoder.adapters.sandbox.choice import Job, Mount, Sandbox
from loopcoder.adapters.sandbox.launch import Limits
from loopcoder.adapters.sandbox.output import Keep
from loopcoder.adapters.sandbox.process import supervise
from loopcoder.adapters.sandbox.watch import Finished, Watch
from loopcoder.domain.guard.reach import NOTHING, Reach


class Run(Protocol):
    def __call__(
        self, sandbox: Sandbox, what: str | tuple[str, ...], **options: Any
    ) -> Finished: ...


@pytest.fixture
def run(workspace: Path, tmp_path: Path, interpreter_home: Path) -> Run:
    def call(
        sandbox: Sandbox,
        what: str | tuple[str, ...],
        *,
        env: Mapping[str, str] | None = None,
        writable: tuple[Path, ...] | None = None,
        read_only: tuple[Path, ...] = (),
        mounts: tuple[Mount, ...] = (),
        network: Reach = NOTHING,
        limits: Limits | None = None,
        timeout_s: float = 60.0,
        stall_s: float | None = None,
        changed_since: Callable[[float], bool] | None = None,
        stop: threading.Event | None = None,
        on_line: Callable[[str], None] | None = None,
        keep: Keep | None = None,
        grace_s: float = 0.3,
        stdin: bytes = b"",
        log: Path | None = None,
        cwd: Path | None = None,
    ) -> Finished:
        argv = ("/bin/sh", "-c", what) if isinstance(what, str) else what
        folder = cwd or workspace
        job = Job(
            argv,
            folder,
            env or {},
            (folder,) if writable is None else writable,
            (interpreter_home, *read_only),
            mounts,
            network=network,
            limits=limits,
        )
        watch = Watch(
            timeout_s, stall_s, changed_since, stop, on_line, keep or Keep(), grace_s=grace_s
        )
        with sandbox.wrap(job) as launch:
            return supervise(launch, watch, log or tmp_path / "run.log", stdin)

    return call
