"""A unit's line of the tick's report, read back from the journal."""

from __future__ import annotations

from dataclasses import replace

from loopcoder.domain.context.work_report import follow_ups_of, last_work
from loopcoder.domain.journal.event import StageFinished
from loopcoder.domain.journal.records.attempt import AttemptRecord
from loopcoder.domain.review.dispute import findings_of, rounds_of
from loopcoder.domain.tick.report import StageTime, UnitLine
from loopcoder.domain.tick.snapshot import Snapshot
from loopcoder.engine.attempt.outcome import Ended
from loopcoder.engine.attempt.verify import checks_from_json
from loopcoder.engine.services import Services
from loopcoder.engine.tick.parting import Ends, Left, resting_outcome

_JUDGING = ("verify", "review")


def unit_line(
    services: Services,
    snapshot: Snapshot,
    left: Left,
    ends: Ends,
) -> UnitLine:
    """The unit's line of the report, read back from the journal."""
    view = next(v for v in snapshot.units if v.id == left.step.unit)
    ended, pull = ends.get(left.step.unit, (left.result, None))
    outcome = ended.outcome if isinstance(ended, Ended) else resting_outcome(left.paused)
    reason = ended.reason if isinstance(ended, Ended) else str(left.paused or "")
    line = UnitLine(
        unit=left.step.unit,
        title=view.unit.title,
        outcome=outcome,
        reason=reason,
        issue=view.issue.number if view.issue else None,
        pull=pull or left.step.pull,
        worker=left.desk.worker if left.desk else left.step.worker,
        attempt=left.step.attempt,
    )
    history = services.journal.history()
    record = history.unit(left.step.unit)
    attempt = next((a for a in record.attempts if a.number == left.step.attempt), None)
    branch = record.pull.branch if record.pull else ""
    if attempt is None:
        return line
    exchange = rounds_of(history, left.step.unit, attempt)
    return _with_attempt(replace(line, branch=branch, exchange=exchange), attempt)


def _with_attempt(line: UnitLine, attempt: AttemptRecord) -> UnitLine:
    verified, judged = attempt.last("verify"), attempt.last("review")
    committed = attempt.last("commit")
    end = attempt.finished_at or (attempt.stages[-1].begun_at if attempt.stages else None)
    return replace(
        line,
        stage=_where_it_ended(attempt),
        head=committed.sha if committed else "",
        usd=attempt.usd,
        tokens=attempt.tokens,
        checks=checks_from_json(verified.detail.get("checks")) if verified else (),
        findings=findings_of(judged) if judged else (),
        verdict=str(judged.detail.get("decision") or "") if judged else "",
        reviewer=str(judged.detail.get("reviewer") or "") if judged else "",
        files=_files(committed),
        follow_ups=tuple(filter(None, (title for title, _ in follow_ups_of(last_work(attempt))))),
        rounds=attempt.round,
        stages=_stage_times(attempt),
        seconds=(end - attempt.begun_at).total_seconds() if end else 0.0,
    )


def _where_it_ended(attempt: AttemptRecord) -> str:
    """The last stage; of an attempt that failed the one that held it back, which is an earlier one
    where the worker, asked again, changed nothing about it."""
    if attempt.finished and attempt.finished.failure:
        for each in reversed(attempt.stages):
            if each.finished and not each.finished.passed:
                return each.stage
            if each.finished and each.stage.partition("@")[0] in _JUDGING:
                break
    return attempt.stages[-1].stage if attempt.stages else ""


def _stage_times(attempt: AttemptRecord) -> tuple[StageTime, ...]:
    return tuple(
        StageTime(each.stage, each.round, each.begun_at, each.finished_at, each.finished.passed)
        for each in attempt.stages
        if each.finished and each.finished_at
    )


def _files(committed: StageFinished | None) -> tuple[str, ...]:
    files = committed.detail.get("files") if committed else None
    return tuple(map(str, files)) if isinstance(files, list) else ()
