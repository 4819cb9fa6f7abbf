"""What worker and reviewer said to each other, round by round, and what it cost.

Derived from an attempt's receipts and spending; nothing here is stored.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from loopcoder.domain.journal.event import StageFinished
from loopcoder.domain.journal.history import History
from loopcoder.domain.journal.records.attempt import AttemptRecord, StageRecord
from loopcoder.domain.journal.records.money import Spend
from loopcoder.domain.limits.budget import dollars
from loopcoder.domain.review.verdict import Decision, Finding, Weight
from loopcoder.domain.unit import UnitId

ALIKE = 0.6
"""Two findings about one file are the same when they share this part of their words."""


@dataclass(frozen=True, slots=True)
class Round:
    """Both sides' words of one round: the worker's `summary`, which answers the findings of the
    round before, and the reviewer's verdict. `decision` is empty when it came to no review;
    `held_back` then says why. `usd` is what both cost."""

    number: int
    worker: str
    summary: str
    reviewer: str = ""
    decision: str = ""
    verdict: str = ""
    findings: tuple[Finding, ...] = ()
    held_back: str = ""
    usd: Decimal = Decimal(0)


def rounds_of(history: History, unit: UnitId, attempt: AttemptRecord) -> tuple[Round, ...]:
    """The attempt's rounds, oldest first."""
    ours = (unit, attempt.number)
    paid = [spend for spend in history.spend.values() if (spend.unit, spend.attempt) == ours]
    numbers = sorted({stage.round for stage in attempt.stages if stage.stage == "work"})
    return tuple(_round(attempt, number, paid) for number in numbers)


def _round(attempt: AttemptRecord, number: int, paid: Sequence[Spend]) -> Round:
    worked, judged = attempt.last("work", number), attempt.last("review", number)
    failed = next(
        (
            receipt
            for stage in ("commit", "policy", "verify")
            if (receipt := attempt.last(stage, number)) and not receipt.passed
        ),
        None,
    )
    stages = [stage for stage in attempt.stages if stage.round == number]
    return Round(
        number=number,
        worker=_text(worked, "worker") or attempt.begun.worker,
        summary=_text(worked, "summary") or (worked.reason if worked else ""),
        reviewer=_text(judged, "reviewer"),
        decision=_text(judged, "decision"),
        verdict=_text(judged, "summary"),
        findings=findings_of(judged) if judged else (),
        held_back=failed.reason if failed else "",
        usd=sum((s.usd for s in paid if any(_during(s, stage) for stage in stages)), Decimal(0)),
    )


def _during(spend: Spend, stage: StageRecord) -> bool:
    if stage.stage not in ("work", "review") or spend.at < stage.begun_at:
        return False
    return stage.finished_at is None or spend.at <= stage.finished_at


def _text(receipt: StageFinished | None, key: str) -> str:
    return str(receipt.detail.get(key) or "") if receipt else ""


def findings_of(receipt: StageFinished) -> tuple[Finding, ...]:
    """The findings a review receipt holds."""
    rows = receipt.detail.get("findings") or []
    assert isinstance(rows, list)
    found = []
    for row in rows:
        assert isinstance(row, dict)
        found.append(
            Finding(
                severity=Weight(str(row["severity"])),
                claim=str(row["claim"]),
                file=str(row.get("file") or ""),
                line=int(str(row.get("line") or 0)),
                evidence=str(row.get("evidence") or ""),
            )
        )
    return tuple(found)


def same_finding(one: Finding, other: Finding) -> bool:
    """Whether a finding is said again, perhaps in other words: the same file, and mostly the
    same words. Lines move with every edit, and do not count."""
    if one.file != other.file:
        return False
    ours, theirs = _words(one.claim), _words(other.claim)
    if not (ours and theirs):
        return ours == theirs
    return len(ours & theirs) / len(ours | theirs) >= ALIKE


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.casefold()))


def told(round_: Round) -> str:
    """A round in one line, in both sides' words."""
    words = round_.summary or "nothing"
    return (
        f"round {round_.number} ({dollars(round_.usd)}): the worker says: {words}; {answer(round_)}"
    )


def answer(round_: Round) -> str:
    """What came back to the worker."""
    if not round_.decision:
        return f"held back: {round_.held_back}" if round_.held_back else "it was not reviewed"
    asked = {
        Decision.APPROVE.value: "approves",
        Decision.REQUEST_CHANGES.value: "asks for changes",
    }.get(round_.decision, "decides nothing")
    places = [
        f"{finding.severity.value} {_place(finding)}{finding.claim}" for finding in round_.findings
    ]
    said = "; ".join(places) or round_.verdict
    return f"the reviewer {asked}: {said}".rstrip(": ")


def _place(finding: Finding) -> str:
    if not finding.file:
        return ""
    return f"{finding.file}:{finding.line} " if finding.line else f"{finding.file} "


def cost_of(rounds: Sequence[Round]) -> str:
    """`2 rounds, $0.42`."""
    total = sum((each.usd for each in rounds), Decimal(0))
    return f"{len(rounds)} round{'' if len(rounds) == 1 else 's'}, {dollars(total)}"
