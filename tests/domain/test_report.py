from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from loopcoder.domain.diagnostic import Diagnostic, Place, Severity
from loopcoder.domain.review.verdict import Check, Finding, Weight
from loopcoder.domain.tick.report import (
    ApiUse,
    StageTime,
    StopReason,
    TickReport,
    UnitLine,
    UnitOutcome,
)
from loopcoder.domain.unit import UnitId
from loopcoder.domain.views.report import STOPPED, duration, report_markdown
from tests.support.golden import assert_golden

AT = datetime(2026, 11, 21, 9, 0, 10, tzinfo=UTC)
EMPTY = TickReport(
    run="01JD6F2A",
    stop_reason=StopReason.IDLE,
    started_at=datetime(2026, 11, 21, 9, 0, tzinfo=UTC),
    finished_at=datetime(2026, 11, 21, 9, 12, 5, tzinfo=UTC),
    base="4be1d0a94be1d0a94be1d0a94be1d0a94be1d0a9",
    base_branch="main",
)
PROPOSED = UnitLine(
    UnitId("changelog"),
    "Changelog",
    UnitOutcome.PROPOSED,
    "#21 waits for a person to merge",
    issue=4,
    stage="publish",
    attempt=1,
    branch="loopcoder/changelog",
    head="77aa77aa77aa77aa77aa77aa77aa77aa77aa77aa",
    pull=21,
    usd=Decimal("0.11"),
    tokens=20_100,
    worker="codex",
    reviewer="claude",
    checks=(Check("pytest -q", True, 0, 3.21),),
    findings=(Finding(Weight.NIT, "Date format", "CHANGELOG.md", 3),),
    verdict="approve",
    files=("CHANGELOG.md", "docs/releases.md"),
    seconds=100,
    rounds=1,
    follow_ups=("Say how releases are made",),
    stages=(
        StageTime("work", 1, AT, AT + timedelta(seconds=70), True),
        StageTime("commit", 1, AT + timedelta(seconds=70), AT + timedelta(seconds=70), True),
        StageTime("verify", 1, AT + timedelta(seconds=70), AT + timedelta(seconds=74), True),
        StageTime("review", 1, AT + timedelta(seconds=74), AT + timedelta(seconds=99), True),
    ),
)
FAILED = UnitLine(
    UnitId("session-store"),
    "Session store",
    UnitOutcome.FAILED,
    "`pytest -q` exited 1",
    issue=3,
    stage="verify",
    attempt=2,
    usd=Decimal("0.52"),
    tokens=90_000,
    worker="claude",
    checks=(Check("pytest -q", False, 1, 4.0, "E  assert ttl == 60\n1 failed"),),
    seconds=192,
    stages=(
        StageTime("work", 1, AT, AT + timedelta(seconds=90), True),
        StageTime("verify", 1, AT + timedelta(seconds=90), AT + timedelta(seconds=94), False),
        StageTime("work", 2, AT + timedelta(seconds=94), AT + timedelta(seconds=180), True),
        StageTime("verify", 2, AT + timedelta(seconds=180), AT + timedelta(seconds=184), False),
    ),
    rounds=3,
)
BLOCKED = UnitLine(
    UnitId("login-form"), "Login form", UnitOutcome.BLOCKED, "waits for session-store", issue=5
)
FULL = replace(
    EMPTY,
    stop_reason=StopReason.WAITING_FOR_MERGE,
    units=(PROPOSED, FAILED, BLOCKED),
    spent=Decimal("0.63"),
    cap=Decimal(10),
    tokens=110_100,
    writes=4,
    api=ApiUse(11, 9, 5, 4, 1, 2.5),
    warnings=(
        "the reviewer was never measured (calibration: off)",
        "agents and checks run without a sandbox (sandbox: off)",
    ),
    diagnostics=(
        Diagnostic(Severity.WARNING, "done unit after an open one", "", Place("ROADMAP.md", 9)),
    ),
    waiting_for_you=("merge #21 (changelog)",),
)


def test_a_full_report() -> None:
    assert_golden("report.md", report_markdown(FULL))


def test_a_report_of_nothing() -> None:
    assert_golden("report-empty.md", report_markdown(EMPTY))


def test_what_is_switched_off_is_said_before_everything_else() -> None:
    text = report_markdown(FULL)
    assert text.index("calibration: off") < text.index("## ")
    assert text.index("sandbox: off") < text.index("## ")


def test_a_red_base_is_named() -> None:
    red = replace(EMPTY, stop_reason=StopReason.BASE_RED, base_failing="`pytest -q` exited 1")
    assert "the base is red (`pytest -q` exited 1)" in report_markdown(red)


def test_every_reason_to_stop_has_its_sentence() -> None:
    assert set(STOPPED) == set(StopReason)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (192, "3 min 12 s"), (7500, "2 h 05 min")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def headings(markdown: str) -> list[str]:
    parsed = MarkdownIt("commonmark").enable("table").parse(markdown)
    return [t.tag for t in parsed if t.type in ("heading_open", "table_open", "fence")]


HOSTILE = st.lists(
    st.sampled_from(
        ["```", "\n", "\n# x", "|", "<details>", "<!--", "@ana", "\x1b[2J", "a ", "~~~"]
    ),
    max_size=8,
).map("".join)


@settings(max_examples=60)
@given(HOSTILE)
def test_nobody_elses_text_becomes_a_part_of_ours(text: str) -> None:
    line = replace(
        FAILED,
        title=f"t {text}",
        reason=f"r {text}",
        checks=(Check(f"c {text}", False, 1, 1.0, f"x {text}"),),
        findings=(Finding(Weight.MAJOR, f"f {text}", f"p {text}"),),
        verdict=f"v {text}",
        files=(f"p {text}",),
        follow_ups=(f"u {text}",),
    )
    hostile = replace(FULL, units=(line, replace(BLOCKED, reason=f"b {text}")))
    calm = replace(FULL, units=(FAILED, BLOCKED))
    markdown = report_markdown(hostile)
    assert headings(markdown) == headings(report_markdown(calm))
    assert "\x1b" not in markdown and "<!--" not in markdown and "<details>" not in markdown
