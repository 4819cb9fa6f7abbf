"""Who may judge whose work."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from loopcoder.domain.journal.event import Calibrated
from loopcoder.domain.review.trust import (
    Standing,
    identify,
    program_files,
    refusal,
    same_mind,
    standing,
)
from loopcoder.domain.settings import (
    Calibration,
    Independence,
    ReviewerSpec,
    Thresholds,
    WorkerSpec,
)
from tests.support.world import NOW, Story

SPEC = WorkerSpec("reviewer", "anthropic", "opus")
ME = identify(SPEC, "prompt-1", {})
WANTED = Thresholds()
FINE = Standing("", "fine")


def calibrated(**changes: Any) -> Calibrated:
    made = Calibrated(
        run="r",
        identity=ME.digest,
        provider=ME.provider,
        model=ME.model,
        prompt=ME.prompt,
        cases="24+16",
        defects=24,
        caught=22,
        clean=16,
        alarms=1,
        until=NOW + timedelta(days=30),
    )
    return replace(made, **changes)


def fault(fact: Calibrated | None = None, **wanted: Any) -> str:
    story = Story()
    if fact:
        story.tell(fact)
    return standing(ME, story.history, Thresholds(**wanted), NOW).fault


def test_a_passing_calibration_opens_the_gate() -> None:
    assert fault(calibrated()) == ""


@pytest.mark.parametrize(
    ("fact", "wanted", "told"),
    [
        (None, {}, "it was never measured"),
        (calibrated(provider="codex:x", identity="other"), {}, "it was never measured"),
        (calibrated(identity="o", prompt="prompt-0"), {}, "the review prompt has changed since"),
        (calibrated(identity="o"), {}, "its configuration has changed since"),
        (calibrated(caught=19), {}, "failed: it caught 19 of 24"),
        (calibrated(alarms=4), {}, "failed: it held 4 of 16"),
        (calibrated(), {"catch": 0.95}, "failed"),
        (calibrated(until=NOW), {}, "expired on 2026-03-01"),
        (calibrated(), {"days": 0}, "expired"),
        (calibrated(defects=3, caught=3, clean=2, alarms=0), {}, "too few"),
    ],
)
def test_the_gate_stays_shut(fact: Calibrated | None, wanted: dict[str, Any], told: str) -> None:
    assert told in fault(fact, **wanted)


def test_the_newest_calibration_counts() -> None:
    story = Story().tell(calibrated(), calibrated(caught=1))
    assert "failed" in standing(ME, story.history, WANTED, NOW).fault
    story.tell(calibrated())
    assert not standing(ME, story.history, WANTED, NOW).fault


@pytest.mark.parametrize(
    "changed",
    [
        {"model": "sonnet"},
        {"kind": "codex"},
        {"argv": ("./other.sh",)},
        {"env": {"MODEL": "x"}},
        {"options": {"mcp": ["x"]}},
    ],
)
def test_what_changes_a_judgement_changes_the_identity(changed: dict[str, Any]) -> None:
    assert identify(replace(SPEC, **changed), "prompt-1", {}).digest != ME.digest


def test_so_do_the_prompt_and_the_programs_text_and_nothing_else_does() -> None:
    assert identify(SPEC, "prompt-2", {}).digest != ME.digest
    assert identify(SPEC, "prompt-1", {"review.sh": "x"}).digest != ME.digest
    renamed = replace(SPEC, name="standby", timeout_s=1.0, max_parallel=2, fallback=("x",))
    assert identify(renamed, "prompt-1", {}).digest == ME.digest


def test_the_files_a_program_may_have() -> None:
    spec = WorkerSpec("a", "command", argv=("python3", "-u", "./review.py", "/etc/x"))
    assert program_files(spec) == ("python3", "review.py")
    assert program_files(WorkerSpec("a", "scripted", options={"script": "s.json"})) == ("s.json",)


@pytest.mark.parametrize(
    ("worker", "reviewer", "same"),
    [
        (("anthropic", "sonnet"), ("anthropic", "opus"), False),
        (("anthropic", "sonnet"), ("anthropic", "sonnet"), True),
        (("claude-code", "sonnet"), ("anthropic", "Sonnet"), True),
        (("opencode", "anthropic/sonnet"), ("anthropic", "sonnet"), True),
        (("claude-code", ""), ("anthropic", "sonnet"), False),
        (("claude-code", ""), ("claude-code", ""), True),
        (("claude-code", ""), ("codex", ""), False),
        (("scripted", ""), ("scripted", ""), False),
    ],
)
def test_who_is_the_same_mind(
    worker: tuple[str, str], reviewer: tuple[str, str], same: bool
) -> None:
    assert same_mind(WorkerSpec("w", *worker), WorkerSpec("r", *reviewer)) is same


def test_programs_are_told_apart_by_their_command_line() -> None:
    one, other = (WorkerSpec("x", "command", argv=(name,)) for name in ("./a", "./b"))
    assert same_mind(one, replace(one, name="y"))
    assert not same_mind(one, other)


def test_independence_is_given_up_in_so_many_words_only() -> None:
    worker = WorkerSpec("default", "anthropic", "opus")
    rules = ReviewerSpec(SPEC)
    told = refusal(worker, SPEC, rules, FINE)
    assert told == "it is the same model, opus, as the worker `default`"
    assert not refusal(worker, SPEC, replace(rules, independence=Independence.OFF), FINE)


def test_calibration_is_given_up_in_so_many_words_only() -> None:
    unmeasured = Standing("it was never measured", "")
    rules = ReviewerSpec(SPEC)
    assert refusal(None, SPEC, rules, unmeasured) == "it was never measured"
    assert not refusal(None, SPEC, replace(rules, calibration=Calibration.OFF), unmeasured)
