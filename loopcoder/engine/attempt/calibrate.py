"""Measuring a reviewer: every case through the very path that a real change goes.

Each judged case is a fact at once, so that a killed or refused calibration goes on where it was.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from loopcoder.domain.diagnostic import LoopcoderError, TryLater, Unavailable
from loopcoder.domain.journal.event import Calibrated, CaseJudged, Entry
from loopcoder.domain.limits.allowance import CASE_SHARE
from loopcoder.domain.review.calibration import (
    Case,
    CaseOutcome,
    Expected,
    Tally,
    grade,
    hopeless,
    in_order,
    too_few,
)
from loopcoder.domain.review.trust import Identity
from loopcoder.domain.settings import Thresholds
from loopcoder.domain.tick.failure import FailureClass, policy_of
from loopcoder.engine.attempt.review import Answer, Packet, Sitting, hear
from loopcoder.engine.attempt.spending import OverBudget, Purse
from loopcoder.engine.attempt.stage import Suspended
from loopcoder.engine.attempt.trust import identity_of
from loopcoder.engine.attempt.verify import Evidence
from loopcoder.engine.services import Services
from loopcoder.ports.case_bench import CaseBench


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure: `reviewer` is the name of a worker, empty for the configured reviewer;
    `folder` is for the reviewer's papers."""

    run: str
    reviewer: str
    cases: Sequence[Case]
    thresholds: Thresholds
    jobs: int
    folder: Path


@dataclass(frozen=True, slots=True)
class Row:
    """One case's result. `before`: it was judged, and paid for, by an earlier call."""

    case: Case
    outcome: CaseOutcome
    found: str
    usd: Decimal = Decimal(0)
    seconds: float = 0.0
    before: bool = False


@dataclass(frozen=True, slots=True)
class Measured:
    """The result. `fact` is None while nothing was recorded: `unfinished` then says why."""

    identity: Identity
    rows: tuple[Row, ...]
    tally: Tally
    usd: Decimal
    fact: Calibrated | None = None
    unfinished: str = ""


@dataclass(slots=True)
class _Bout:
    """What the threads share: the cases that are left, the results, and why nobody goes on."""

    waiting: list[Case]
    rows: list[Row]
    lock: threading.Lock = field(default_factory=threading.Lock)
    ended: str = ""
    error: LoopcoderError | None = None

    @property
    def tally(self) -> Tally:
        return Tally.of((row.case.expected, row.outcome) for row in self.rows)


def calibrate(
    services: Services, bench: CaseBench, plan: Plan, told: Callable[[Row, int], None]
) -> Measured:
    """Show the cases, `plan.jobs` at a time, and record the result. `told` is called with each
    result and the number of results so far.

    Raises `Unavailable` or `TryLater` when the reviewer cannot be asked at all; what was judged
    until then is kept.
    """
    reviewer = services.reviewer(plan.reviewer)
    identity = identity_of(services, reviewer.spec)
    cases = in_order(plan.cases)
    known = _judged_before(services, identity, cases, plan.thresholds)
    bout = _Bout([case for case in cases if case.digest not in known], list(known.values()))
    planned = Tally(
        defects=sum(case.expected is Expected.DEFECT for case in cases),
        clean=sum(case.expected is Expected.CLEAN for case in cases),
    )
    workbench = replace(services, workspaces=bench.workspaces)

    def work() -> None:
        while (case := _next(services, bout, planned, plan.thresholds)) is not None:
            try:
                row = _judge(workbench, bench, plan, identity, case)
            except LoopcoderError as error:
                with bout.lock:
                    bout.error = bout.error or error
                return
            with bout.lock:
                bout.rows.append(row)
                told(row, len(bout.rows))

    with ThreadPoolExecutor(max_workers=plan.jobs, thread_name_prefix="case") as pool:
        for done in [pool.submit(work) for _ in range(plan.jobs)]:
            done.result()
    return _concluded(services, plan, identity, bout, planned)


def _judged_before(
    services: Services, identity: Identity, cases: Sequence[Case], wanted: Thresholds
) -> dict[str, Row]:
    """Cases of an unfinished calibration of the same reviewer, while they are not too old."""
    oldest = services.clock.now() - timedelta(days=wanted.days)
    judged = services.journal.history().judged_cases
    found = {}
    for case in cases:
        at, fact = judged.get((identity.digest, case.digest)) or (datetime.min, None)
        if fact is not None and at >= oldest:
            outcome = CaseOutcome(fact.outcome)
            found[case.digest] = Row(case, outcome, fact.found, fact.usd, fact.seconds, True)
    return found


def _next(services: Services, bout: _Bout, planned: Tally, wanted: Thresholds) -> Case | None:
    with bout.lock:
        if bout.error or bout.ended or services.stop.is_set():
            return None
        bout.ended = hopeless(bout.tally, planned, wanted)
        return bout.waiting.pop(0) if bout.waiting and not bout.ended else None


def _judge(services: Services, bench: CaseBench, plan: Plan, identity: Identity, case: Case) -> Row:
    """One case, from commit to fact."""
    laid_out = bench.lay_out(case)
    folder = plan.folder / case.digest[:16]
    folder.mkdir(parents=True, exist_ok=True)
    sitting = Sitting(
        services=services,
        unit=case.unit,
        base=laid_out.start,
        judges=(plan.reviewer,),
        purse=Purse(services, plan.run),
        folder=folder,
        share=CASE_SHARE,
        purpose="calibration",
    )
    evidence = Evidence(laid_out.head, case.checks)
    answer = hear(sitting, Packet(laid_out.start, laid_out.head, evidence, case.summary))
    _require_asked(answer)
    outcome = grade(case, answer.judgement)
    fact = CaseJudged(
        run=plan.run,
        identity=identity.digest,
        case=case.id,
        digest=case.digest,
        expected=case.expected.value,
        outcome=outcome.value,
        found=_found(answer),
        usd=answer.usd,
        seconds=round(answer.reply.seconds, 1),
    )
    services.journal.record(Entry(fact, principal="reviewer"))
    return Row(case, outcome, fact.found, fact.usd, fact.seconds)


def _require_asked(answer: Answer) -> None:
    """A provider's trouble, or this machine's, says nothing about the reviewer."""
    failure = answer.reply.failure
    if failure is None or policy_of(failure).strike:
        return
    passing = failure in (FailureClass.RATE_LIMIT, FailureClass.TRANSIENT_API)
    kind = TryLater if passing else Unavailable
    raise kind(
        f"the reviewer could not be asked ({failure.value}): {answer.reply.reason}".rstrip(": "),
        "What was judged is kept: `loopcoder calibrate` goes on from there.",
    )


def _found(answer: Answer) -> str:
    """What it said, in a line."""
    judgement = answer.judgement
    if not judgement.usable:
        return (answer.reply.reason or judgement.reason)[:300]
    places = [f"{f.file}:{f.line} {f.claim}" if f.file else f.claim for f in judgement.findings[:3]]
    return f"{judgement.decision.value}: {'; '.join(places)}".rstrip(": ")[:300]


def _concluded(
    services: Services, plan: Plan, identity: Identity, bout: _Bout, planned: Tally
) -> Measured:
    tally = bout.tally
    rows = tuple(bout.rows)
    measured = Measured(identity, rows, tally, sum((r.usd for r in rows), Decimal(0)))
    if isinstance(bout.error, OverBudget):
        return replace(measured, unfinished=str(bout.error))
    if bout.error is not None and not isinstance(bout.error, Suspended):
        raise bout.error
    if services.stop.is_set() or bout.error is not None:
        return replace(measured, unfinished="it was stopped")
    few = too_few(planned.defects, planned.clean)
    if few:
        return replace(measured, unfinished=few)
    fact = Calibrated(
        run=plan.run,
        identity=identity.digest,
        provider=identity.provider,
        model=identity.model,
        prompt=identity.prompt,
        cases=f"{planned.defects}+{planned.clean}",
        defects=tally.defects,
        caught=tally.caught,
        clean=tally.clean,
        alarms=tally.alarms,
        until=services.clock.now() + timedelta(days=plan.thresholds.days),
        unusable=tally.unusable,
        stopped=bout.ended if bout.waiting else "",
        usd=measured.usd,
    )
    services.journal.record(Entry(fact))
    return replace(measured, fact=fact)
