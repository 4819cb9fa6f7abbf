"""What CI said of a failure that was made a unit."""

from __future__ import annotations

from dataclasses import dataclass, replace

from loopcoder.domain.journal import event as e

MOST_FLAKES = 3
"""How often a job may fail and pass on one commit before a person is told."""


@dataclass(frozen=True, slots=True)
class CiRecord:
    """What CI said of one failure: the newest failed and passed run, and where it was a flake.

    Runs are `<id>.<attempt>`; `runs` are those in which it was seen.
    """

    workflow: str
    job: str
    failed: str
    commit: str
    passed: str = ""
    runs: frozenset[str] = frozenset()
    flakes: frozenset[str] = frozenset()

    @property
    def is_green(self) -> bool:
        """Whether it went away since it was last seen."""
        return bool(self.passed) and run_order(self.passed) > run_order(self.failed)


def run_order(run: str) -> tuple[int, int]:
    """Runs by time: `<id>.<attempt>`, both numbers. What is none comes first."""
    number, _, attempt = run.partition(".")
    if not (number.isdecimal() and (attempt or "1").isdecimal()):
        return 0, 0
    return int(number), int(attempt or 1)


def ci_after(
    before: CiRecord | None, fact: e.CiFailed | e.CiPassed | e.CiFlaked
) -> CiRecord | None:
    match fact:
        case e.CiFailed():
            runs = (before.runs if before else frozenset()) | {fact.run}
            known = before or CiRecord(fact.workflow, fact.job, fact.run, fact.commit)
            newest = max(known.failed, fact.run, key=run_order)
            commit = fact.commit if newest == fact.run else known.commit
            return replace(known, failed=newest, commit=commit, runs=runs)
        case e.CiPassed() if before:
            return replace(before, passed=fact.run)
        case e.CiFlaked() if before:
            return replace(before, passed=fact.run, flakes=before.flakes | {fact.failed})
        case _:
            return before
