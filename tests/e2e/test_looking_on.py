"""What a person sees who looks while a tick is at work, and after it was killed."""

from __future__ import annotations

import time
from pathlib import Path

from tests.support.project import Project, writes


def wait_for(project: Project, *args: str, said: str) -> str:
    for _ in range(100):
        shown = project.run(*args, exit_code=None).stdout
        if said in shown:
            return shown
        time.sleep(0.1)
    raise AssertionError(f"{args} never said {said!r}: {shown}")


def test_what_runs_is_told_from_what_was_killed(tmp_path: Path) -> None:
    project = Project(tmp_path).begin("- [ ] A <!-- id: a -->\n", work={"a": [[{"sleep": 60}]]})
    tick = project.start("tick")
    try:
        log = wait_for(project, "log", "a", said="work  running")
        assert "being worked on now" in log
        assert f"is at work (process {tick.pid})" in project.run("status").stdout
    finally:
        tick.kill()
        tick.communicate()
    log = project.run("log", "a").stdout
    assert "work  interrupted" in log
    assert "the next tick goes on from its last stage" in log
    assert "was killed; the next one goes on from there" in project.run("status").stdout


def test_a_question_is_answered_with_a_note_and_every_proposal_is_found(tmp_path: Path) -> None:
    asks = [{"outcome": {"status": "needs-input", "reason": "Which colour?"}}]
    roadmap = "- [ ] A <!-- id: a -->\n- [ ] B <!-- id: b -->\n"
    project = Project(tmp_path).begin(
        roadmap, work={"a": [asks, *([asks] * 2)], "b": [writes(b="x")]}
    )
    project.tick()
    status = project.run("status").stdout
    assert "Which colour? (answer: loopcoder retry a --note '…')" in status
    assert "Did you mean '#1' (a)?" in project.run("explain", "1", exit_code=1).stderr
    shown = project.run("pr", "show", "b").stdout
    assert shown.startswith("#3 B")
    assert "<!--" not in shown and "<details>" not in shown
    assert "for programs; --json shows them" in shown
    assert max(map(len, shown.splitlines())) < 1000
    assert "no pull request of a unit 'a'" in project.run("pr", "show", "a", exit_code=1).stderr
    assert "<!--" not in project.run("issue", "show", "1").stdout
    project.run("pr", "close", "3")
    assert {row["unit"] for row in project.json("ready")["needs_human"]} == {"a", "b"}
