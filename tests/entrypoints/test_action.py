"""The Action's end of loopcoder: inputs in, outputs, summary and annotations out."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from loopcoder.domain.diagnostic import ConfigurationError, Diagnostic, Place, Severity
from loopcoder.domain.tick.lifecycle import State
from loopcoder.domain.tick.report import ApiUse, StopReason, TickReport, UnitLine, UnitOutcome
from loopcoder.domain.unit import UnitId
from loopcoder.domain.views.job_summary import job_summary
from loopcoder.domain.views.unit_graph import Node
from loopcoder.entrypoints.running.action import Inputs
from loopcoder.entrypoints.views.annotation import annotate, annotation, disobeyed
from tests.support.golden import assert_golden
from tests.support.project import Project

AT = datetime(2026, 11, 26, 3, 17, tzinfo=UTC)
SITE = "https://github.com/acme/rocket"
EVIL = "x | y\n::error::no <!-- hi --> `code` @ana closes #7 [a](javascript:b)"
REPORT = TickReport(
    run="01K",
    stop_reason=StopReason.WAITING_FOR_MERGE,
    started_at=AT,
    finished_at=AT + timedelta(minutes=12, seconds=4),
    base="0123456789abcdef0123456789abcdef01234567",
    base_branch="main",
    units=(
        UnitLine(
            unit=UnitId("store"), title="Session store", outcome=UnitOutcome.PROPOSED,
            reason="#4 waits for a person to merge", issue=1, attempt=1, pull=4,
            usd=Decimal("0.4123"), tokens=1200,
        ),
        UnitLine(
            unit=UnitId("login"), title=EVIL, outcome=UnitOutcome.FAILED, reason=EVIL, issue=2,
            attempt=2, usd=Decimal("1.10"),
        ),
        UnitLine(
            unit=UnitId("notes"), title="Notes", outcome=UnitOutcome.BLOCKED,
            reason="blocked by login (#2)", issue=3,
        ),
    ),
    spent=Decimal("1.5123"),
    cap=Decimal(10),
    tokens=1200,
    api=ApiUse(requests=9, points=4, not_modified=5, writes=3),
    warnings=("the reviewer was never measured (calibration: off)",),
    waiting_for_you=("merge #4 (store)",),
    nodes=(
        Node(UnitId("store"), State.AWAITING_MERGE, (), 1),
        Node(UnitId("login"), State.READY, (UnitId("store"),), 2),
        Node(UnitId("notes"), State.BLOCKED, (UnitId("login"),), 3),
    ),
    diagnostics=(
        Diagnostic(Severity.WARNING, "done after an open one", "Tick it.", Place("ROADMAP.md", 7)),
    ),
)  # fmt: skip


def test_the_summary_of_a_tick() -> None:
    assert_golden("job-summary.md", job_summary(REPORT, SITE))


def test_a_summary_holds_no_word_of_an_agent_that_does_anything() -> None:
    text = job_summary(REPORT, SITE)
    (row,) = [line for line in text.splitlines() if "`login`" in line]
    assert row.count(" | ") == 6
    assert "<!--" not in text and "\n::error" not in text
    assert "closes #7" not in text


def test_without_a_page_numbers_are_no_links() -> None:
    assert "](" not in job_summary(REPORT, "").split("Waiting for you")[1].split("login")[0]


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (
            Diagnostic(Severity.ERROR, "unknown unit", "Did you mean `a`?", Place("ROADMAP.md", 4)),
            "::error file=ROADMAP.md,line=4,title=unknown unit::Did you mean `a`?",
        ),
        (Diagnostic(Severity.NOTE, "only this"), "::notice title=only this::only this"),
        (
            Diagnostic(Severity.WARNING, "a:b,c", "100 %\r\n::set-env::x", Place("a,b:c.md", 1)),
            "::warning file=a%2Cb%3Ac.md,line=1,title=a%3Ab%2Cc::100 %25%0A::set-env::x",
        ),
    ],
)
def test_an_annotation_is_one_line_whatever_it_says(given: Diagnostic, line: str) -> None:
    assert annotation(given) == line
    assert "\n" not in annotation(given)


def test_only_the_first_ten_of_a_level_are_sent() -> None:
    many = [Diagnostic(Severity.ERROR, f"{n}") for n in range(12)]
    lines = annotate([*many, Diagnostic(Severity.NOTE, "last")])
    assert len(lines) == 11
    assert lines[-1].startswith("::notice")


def test_the_runner_obeys_nothing_that_is_printed_meanwhile() -> None:
    output = io.StringIO()
    with disobeyed(output):
        output.write("::error::mine\n")
    first, lie, *_, last = output.getvalue().strip().splitlines()
    word = first.removeprefix("::stop-commands::")
    assert lie == "::error::mine"
    assert last == f"::{word}::" and len(word) > 30


def inputs(**given: str) -> Inputs:
    return Inputs.of(
        {f"LOOPCODER_INPUT_{n.upper()}": value for n, value in given.items()} | {"HOME": "x"}
    )


@pytest.mark.parametrize(
    ("given", "argv"),
    [
        ({}, ["-C", ".", "tick"]),
        ({"command": "doctor", "working_directory": "sub"}, ["-C", "sub", "doctor"]),
        (
            {"command": "tick", "arguments": "--once\n--unit\na b; rm -rf /\n"},
            ["-C", ".", "tick", "--once", "--unit", "a b; rm -rf /"],
        ),
        (
            {"command": "wave", "out": "o", "base": "b", "claim_minutes": "480", "config": "c.yml"},
            ["-C", ".", "--config", "c.yml", "tick", "--plan-wave", "o", "--base-checked", "b",
             "--claim-minutes", "480"],
        ),
        (
            {"command": "judge", "wave": "w", "given": "g", "unit": "u", "out": "o", "base": "no"},
            ["-C", ".", "review", "--wave", "w", "--given", "g", "--unit", "u", "--out", "o"],
        ),
    ],
)  # fmt: skip
def test_inputs_become_arguments_one_by_one(given: dict[str, str], argv: list[str]) -> None:
    assert inputs(**given).argv() == argv


@pytest.mark.parametrize(
    "command", ["approve", "retry", "pr", "hold", "init", "", "--help", "x\ny"]
)
def test_a_persons_words_are_not_for_a_workflow(command: str) -> None:
    if not command:
        assert inputs(command=command).argv() == ["-C", ".", "tick"]
        return
    with pytest.raises(ConfigurationError, match="does not offer"):
        inputs(command=command).argv()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def act(project: Project, **given: str) -> tuple[subprocess.CompletedProcess[str], str, str]:
    """One step of a job; what was printed, its summary, its outputs."""
    summary, outputs = project.folder / "summary.md", project.folder / "outputs"
    named = {f"LOOPCODER_INPUT_{n.upper()}": value for n, value in given.items()}
    env = {**project.environment, **named, "GITHUB_STEP_SUMMARY": str(summary),
           "GITHUB_OUTPUT": str(outputs)}  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-P", "-m", "loopcoder.entrypoints.running.action"],
        cwd=project.root, env=env, capture_output=True, text=True,
    )  # fmt: skip
    read = [path.read_text() if path.exists() else "" for path in (summary, outputs)]
    return done, read[0], read[1]


def test_a_tick_writes_summary_and_outputs(project: Project) -> None:
    project.begin("- [ ] Store <!-- id: store -->\n", work={"store": []})
    done, summary, outputs = act(project, command="tick", arguments="--max-units\n0")
    assert done.returncode == 0, done.stderr
    assert "| ⚪ | `store` Store | waiting | #1 |" in summary
    assert "stop-reason<<" in outputs and "\nlimit\n" in outputs
    path = next(line for line in outputs.splitlines() if line.endswith("report.md"))
    assert Path(path).is_file()
    assert json.dumps({"unit": []}) in outputs


def test_errors_of_the_roadmap_become_annotations(project: Project) -> None:
    project.begin("- [ ] A <!-- id: a -->\n- [ ] B (after: nobody, a) <!-- id: b -->\n")
    done, _, _ = act(project, command="compile")
    assert done.returncode == 2
    assert "\n::error file=ROADMAP.md,line=2,title=" in done.stdout


def test_a_file_of_the_repository_is_never_imported(project: Project) -> None:
    trap = "raise SystemExit('imported')"
    project.begin("- [ ] A <!-- id: a -->\n", files={"loopcoder/__init__.py": trap,
                                                     "json.py": trap, "yaml.py": trap})  # fmt: skip
    done, _, _ = act(project, command="ready")
    assert done.returncode == 0 and "imported" not in done.stdout + done.stderr
