"""What a worker reported of its work, read from the receipts of its run and its continuation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from loopcoder.domain.journal.event import Json, StageFinished
from loopcoder.domain.journal.records.attempt import AttemptRecord

CONTINUE = "continue"
"""The stage in which a worker goes on with the steps that it left open."""

_PUBLISHED = frozenset({"proposed", "updated"})


@dataclass(frozen=True, slots=True)
class StepReport:
    """One step of the checklist, with the worker's word on it."""

    text: str
    done: bool


def steps_as_json(steps: Sequence[str], left: Sequence[int] | None) -> list[Json]:
    """What a receipt keeps of a report: `left` are the numbers, from 1, of the open steps, None
    when nothing was said of them. Numbers that no step has are dropped."""
    if left is None:
        return []
    return [{"text": text, "done": n not in left} for n, text in enumerate(steps, 1)]


def steps_of(worked: StageFinished | None) -> tuple[StepReport, ...]:
    """The steps as a receipt reports them; none when nothing was said."""
    rows = worked.detail.get("steps") if worked else None
    return tuple(
        StepReport(str(row.get("text") or ""), bool(row.get("done")))
        for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, dict)
    )


def open_steps(worked: StageFinished | None) -> tuple[StepReport, ...]:
    return tuple(step for step in steps_of(worked) if not step.done)


def last_work(attempt: AttemptRecord, round_: int | None = None) -> StageFinished | None:
    """The newest work of the attempt, of one round when given, its continuation taken in."""
    worked = attempt.last("work", round_)
    if worked is None:
        return None
    return joined(worked, attempt.last(CONTINUE, worked.round))


def joined(worked: StageFinished, more: StageFinished | None) -> StageFinished:
    """One receipt for a run and its continuation. A continuation that failed takes nothing away:
    the worker was done before it."""
    if more is None or not more.passed:
        return worked
    told = (str(each.detail.get("summary") or "").strip() for each in (worked, more))
    detail: dict[str, Json] = {
        **worked.detail,
        **{key: value for key, value in more.detail.items() if value or key == "outcome"},
        "summary": "\n\n".join(dict.fromkeys(filter(None, told))),
        "follow_ups": [*_rows(worked, "follow_ups"), *_rows(more, "follow_ups")],
        "learned": [*_rows(worked, "learned"), *_rows(more, "learned")],
    }
    if detail.get("outcome") == "satisfied":  # of the rest; before that something was done
        detail["outcome"] = worked.detail.get("outcome")
    return replace(worked, reason=more.reason, detail=detail)


def follow_ups_of(worked: StageFinished | None) -> tuple[tuple[str, str], ...]:
    """Title and text of what the worker proposes to do later."""
    rows = _rows(worked, "follow_ups") if worked else []
    told = (row for row in rows if isinstance(row, dict))
    return tuple((str(row.get("title") or ""), str(row.get("body") or "")) for row in told)


def _rows(receipt: StageFinished, key: str) -> list[Json]:
    found = receipt.detail.get(key)
    return list(found) if isinstance(found, list) else []


def standing_steps(attempts: Sequence[AttemptRecord], number: int) -> tuple[StepReport, ...]:
    """What was reported of the work that attempt `number` goes on with: its own newest report, or
    that of the published attempt it builds upon."""
    now = next((each for each in attempts if each.number == number), None)
    own = steps_of(last_work(now)) if now else ()
    if own or now is None or now.begun.purpose == "build":
        return own
    published = [a for a in attempts if a.finished and a.finished.outcome in _PUBLISHED]
    told = [steps for each in published if (steps := steps_of(last_work(each)))]
    return told[-1] if told else ()
