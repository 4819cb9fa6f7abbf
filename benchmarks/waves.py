"""What loopcoder adds to the work itself: waves whose workers do next to nothing, or sleep."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.figures import Figure, Sizes, at_least, at_most, compared, counted, noted
from benchmarks.measure import Pair, compare, seconds
from benchmarks.tick import project_of, watched_tick
from loopcoder.adapters.sandbox.choice import Job, choose_sandbox
from loopcoder.adapters.sandbox.process import supervise
from loopcoder.adapters.sandbox.watch import Watch
from tests.support.project import Project

WORK = '#!/bin/sh\ncat >/dev/null\necho done > "$LOOPCODER_UNIT.txt"\n'

BY_HAND = """\
set -e
git clone -q origin "$1"
cd "$1"
git checkout -q -b "loopcoder/$1"
echo done > "$1.txt"
git add -A
git -c user.name=Ana -c user.email=ana@example.org commit -q -m "Unit $1"
git push -q origin "HEAD:refs/heads/loopcoder/$1"
"""

SAME_WORK = (
    BY_HAND
    + """\
cd ..
for judge in verify review; do
  git clone -q --branch "loopcoder/$1" origin "$1-$judge"
  rm -rf "$1-$judge"
done
"""
)

TOGETHER = """\
set -e
git clone -q origin together
cd together
for unit in "$@"; do
  git -c user.name=Ana -c user.email=ana@example.org merge -q --no-edit "origin/loopcoder/$unit"
done
"""

SANDBOXES = 3
MOST = 2.0


def no_op_wave(sizes: Sizes, folder: Path) -> Iterator[Figure]:
    """The whole pipeline around a worker that writes one file, against the git work by hand."""
    units = sizes.wave
    pair = _paired_waves(folder / "same", sizes, SAME_WORK, TOGETHER)
    how = (
        f"one wave, jobs {units}, against the same git work in a shell script, all at once too: "
        "clone, branch, add, commit, push; a fresh clone for each judge; the wave merged together"
    )
    yield at_most(f"a no-op wave of {units}, per unit", _per_unit(pair, units), MOST, how)
    pair = _paired_waves(folder / "bare", sizes, BY_HAND)
    how = "against clone, branch, add, commit and push alone, as if nobody judged the result"
    yield compared("the same, without judges in the script", _per_unit(pair, units), how)
    took = median(_sandboxes(folder, units) for _ in range(sizes.waves)) / units
    how = f"{SANDBOXES} sandboxed runs of `true` for each unit: worker, verify, reviewer"
    yield noted(f"of which {SANDBOXES} sandboxes, per unit", took, how)


def sleepers(sizes: Sizes, folder: Path) -> Iterator[Figure]:
    """Workers that only wait: what is lost between what they take and what the wave takes."""
    count, sleep_s = sizes.sleepers, sizes.sleep_s
    project = _sleeping(folder / "sleepers", count, sleep_s, jobs=count)
    efficiency = sleep_s / watched_tick(project).seconds
    how = f"{count} workers that sleep {sleep_s:g} s, jobs {count}: {sleep_s:g} s / the wave's time"
    yield at_least(f"efficiency of {count} sleeping workers", efficiency, 0.9, how)
    project = _sleeping(folder / "crowd", sizes.crowd, sleep_s, jobs=50, cap=sizes.cap)
    rounds = -(-sizes.crowd // sizes.cap)
    efficiency = rounds * sleep_s / watched_tick(project).seconds
    how = f"{sizes.crowd} units, jobs 50, `max_parallel: {sizes.cap}`, so {rounds} waves"
    yield at_least(f"efficiency of {sizes.crowd} sleeping workers", efficiency, 0.9, how)
    how = "the most workers that said they were at work at the same time"
    yield counted(f"{sizes.crowd} workers at once", most_at_once(project), sizes.cap, how)


def _per_unit(pair: Pair, units: int) -> Pair:
    return Pair(pair.ours / units, pair.theirs / units, pair.ratio)


def _paired_waves(folder: Path, sizes: Sizes, script: str, together: str = "") -> Pair:
    numbers = itertools.count()

    def ours() -> float:
        place = folder / f"ours-{next(numbers)}"
        project = project_of(place, sizes.wave, WORK, jobs=sizes.wave)
        took = watched_tick(project).seconds
        shutil.rmtree(place)
        return took

    def theirs() -> float:
        place = folder / f"theirs-{next(numbers)}"
        project = project_of(place, sizes.wave, WORK, jobs=sizes.wave)
        project.root.rename(place / "origin")
        took = seconds(lambda: _by_hand(place, sizes.wave, script, together))
        shutil.rmtree(place)
        return took

    return compare(ours, theirs, sizes.waves)


def _by_hand(folder: Path, units: int, script: str, together: str) -> None:
    """Every unit's script at once; then, if asked, one for the whole wave."""
    names = [f"unit-{number}" for number in range(units)]
    (folder / "unit.sh").write_text(script)
    started = [subprocess.Popen(["sh", "unit.sh", name], cwd=folder) for name in names]
    codes = [each.wait() for each in started]
    assert not any(codes), codes
    if together:
        (folder / "together.sh").write_text(together)
        subprocess.run(["sh", "together.sh", *names], cwd=folder, check=True)


def _sandboxes(folder: Path, units: int) -> float:
    """The wave's sandboxes without its work: as many at once as there are units."""
    from concurrent.futures import ThreadPoolExecutor

    sandbox = choose_sandbox("auto", environ=dict(os.environ))

    def run(number: int) -> None:
        place = folder / f"sandbox-{number}"
        place.mkdir(exist_ok=True)
        for _ in range(SANDBOXES):
            with sandbox.wrap(Job(("true",), place, writable=(place,))) as launch:
                assert supervise(launch, Watch(60), place.with_suffix(".log")).exit_code == 0

    with ThreadPoolExecutor(units) as pool:
        return seconds(lambda: list(pool.map(run, range(units))))


def _sleeping(folder: Path, units: int, sleep_s: float, *, jobs: int, cap: int = 50) -> Project:
    work = f"date +%s.%N\nsleep {sleep_s}\ndate +%s.%N\n"
    return project_of(folder, units, WORK + work, jobs=jobs, cap=cap)


def most_at_once(project: Project) -> int:
    """From the times that the workers printed into their transcripts."""
    changes = []
    for transcript in project.state.glob("runs/*/*/*/*/outbox/transcript.log"):
        began, ended = map(float, transcript.read_text().split()[-2:])
        changes += [(began, 1), (ended, -1)]
    assert changes, "no transcript was found"
    return max(itertools.accumulate(change for _, change in sorted(changes)))
