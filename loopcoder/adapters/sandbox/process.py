"""Seeing one program through to its end: output, time, signs of life, limits, and its whole tree.

A run is watched by the thread that asked for it, which sleeps in a selector nearly all the time.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import shutil
import subprocess
import time
from pathlib import Path

from loopcoder.adapters.sandbox.folder_size import Room
from loopcoder.adapters.sandbox.launch import Launch, NotStarted, Started, start
from loopcoder.adapters.sandbox.output import Output
from loopcoder.adapters.sandbox.process_tree import ProcessTree, end_strays, tree_of
from loopcoder.adapters.sandbox.run_mark import folder_mark
from loopcoder.adapters.sandbox.watch import Cause, Finished, Watch

_TICK_S = 0.25
_DRAIN_S = 2.0
_CHUNK = 1 << 17
_STOPPED = "It was stopped on request."
_FLOOD = 100  # times the log's cap: no honest program prints that much


def supervise(launch: Launch, watch: Watch, log: Path, stdin: bytes = b"") -> Finished:
    """Run a program to its end. When this returns, nothing of its process tree is left.

    The log gets the output as it comes. Raises OSError when the log cannot be opened; every way
    the program can fail is a value.
    """
    if launch.marker:
        end_strays({folder_mark(launch.cwd)})
    began = time.monotonic()
    with Output(log, watch.keep) as output:
        if watch.stop is not None and watch.stop.is_set():
            return Finished(Cause.STOPPED, None, 0.0, "", _STOPPED)
        try:
            run = _Run(launch, watch, output, stdin)
        except NotStarted as error:
            return Finished(Cause.NOT_STARTED, None, time.monotonic() - began, "", str(error))
        try:
            cause, reason = run.follow()
            run.end(cause)
            cause, exit_code, reason = run.verdict(cause, reason)
        finally:
            run.close()
        seconds = time.monotonic() - began
        refused = launch.way.refused if launch.way is not None else ()
        stdout = bytes(output.stdout)
        return Finished(cause, exit_code, seconds, output.tail(), reason, stdout, refused)


class _Run:
    def __init__(self, launch: Launch, watch: Watch, output: Output, stdin: bytes) -> None:
        self._launch, self._watch, self._output = launch, watch, output
        self._dialogue = watch.dialogue
        self._input = memoryview(self._dialogue.begin() if self._dialogue else stdin)
        self._silent: int | None = None  # our end of its standard input, while we have no word
        self._over_at = 0.0
        self._selector = selectors.DefaultSelector()
        self._pipes: set[int] = set()
        self._began = self._heard = time.monotonic()
        self._checked = 0.0
        self._limits = launch.limits
        self._memory = launch.limits.memory_bytes
        self._room = Room(launch.writable, launch.limits.space)
        self._started = self._open()
        self._tree: ProcessTree = tree_of(launch, self._started)
        self._exit = self._watch_exit()

    def _open(self) -> Started:
        """Start the program with our ends of its pipes in the selector."""
        with contextlib.ExitStack() as theirs:

            def pipe(*, ours_reads: bool) -> tuple[int, int]:
                read, write = os.pipe()
                ours, other = (read, write) if ours_reads else (write, read)
                theirs.callback(os.close, other)
                os.set_blocking(ours, False)
                self._pipes.add(ours)
                return ours, other

            out, out_end = pipe(ours_reads=True)
            self._selector.register(out, selectors.EVENT_READ, "stdout")
            error_end = out_end
            if self._watch.keep.stdout_bytes:
                error, error_end = pipe(ours_reads=True)
                self._selector.register(error, selectors.EVENT_READ, "stderr")
            feed, in_end = pipe(ours_reads=False)
            self._selector.register(feed, selectors.EVENT_WRITE, "stdin")
            try:
                return start(self._launch, in_end, out_end, error_end)
            except BaseException:
                self._close_pipes()
                self._selector.close()
                raise

    def _watch_exit(self) -> int | None:
        try:
            handle = os.pidfd_open(self._started.process.pid)
        except (OSError, AttributeError):  # not on this system: the tick will notice
            return None
        self._selector.register(handle, selectors.EVENT_READ, "exit")
        return handle

    def follow(self) -> tuple[Cause, str]:
        """Serve the program's pipes until it ends or must be ended; says which and why."""
        tick = _TICK_S if self._exit is not None else _TICK_S / 10
        while True:
            self._serve(tick)
            if self._ended():
                return Cause.EXITED, ""
            if must_end := self._must_end():
                return must_end

    def end(self, cause: Cause) -> None:
        """Leave nothing running: ask first when it did not end by itself, then kill."""
        if cause is not Cause.EXITED:
            self._tree.terminate()
            deadline = time.monotonic() + self._watch.grace_s
            while not self._ended() and time.monotonic() < deadline:
                self._serve(0.02)
        self._tree.kill()
        self._reap()
        deadline = time.monotonic() + _DRAIN_S
        while self._has_output() and time.monotonic() < deadline:
            self._serve(0.05)

    def verdict(self, cause: Cause, reason: str) -> tuple[Cause, int | None, str]:
        if cause is not Cause.EXITED:
            return cause, None, reason
        code = self._started.process.returncode
        if code >= 0 and not self._started.ran():  # below 0 somebody killed it: it had begun
            words = self._output.tail().strip().removeprefix("bwrap: ").removesuffix(".")
            return Cause.NOT_STARTED, None, f"The sandbox could not start the program: {words}."
        return cause, code, ""

    def close(self) -> None:
        """Release everything; after an unexpected error also the processes."""
        self._tree.kill()
        self._reap()
        self._close_pipes()
        if self._exit is not None:
            os.close(self._exit)
        self._selector.close()
        self._started.close()

    def _reap(self) -> None:
        process = self._started.process
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.5)
            return
        process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_DRAIN_S)

    def _ended(self) -> bool:
        return self._started.process.poll() is not None

    def _has_output(self) -> bool:
        return any(key.data in ("stdout", "stderr") for key in self._selector.get_map().values())

    def _serve(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            if key.data == "stdin":
                self._write(key.fd)
            elif key.data == "exit":
                self._selector.unregister(key.fd)
            else:
                self._read(key.fd, key.data)

    def _read(self, fd: int, name: str) -> None:
        try:
            chunk = os.read(fd, _CHUNK)
        except BlockingIOError:
            return
        if not chunk:
            self._drop(fd)
        elif self._output.feed(chunk, is_stdout=name == "stdout"):
            self._heard = time.monotonic()
            if self._watch.on_line is not None:
                self._watch.on_line(self._output.last_line)
        if self._dialogue is not None and chunk and name == "stdout":
            self._answer(self._dialogue.hear(chunk))

    def _answer(self, words: bytes) -> None:
        self._input = memoryview(bytes(self._input) + words)
        if self._silent is not None and (self._input or self._is_over()):
            feed, self._silent = self._silent, None
            self._selector.register(feed, selectors.EVENT_WRITE, "stdin")

    def _is_over(self) -> bool:
        if self._dialogue is None or not self._dialogue.is_over:
            return False
        self._over_at = self._over_at or time.monotonic()
        return True

    def _write(self, fd: int) -> None:
        try:
            if self._input:
                self._input = self._input[os.write(fd, self._input[:_CHUNK]) :]
        except BlockingIOError:
            return
        except OSError:  # the program closed its standard input: its right
            self._input = memoryview(b"")
        if not self._input and self._dialogue is not None and not self._is_over():
            self._selector.unregister(fd)
            self._silent = fd
        elif not self._input:
            self._drop(fd)

    def _drop(self, fd: int) -> None:
        self._selector.unregister(fd)
        self._pipes.discard(fd)
        os.close(fd)

    def _close_pipes(self) -> None:
        for fd in list(self._pipes):
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(fd)
            self._pipes.discard(fd)
            os.close(fd)

    def _must_end(self) -> tuple[Cause, str] | None:
        now = time.monotonic()
        watch = self._watch
        if watch.stop is not None and watch.stop.is_set():
            return Cause.STOPPED, _STOPPED
        if now - self._began > watch.timeout_s:
            return Cause.TIMEOUT, f"It did not end within {_duration(watch.timeout_s)}."
        if self._is_over() and now - self._over_at > watch.farewell_s:
            return Cause.STOPPED, "It did not end after its last word."
        if now - self._checked < _TICK_S:
            return None
        self._checked = now
        return self._stalled(now) or self._over_limit()

    def _stalled(self, now: float) -> tuple[Cause, str] | None:
        stall_s = self._watch.stall_s
        if stall_s is None or now - self._heard < stall_s:
            return None
        changed = self._watch.changed_since
        if changed is not None and changed(time.time() - (now - self._heard)):
            self._heard = now
            return None
        said = "Neither new output nor a changed file" if changed else "No new output"
        return Cause.STALL, f"{said} for {_duration(stall_s)}."

    def _over_limit(self) -> tuple[Cause, str] | None:
        if self._output.total > _FLOOD * self._watch.keep.log_bytes:
            return Cause.OUTPUT, f"It printed more than {_size(self._output.total)}."
        weight = self._tree.weight()
        if weight.tasks >= self._limits.tasks:  # the kernel lets it get no further
            return Cause.TASKS, f"It ran {self._limits.tasks} processes and threads at once."
        if weight.memory > self._memory:
            return Cause.MEMORY, f"It used more than {_size(self._memory)} of memory."
        return self._fills_the_disk()

    def _fills_the_disk(self) -> tuple[Cause, str] | None:
        with contextlib.suppress(OSError):
            free = shutil.disk_usage(self._launch.cwd).free
            if free < self._limits.free_disk:
                said = f"Only {_size(free)} of disk were left"
                if (held := self._room.held()) > self._limits.free_disk:  # its own doing
                    return Cause.SPACE, f"{said}, and it holds {_size(held)} of it."
                return Cause.DISK, f"{said}."
        if self._room.is_used_up():
            most = _size(self._limits.space)
            return Cause.SPACE, f"The folders that it may write to hold more than {most}."
        return None


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:g} seconds"
    return f"{seconds / 60:g} minutes"


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
