"""Clocks that survive a busy machine: medians, and ratios of runs that took turns."""

from __future__ import annotations

import gc
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True, slots=True)
class Pair:
    """Medians in seconds of two things that took turns; `ratio` is the median of each turn's."""

    ours: float
    theirs: float
    ratio: float


def seconds(act: Callable[[], object]) -> float:
    """Wall time of one call, the garbage collector off as in `timeit`."""
    gc.collect()
    gc.disable()
    try:
        began = time.perf_counter()
        act()
        return time.perf_counter() - began
    finally:
        gc.enable()


def compare(ours: Callable[[], float], theirs: Callable[[], float], turns: int) -> Pair:
    """Measure two things in turns, each first in every second turn.

    What slows the machine down for a while slows both, so the ratio of one turn holds although
    its times do not.
    """
    times = []
    for turn in range(turns):
        if turn % 2:
            second, first = theirs(), ours()
        else:
            first, second = ours(), theirs()
        times.append((first, second))
    return Pair(
        median(first for first, _ in times),
        median(second for _, second in times),
        median(first / second for first, second in times),
    )


@dataclass(frozen=True, slots=True)
class Run:
    """A whole process: wall time in seconds, peak resident memory in bytes, standard output."""

    seconds: float
    memory: int
    stdout: bytes


def run_process(
    argv: Sequence[str], cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> Run:
    """Run a program to its end. Raises CalledProcessError when it fails."""
    began = time.perf_counter()
    with subprocess.Popen(
        argv, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        stdout = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    took = time.perf_counter() - began
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(argv), stdout)
    unit = 1 if os.uname().sysname == "Darwin" else 1024
    return Run(took, usage.ru_maxrss * unit, stdout)
