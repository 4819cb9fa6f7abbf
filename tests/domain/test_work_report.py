"""What a worker reported is read from receipts, its continuation taken in."""

from __future__ import annotations

from dataclasses import replace

from loopcoder.domain.context.work_report import joined, open_steps, steps_as_json, steps_of
from loopcoder.domain.journal.event import StageFinished

WORK = StageFinished(
    "work", 1, True, detail={"outcome": "done", "summary": "a", "steps": [], "follow_ups": [{}]}
)


def test_numbers_are_read_against_the_checklist() -> None:
    assert steps_as_json(["a", "b"], None) == []
    told = replace(WORK, detail={"steps": steps_as_json(["a", "b"], [2, 7])})
    assert [(step.text, step.done) for step in steps_of(told)] == [("a", True), ("b", False)]
    assert [step.text for step in open_steps(told)] == ["b"]
    assert steps_of(WORK) == steps_of(None) == ()


def test_a_continuation_adds_and_a_failed_one_takes_nothing_away() -> None:
    more = StageFinished(
        "continue", 1, True, detail={"outcome": "satisfied", "summary": "b", "follow_ups": [{}]}
    )
    both = joined(WORK, more)
    assert both.detail["summary"] == "a\n\nb"
    assert (both.stage, both.detail["outcome"]) == ("work", "done")
    assert both.detail["follow_ups"] == [{}, {}]
    assert joined(WORK, replace(more, passed=False)) == WORK
    asks = replace(more, detail={"outcome": "blocked"})
    assert joined(WORK, asks).detail["outcome"] == "blocked"
