"""The real workflow files, job by job, on runners of act: from a label to merged work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.act.stage import Stage
from tests.support.chain import CHAIN, WORK
from tests.support.project import writes

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    project = Stage(tmp_path)
    yield project
    project.close()


def test_from_a_label_to_merged_work(stage: Stage) -> None:
    stage.begin(CHAIN, work=WORK)
    said = stage.labelled("loopcoder:retry")
    assert "work-1" in said and "work-2" in said, "the wave has two jobs"
    assert set(stage.pulls()) == {"store", "notes"}
    assert stage.served("store.txt", "loopcoder/store") == "kept"
    assert {p.name for p in stage.artifacts.iterdir()} == {
        "loopcoder-base", "loopcoder-wave", "work-store", "work-notes", "judge-store",
        "judge-notes", "integrate",
    }  # fmt: skip

    stage.merge_all()
    stage.event("push", {"ref": "refs/heads/main"})
    assert "login" in stage.pulls()  # beside the one that ticks the roadmap's boxes
    stage.merge_all()
    stage.event("schedule")
    assert stage.served("login.txt") == "in"
    assert stage.issues["Login"].is_completed


def test_a_label_that_is_not_ours_wakes_nobody(stage: Stage) -> None:
    stage.begin(CHAIN, work=WORK)
    stage.labelled("good first issue")
    assert stage.issues == {}


def test_a_whole_tick_in_one_job(stage: Stage) -> None:
    stage.begin(CHAIN, work=WORK, single_job=True)
    stage.event("workflow_dispatch")
    assert set(stage.pulls()) == {"store", "notes"}


RED = """\
2026-03-01T10:00:02.1234567Z FAILED tests/test_shop.py::test_total - assert 1 == 2
2026-03-01T10:00:02.1234567Z ##[error]Process completed with exit code 1.
"""


def test_a_failing_run_becomes_one_issue_that_is_fixed_and_closed(stage: Stage) -> None:
    stage.begin(
        "- [x] Store <!-- id: store -->\n", discovers=True, work={"*": [writes(fixed="yes")]}
    )
    ended = {"action": "completed", "workflow_run": {"conclusion": "failure"}}
    for _ in range(2):
        head = stage.github.git.head("main") or ""
        stage.github.run_ci(head, "main", conclusion="failure", log=RED)
        stage.event("workflow_run", ended)
    (title,) = stage.issues
    assert title == "CI: test: tests/test_shop.py::test_total"
    assert stage.pulls() == {}

    number = stage.issues[title].number
    stage.ana.unlabel(number, "loopcoder:proposed")
    stage.event("issues", {"action": "unlabeled", "label": {"name": "loopcoder:proposed"}})
    ((unit, _),) = [(u, n) for u, n in stage.pulls().items() if u.startswith("ci-")]
    assert stage.served("fixed.txt", f"loopcoder/{unit}") == "yes"
    stage.merge_all()
    head = stage.github.git.head("main") or ""
    stage.github.run_ci(head, "main", conclusion="success")
    stage.event("workflow_run", {**ended, "workflow_run": {"conclusion": "success"}})
    assert stage.issues[title].is_completed
    assert stage.served("fixed.txt") == "yes"
