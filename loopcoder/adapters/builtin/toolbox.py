"""The tools' side outside: one sandboxed process for all calls of a run, and a pipe each way.

The process is hostile like any other: its answers are text of bounded size, and when it does not
answer in time, it is ended with all that it started and a new one is begun for the next call.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from loopcoder.adapters.builtin import toolbox_program
from loopcoder.adapters.sandbox.choice import Job, Mount, Sandbox
from loopcoder.adapters.sandbox.process import supervise
from loopcoder.adapters.sandbox.watch import Cause, Finished, Watch
from loopcoder.adapters.scratch import remove_tree
from loopcoder.domain.diagnostic import LoopcoderError

_PLACE = "/run/loopcoder"
_ANSWER = 1 << 20
_SLOW_S = 10.0  # beyond a tool's own time: a loaded machine, a new sandbox
_LOOK_S = 0.2
_EVER_S = 30 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tool had to say. `failed` marks it as an error for the model."""

    text: str
    failed: bool = False


class NoToolbox(Exception):
    """There is no place where tools could be used: the machine's fault. The text says why."""


@dataclass
class Toolbox:
    """Opens its sandbox with the first call; used by one thread, closed by `with`.

    `folder` is ours, for the pipes and the process's log. Without `writable` the tree cannot be
    changed.
    """

    sandbox: Sandbox
    tree: Path
    folder: Path
    readable: tuple[Path, ...] = ()
    writable: bool = True
    env: Mapping[str, str] = field(default_factory=dict)
    _open: _Process | None = None
    _opened: int = 0

    def __enter__(self) -> Toolbox:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def use(self, request: Mapping[str, Any], timeout_s: float, stop: threading.Event) -> Answer:
        """Have one tool used, within `timeout_s` seconds and some grace. Raises NoToolbox."""
        if self._open is None:
            self._opened += 1
            self._open = _Process(self._job, self.sandbox, self.folder / str(self._opened))
        line = self._open.exchange(request, timeout_s + _SLOW_S, stop)
        try:
            if line is not None:
                said = json.loads(line)
                return Answer(str(said["text"]), bool(said["failed"]))
        except (ValueError, LookupError, TypeError):
            pass
        return Answer(f"The tool did not answer. {self._end()}", failed=True)

    def _job(self, folder: Path) -> Job:
        program = Mount(Path(toolbox_program.__file__), f"{_PLACE}/toolbox.py")
        pipes = Mount(folder, f"{_PLACE}/pipes", writable=True)
        inside = self.sandbox.inside(pipes)
        python = str(Path(sys.executable).resolve())
        argv = (python, "-I", "-S", self.sandbox.inside(program))
        return Job(
            (*argv, f"{inside}/requests", f"{inside}/answers"),
            self.tree,
            self.env,
            (self.tree,) if self.writable else (),
            (*self.readable, Path(sys.base_prefix).resolve()),
            (program, pipes),
        )

    def close(self) -> None:
        with contextlib.suppress(NoToolbox):
            self._end()

    def _end(self) -> str:
        """End the process with all that it started, and say why it had ended itself."""
        if self._open is None:
            return ""
        process, self._open = self._open, None
        finished = process.close()
        if finished.cause is Cause.NOT_STARTED:
            raise NoToolbox(f"The tools could not be started: {finished.reason}")
        if finished.cause is Cause.STOPPED:
            return "It was ended."
        last = finished.tail.strip().rsplit("\n", 1)[-1][:300]
        return finished.reason or f"Its process ended with exit code {finished.exit_code}. {last}"


class _Process:
    """A running toolbox: a thread that supervises it, and our ends of its pipes."""

    def __init__(self, job: Any, sandbox: Sandbox, folder: Path) -> None:
        pipes = folder / "pipes"
        remove_tree(pipes)
        pipes.mkdir(parents=True)
        self._folder, self._stop = folder, threading.Event()
        self._finished = Finished(Cause.NOT_STARTED, None, 0.0, "", "It did not begin.")
        for name in ("requests", "answers"):
            os.mkfifo(pipes / name, 0o600)
        # Both ways, so that opening does not wait for the other side.
        self._requests = os.open(pipes / "requests", os.O_RDWR | os.O_NONBLOCK)
        self._answers = os.open(pipes / "answers", os.O_RDWR | os.O_NONBLOCK)
        self._rest = b""
        arguments = (sandbox, job(pipes))
        self._thread = threading.Thread(target=self._run, args=arguments, name="toolbox")
        self._thread.start()

    def _run(self, sandbox: Sandbox, job: Job) -> None:
        watch = Watch(_EVER_S, stop=self._stop, grace_s=0.0)
        try:
            with sandbox.wrap(job) as launch:
                self._finished = supervise(launch, watch, self._folder / "output.log")
        except (OSError, LoopcoderError) as error:
            self._finished = Finished(Cause.NOT_STARTED, None, 0.0, "", str(error))

    def exchange(
        self, request: Mapping[str, Any], seconds: float, stop: threading.Event
    ) -> bytes | None:
        """The answer's line; None when there is none in time, or it is longer than it may be."""
        deadline = time.monotonic() + seconds
        out = memoryview(json.dumps(request).encode() + b"\n")
        while self._thread.is_alive() and not stop.is_set() and time.monotonic() < deadline:
            if b"\n" in self._rest:
                line, _, self._rest = self._rest.partition(b"\n")
                return line
            if len(self._rest) > _ANSWER:
                return None
            out = out[self._serve(out) :]
        return None

    def _serve(self, out: memoryview) -> int:
        """Wait a little for either pipe; returns how much of `out` was written."""
        poller = select.poll()
        poller.register(self._answers, select.POLLIN)
        if out:
            poller.register(self._requests, select.POLLOUT)
        written = 0
        for handle, _ in poller.poll(_LOOK_S * 1000):
            with contextlib.suppress(BlockingIOError):
                if handle == self._answers:
                    self._rest += os.read(handle, 1 << 16)
                else:
                    written = os.write(handle, out[: 1 << 16])
        return written

    def close(self) -> Finished:
        self._stop.set()
        self._thread.join()
        os.close(self._requests)
        os.close(self._answers)
        remove_tree(self._folder / "pipes")
        return self._finished
