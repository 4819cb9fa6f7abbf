"""Several workers on one unit, each through the whole pipeline; one result becomes the attempt's.

A lane is the attempt seen through a suffix: its stages are `work@2`, `commit@2` and so on, and its
workspace, papers and money are its own. The choice is one fact, by which the winner's receipts
become the attempt's plain ones.
"""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from loopcoder.domain.ci.ci import FailedCheck
from loopcoder.domain.context.splitting import PLAN
from loopcoder.domain.diagnostic import ConfigurationError, LoopcoderError
from loopcoder.domain.issues.issue import Feedback
from loopcoder.domain.journal.event import RaceBegun, RaceFinished
from loopcoder.domain.review.diff import changed_lines
from loopcoder.domain.review.dispute import findings_of
from loopcoder.domain.tick.action import Purpose
from loopcoder.domain.tick.failure import FailureClass
from loopcoder.domain.tick.race import Candidate, choose, describe
from loopcoder.domain.tick.report import UnitOutcome
from loopcoder.engine.attempt.attempt import Attempt
from loopcoder.engine.attempt.ending import discard_lanes
from loopcoder.engine.attempt.outcome import Ended, Judged
from loopcoder.engine.attempt.planning import plan_ahead
from loopcoder.engine.attempt.spending import OverBudget, Purse
from loopcoder.engine.attempt.stage import Desk
from loopcoder.engine.attempt.trust import admitted
from loopcoder.ports.workspace import WorkspaceKey


def run_attempt(
    desk: Desk, feedback: Sequence[Feedback] = (), failed: Sequence[FailedCheck] = ()
) -> Judged | Ended:
    """Run the attempt, as a race where its unit asks for one. Raises as `Attempt.run` does."""
    workers = _workers(desk)
    if len(workers) > 1:
        plan_ahead(desk)
        ended = _Race(desk, feedback, failed, workers).run()
        if ended is not None:
            return ended
    return Attempt(desk, feedback, failed).run()


def _workers(desk: Desk) -> tuple[str, ...]:
    """Who runs in which lane; nobody when there is no race, or it is over. Only a first proposal
    is raced for, and not where an attempt's stages are done by several processes."""
    record, unit = desk.record, desk.view.unit
    plain = any("@" not in each.stage and each.stage != PLAN for each in record.stages)
    if desk.is_shared or plain or desk.step.update_only:
        return ()
    if record.race is not None:
        return record.race.workers
    if unit.candidates < 2 or desk.step.purpose is not Purpose.BUILD:
        return ()
    first = desk.step.worker
    others = desk.services.settings.workers[first].fallback
    names = dict.fromkeys((first, *(name for name in others if _can_be_judged(desk, name))))
    lanes = tuple(names)[: unit.candidates]
    lanes += (first,) * (unit.candidates - len(lanes))
    desk.log(RaceBegun(lanes))
    return lanes


def _can_be_judged(desk: Desk, name: str) -> bool:
    """Whether there is such a worker, and a reviewer that may judge what it makes."""
    spec = desk.services.settings.workers.get(name)
    try:
        return spec is not None and bool(admitted(desk.services, spec))
    except ConfigurationError:
        return False


@dataclass(frozen=True, slots=True)
class _Race:
    """`workers` are the lanes' workers, the first in lane 1."""

    desk: Desk
    feedback: Sequence[Feedback]
    failed: Sequence[FailedCheck]
    workers: tuple[str, ...]

    def run(self) -> Ended | None:
        """Run every lane to its end and choose. None when one was kept: the attempt's own
        receipts are the winner's then. A lane that has to rest lets the whole attempt rest."""
        desks = [self._desk(lane) for lane in range(1, len(self.workers) + 1)]
        with ThreadPoolExecutor(self._places(), thread_name_prefix="lane") as pool:
            results = list(pool.map(self._contained, desks))
        for result in results:
            if isinstance(result, Exception) and not isinstance(result, OverBudget):
                raise result
        judged = [result for result in results if isinstance(result, Judged)]
        if not judged:
            return _none_passed(self.workers, results)
        self._conclude(desks, results, judged)
        return None

    def _places(self) -> int:
        settings = self.desk.services.settings
        most = [settings.workers[name].max_parallel for name in self.workers]
        return max(1, min(len(self.workers), settings.jobs, *most))

    def _desk(self, lane: int) -> Desk:
        papers = self.desk.papers / f"lane-{lane}"
        papers.mkdir(exist_ok=True)
        step = replace(self.desk.step, worker=self.workers[lane - 1])
        return replace(self.desk, step=step, papers=papers, lane=lane, lanes=len(self.workers))

    def _contained(self, desk: Desk) -> Judged | Ended | LoopcoderError | OSError:
        """The fault boundary of one lane: the others run to their ends."""
        try:
            return Attempt(desk, self.feedback, self.failed).run()
        except (LoopcoderError, OSError) as error:
            return error
        except Exception as error:  # noqa: BLE001  one broken lane must not stop the others
            (desk.papers / "internal-error.log").write_text(traceback.format_exc())
            reason = f"internal error: {type(error).__name__}: {error}"
            return Ended(UnitOutcome.FAILED, reason, FailureClass.INFRASTRUCTURE, strike=True)

    def _conclude(
        self, desks: Sequence[Desk], results: Sequence[_Result], judged: Sequence[Judged]
    ) -> None:
        candidates = [_candidate(*each) for each in zip(desks, results, strict=True)]
        chosen, why = choose(candidates)
        kept = next(each for each in judged if each.desk.lane == chosen.lane)
        step, workspaces = self.desk.step, self.desk.services.workspaces
        workspaces.keep(WorkspaceKey(step.unit, step.attempt), kept.commit)
        told = tuple(describe(each, chosen) for each in candidates)
        self.desk.check_stop()
        self.desk.log(RaceFinished(chosen.lane, why, told))
        discard_lanes(self.desk)


_Result = Judged | Ended | LoopcoderError | OSError


def _candidate(desk: Desk, result: _Result) -> Candidate:
    record = desk.record
    review = record.last("review")
    usd = Purse.of(desk).spent_usd
    if not isinstance(result, Judged):
        reason = result.reason if isinstance(result, Ended) else str(result)
        return Candidate(desk.lane, desk.worker, approved=False, usd=usd, reason=reason)
    diff = desk.services.workspaces.diff(result.origin, result.commit)
    return Candidate(
        lane=desk.lane,
        worker=desk.worker,
        approved=True,
        findings=findings_of(review) if review else (),
        size=changed_lines(diff),
        usd=usd,
    )


def _none_passed(workers: Sequence[str], results: Sequence[_Result]) -> Ended:
    """One end for all lanes, with every reason. Who asks for a person gets one."""
    waiting = [result for result in results if isinstance(result, Exception)]
    if waiting:
        raise waiting[0]
    ended = [result for result in results if isinstance(result, Ended)]
    reason = "no candidate passed: " + "; ".join(
        f"candidate {lane} ({worker}): {each.reason}"
        for lane, (worker, each) in enumerate(zip(workers, ended, strict=True), 1)
    )
    people = any(each.people for each in ended)
    blamed = [each.failure for each in ended if each.failure and (each.strike or people)]
    failures = blamed or [each.failure for each in ended if each.failure]
    return Ended(
        UnitOutcome.NEEDS_HUMAN if people else UnitOutcome.FAILED,
        reason,
        failures[0] if failures else None,
        strike=not people and any(each.strike for each in ended),
        people=(reason,) if people else (),
    )
