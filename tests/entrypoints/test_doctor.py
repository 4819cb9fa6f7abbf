"""`loopcoder doctor`: every ailment is made for real, found, and where it is safe, mended."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from loopcoder.domain.journal import event as e
from loopcoder.domain.unit import UnitId
from loopcoder.entrypoints.doctor.examination import examine
from loopcoder.entrypoints.doctor.finding import Level
from loopcoder.entrypoints.wiring.bootstrap import House, open_house
from loopcoder.ports.workspace import WorkspaceKey

if TYPE_CHECKING:
    from conftest import Project

UNIT = UnitId("session-store")


@pytest.fixture
def house(project: Project) -> House:
    return house_of(project)


def house_of(project: Project) -> House:
    environ = {**project.env(), "XDG_CACHE_HOME": str(project.home / "cache")}
    return open_house(project.root, from_base=False, environ=environ)


GIT_ALONE = "/usr/bin:/bin"


def told(house: House, name: str, level: Level) -> str:
    """Everything of one level that is said about one thing."""
    return "\n".join(
        f"{each.what} | {each.remedy}"
        for each in examine(house)
        if (each.name, each.level) == (name, level)
    )


def begin_attempt(house: House, number: int = 1) -> None:
    """An attempt by a process that is gone, with its workspace."""
    base = house.repository.base_head("main")
    gone = e.Holder("here", "an earlier boot", dead_pid(), 1.0)
    later = datetime.now(UTC) + timedelta(minutes=15)
    house.journal.record(
        e.Entry(e.ClaimTaken(gone, later), UNIT, epoch=number),
        e.Entry(e.AttemptBegun("r1", base, base, "default", "p", "d"), UNIT, number),
    )
    house.workspaces.open(WorkspaceKey(UNIT, number), base)


def dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def finish_attempt(house: House, number: int = 1) -> None:
    finished = e.AttemptFinished("failed", "tests red", strike=True)
    house.journal.record(e.Entry(finished, UNIT, number), e.Entry(e.ClaimReleased(), UNIT, number))


def test_a_healthy_project_has_nothing_to_tell(project: Project) -> None:
    done = project.loopcoder("doctor", XDG_CACHE_HOME=str(project.home / "cache"))
    assert "problem" not in done.stdout.replace("no problems", "")
    assert done.returncode == 0
    assert not (project.home / "cache").exists()
    assert not (project.root / ".git" / "loopcoder").exists()
    assert project.git("status", "--porcelain") == ""


def test_json_says_the_same(project: Project) -> None:
    project.write("loopcoder.yml", "version: 1\n")
    done = project.loopcoder("doctor", "--json")
    said = json.loads(done.stdout)
    assert done.returncode == 1
    assert said["healthy"] is False
    by_name = {each["name"]: each for each in said["findings"] if each["level"] == "problem"}
    assert set(by_name) == {"verify", "workers", "reviewer"}
    assert "nothing can be proposed" in by_name["verify"]["what"]
    assert by_name["verify"]["fixable"] is False


def test_a_broken_configuration_is_told_once_and_with_its_line(project: Project) -> None:
    project.write("loopcoder.yml", "version: 1\njbos: 3\nsandbox: of\n")
    found = [each for each in examine(house_of(project)) if each.level is Level.PROBLEM]
    assert [each.what for each in found] == [
        "loopcoder.yml:2: `jbos` is not a known key",
        "loopcoder.yml:3: `sandbox` cannot be `of`",
    ]


def test_what_is_not_committed_does_not_count(project: Project, house: House) -> None:
    project.write("loopcoder.yml", (project.root / "loopcoder.yml").read_text() + "jobs: 9\n")
    project.write("ROADMAP.md", "- [ ] A new one\n")
    assert "a tick takes what is committed" in told(house, "configuration", Level.WARNING)
    assert "not committed" in told(house, "roadmap", Level.NOTE)
    assert "changes that are not committed" in told(house, "tree", Level.NOTE)


def test_an_uncommitted_configuration_is_a_problem(empty_repository: Project) -> None:
    project = empty_repository
    project.write("README", "x")
    project.commit("README")
    project.write("loopcoder.yml", "version: 1\n")
    assert "is not committed on main" in told(house_of(project), "configuration", Level.PROBLEM)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- [ ] A <!-- id: a -->\n- [ ] B <!-- id: a -->\n", "ROADMAP.md:2:"),
        ("- [ ] A (after: nobody) <!-- id: a -->\n", "ROADMAP.md:1:"),
    ],
)
def test_a_roadmap_with_errors(project: Project, house: House, text: str, said: str) -> None:
    project.write("ROADMAP.md", text)
    project.commit("ROADMAP.md")
    assert said in told(house, "roadmap", Level.PROBLEM)


def test_units_without_an_id_are_counted(project: Project, house: House) -> None:
    project.write("ROADMAP.md", "- [ ] A <!-- id: a -->\n- [ ] Another\n")
    project.commit("ROADMAP.md")
    said = told(house, "roadmap", Level.WARNING)
    assert "1 units have no id and are skipped (lines 2)" in said
    assert "loopcoder plan" in said


def test_a_roadmap_that_is_not_there(project: Project, house: House) -> None:
    project.git("rm", "-q", "ROADMAP.md")
    project.git("commit", "-q", "-m", "Remove")
    assert "there is no ROADMAP.md" in told(house, "roadmap", Level.PROBLEM)
    project.write("ROADMAP.md", "- [ ] A <!-- id: a -->\n")
    assert "is not committed on main" in told(house, "roadmap", Level.PROBLEM)


def test_missing_tools_and_agents(project: Project, house: House) -> None:
    project.write(
        "loopcoder.yml",
        "verify: no-such-tool --all\n"
        "workers: {default: {kind: command, run: ./agent.sh},\n"
        "  x: {kind: aider, fallback: [default]}}\n"
        "reviewer: {kind: command, run: python3, calibration: required}\nsandbox: off\n",
    )
    assert "not found: no-such-tool, ./agent.sh" in told(house, "tools", Level.PROBLEM)
    assert "x: aider is not installed" in told(house, "workers", Level.WARNING)
    assert "it was never measured" in told(house, "reviewer", Level.PROBLEM)
    assert "whatever you can" in told(house, "sandbox", Level.WARNING)


def test_an_agent_that_cannot_be_started_is_a_problem(project: Project) -> None:
    config = "workers: {default: {kind: codex}}\nreviewer: {kind: command, run: 'true'}\n"
    project.write("loopcoder.yml", config)
    house = open_house(project.root, from_base=False, environ=project.env(PATH=GIT_ALONE))
    assert "Codex is not installed" in told(house, "workers", Level.PROBLEM)
    project.write("loopcoder.yml", "reviewer: {kind: command, run: 'true'}\n")
    house = open_house(project.root, from_base=False, environ=project.env(PATH=GIT_ALONE))
    assert "no agent was found on PATH" in told(house, "workers", Level.PROBLEM)


def test_a_base_that_is_not_there(project: Project, house: House) -> None:
    project.write("loopcoder.yml", "base: trunk\n")
    assert "trunk" in told(house, "base", Level.PROBLEM)


def test_a_detached_head_is_only_noted(project: Project, house: House) -> None:
    project.git("checkout", "-q", "--detach")
    assert "HEAD is detached" in told(house, "tree", Level.NOTE)


def test_a_claim_of_a_dead_process_is_noted(project: Project, house: House) -> None:
    begin_attempt(house)
    assert "gone: session-store" in told(house, "claims", Level.NOTE)
    assert told(house, "workspaces", Level.WARNING) == ""


def test_an_attempt_that_is_interrupted_again_and_again(house: House) -> None:
    begin_attempt(house)
    gone = e.Holder("here", "boot", dead_pid(), 1.0)
    for _ in range(3):
        house.journal.record(e.Entry(e.ClaimTaken(gone, datetime.now(UTC)), UNIT))
    assert "again and again: session-store" in told(house, "units", Level.WARNING)


def test_units_that_wait_for_a_person(house: House) -> None:
    house.journal.record(e.Entry(e.NeedsHuman(("three strikes",)), UNIT))
    assert "waiting for a person: session-store" in told(house, "units", Level.WARNING)


def test_a_workspace_of_a_finished_attempt_is_removed_and_its_work_is_kept(house: House) -> None:
    begin_attempt(house)
    (workspace,) = house.workspaces.list_workspaces()
    (workspace.tree / "new.txt").write_text("precious\n")
    finish_attempt(house)
    assert "session-store (1)" in told(house, "workspaces", Level.WARNING)
    assert workspace.tree.exists()

    (mended,) = [each for each in examine(house, repair=True) if each.name == "workspaces"]
    assert mended.repaired.startswith("removed 1")
    assert list(house.workspaces.list_workspaces()) == []
    patch = house.state_dir / "rescued" / "session-store-1.patch"
    assert "+precious" in patch.read_text()
    assert told(house, "workspaces", Level.WARNING) == ""

    begin_attempt(house, 2)
    assert told(house, "workspaces", Level.WARNING) == ""


def test_an_earlier_rescued_patch_is_never_overwritten(house: House) -> None:
    rescued = house.state_dir / "rescued"
    rescued.mkdir()
    (rescued / "session-store-1.patch").write_text("older")
    begin_attempt(house)
    (workspace,) = house.workspaces.list_workspaces()
    (workspace.tree / "new.txt").write_text("precious\n")
    finish_attempt(house)
    examine(house, repair=True)
    assert (rescued / "session-store-1.patch").read_text() == "older"
    assert "+precious" in (rescued / "session-store-1-2.patch").read_text()


def test_folders_of_killed_processes_are_swept(house: House) -> None:
    left = house.cache_dir / "checkouts" / "verify-abc"
    left.mkdir(parents=True)
    assert "1 folders of a killed process" in told(house, "leftovers", Level.WARNING)
    examine(house, repair=True)
    assert not left.exists()


def test_while_a_tick_is_at_work_nothing_is_swept(house: House) -> None:
    from loopcoder.adapters.tick_lock import tick_lock

    left = house.cache_dir / "checkouts" / "verify-abc"
    left.mkdir(parents=True)
    with tick_lock(house.state_dir):
        found = examine(house, repair=True)
        assert left.exists()
    assert [each for each in found if each.name == "leftovers"] == []


def test_branches_that_no_attempt_made_are_told_and_kept(project: Project, house: House) -> None:
    project.git("branch", "loopcoder/session-store")
    project.git("branch", "loopcoder/stranger")
    begin_attempt(house)
    said = told(house, "branches", Level.WARNING)
    assert "stranger" in said
    assert "session-store" not in said
    examine(house, repair=True)
    assert "loopcoder/stranger" in project.git("branch", "--list", "loopcoder/*")


def test_a_forged_journal_is_found_and_left_alone_until_asked(house: House) -> None:
    house.journal.record(e.Entry(e.Held("ana")), e.Entry(e.Released("ana")))
    house.journal.close()
    path = house.state_dir / "journal.db"
    with sqlite3.connect(path) as db:
        db.execute("DROP TRIGGER events_never_change")
        db.execute("UPDATE events SET row = replace(row, 'ana', 'eve')")
    db.close()
    before = path.read_bytes()
    assert "cannot be trusted from event 1" in told(house, "journal", Level.PROBLEM)
    assert path.read_bytes() == before
    (mended,) = [each for each in examine(house, repair=True) if each.name == "journal"]
    assert mended.repaired
    assert told(house_again(house), "journal", Level.PROBLEM) == ""


def house_again(house: House) -> House:
    return open_house(house.directory, from_base=False, environ=house.environ)


@pytest.mark.skipif(os.name != "posix", reason="signals and paths of POSIX")
def test_outside_a_repository(project: Project, make_folder: Callable[[], Path]) -> None:
    done = project.loopcoder("-C", str(make_folder()), "doctor")
    assert done.returncode == 2
    assert "git init" in done.stderr
