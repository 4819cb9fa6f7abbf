"""All benchmarks by name, each run in a process of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from benchmarks.agent_steps import agent_steps
from benchmarks.compiling import compile_verb, large_roadmap
from benchmarks.deciding import decision
from benchmarks.figures import Figure, Sizes
from benchmarks.hosting import hosted
from benchmarks.planning import parse_and_plan
from benchmarks.starting import start_up
from benchmarks.waves import no_op_wave, sleepers

BENCHMARKS: Mapping[str, Callable[[Sizes, Path], Iterator[Figure]]] = {
    "start": start_up,
    "plan": parse_and_plan,
    "decide": decision,
    "wave": no_op_wave,
    "sleepers": sleepers,
    "steps": agent_steps,
    "compile": compile_verb,
    "large": large_roadmap,
    "github": hosted,
}


def run_benchmark(name: str, sizes: Sizes) -> list[Figure]:
    """The figures of one benchmark.

    What it holds in memory must not weigh on the next one: neither on the garbage collector, nor
    on the peak of a child, which begins with that of its parent.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_measure, name, sizes).result()


def _measure(name: str, sizes: Sizes) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="loopcoder-bench-") as folder:
        return list(BENCHMARKS[name](sizes, Path(folder)))
