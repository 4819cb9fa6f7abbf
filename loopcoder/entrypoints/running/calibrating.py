"""Running a calibration for a person: the lock, the scratch repository, the papers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from loopcoder.adapters.git.case_bench import GitCaseBench
from loopcoder.adapters.scratch import remove_tree
from loopcoder.adapters.tick_lock import only_one
from loopcoder.domain.diagnostic import ConfigurationError, LoopcoderError
from loopcoder.domain.review.calibration import Case
from loopcoder.domain.settings import ReviewerSpec
from loopcoder.engine.attempt.calibrate import Measured, Plan, Row, calibrate
from loopcoder.entrypoints.running.ticking import new_run
from loopcoder.entrypoints.wiring.bootstrap import House
from loopcoder.entrypoints.wiring.workshop import open_workshop


def rules_of(house: House) -> ReviewerSpec:
    """The reviewer's section; ConfigurationError when there is none."""
    rules = house.settings.reviewer
    if rules is None:
        raise ConfigurationError(
            "No reviewer is configured, so there is nobody to measure.",
            "Add `reviewer:` to loopcoder.yml. See `loopcoder help configuration reviewer`.",
        )
    return rules


def run_calibration(
    house: House,
    name: str,
    cases: Sequence[Case],
    jobs: int,
    stop: Event,
    told: Callable[[Row, int], None],
) -> Measured:
    """Measure one reviewer: the configured one, or the worker with a name in that role."""
    if house.inside_attempt:
        raise LoopcoderError("a reviewer cannot be calibrated from inside an attempt.")
    run = new_run()
    services = open_workshop(house, stop=stop)
    plan = Plan(
        run, name, cases, rules_of(house).thresholds, jobs, house.runs_dir / run / "calibration"
    )
    with _bench(house, run) as bench, house.publishing():
        return calibrate(services, bench, plan, told)


@contextmanager
def _bench(house: House, run: str) -> Iterator[GitCaseBench]:
    """A scratch repository, alone in its folder; what killed calibrations left is removed."""
    folder: Path = house.cache_dir / "calibration"
    summary = "another calibration is at work in this repository."
    with only_one(house.state_dir / "calibrate.lock", summary, "Try again when it is through."):
        remove_tree(folder)
        folder.mkdir(mode=0o700, parents=True)
        try:
            yield GitCaseBench(folder / run)
        finally:
            remove_tree(folder)
