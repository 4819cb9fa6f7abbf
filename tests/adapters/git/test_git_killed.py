"""Killed at any instant and run again, the world ends the same."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from loopcoder.domain.unit import UnitId
from loopcoder.ports.workspace import WorkspaceKey

KEY = WorkspaceKey(UnitId("unit"), 1)

# A whole attempt, with work that is always the same.
CHILD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from loopcoder.adapters.git.repository import Repository
from loopcoder.adapters.git.workspace import GitWorkspaces
from loopcoder.domain.unit import UnitId
from loopcoder.ports.workspace import CommitDraft, WorkspaceKey

root, cache = map(Path, sys.argv[1:])
repository = Repository.discover(root)
spaces = GitWorkspaces(repository, cache)
print("ready", flush=True)
workspace = spaces.open(WorkspaceKey(UnitId("unit"), 1), repository.resolve("HEAD"))
spaces.settle(workspace)
for number in range(30):
    (workspace.tree / f"new{number}").write_text(f"{number}\\n")
change = spaces.collect(workspace)
draft = CommitDraft("subject", datetime(2026, 1, 1, tzinfo=UTC))
commit = spaces.commit(workspace, change, draft)
fresh = spaces.checkout(commit, "verify")
spaces.combine(workspace.start, [commit], "merge")
spaces.discard(fresh)
print(commit)
"""


def run(project, kill_after: float | None = None) -> str:
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, project.root, project.cache],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(), start_new_session=True,
    ) as child:  # fmt: skip
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        if kill_after is not None:
            time.sleep(kill_after)
            os.killpg(child.pid, signal.SIGKILL)  # git goes too, in the middle of what it does
        out, err = child.communicate()
    assert kill_after is not None or child.returncode == 0, err.decode()
    return out.decode().strip()


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}


@pytest.fixture
def undisturbed(project) -> str:
    commit = run(project)
    project.git("update-ref", "-d", "refs/loopcoder/attempts/unit/1")
    subprocess.run(["rm", "-rf", project.cache], check=True)
    return commit


def _kill_and_finish(project, undisturbed: str, instants: list[float]) -> None:
    for instant in instants:
        run(project, kill_after=instant)
        assert run(project) == undisturbed
        assert project.git("rev-parse", "refs/loopcoder/attempts/unit/1") == undisturbed
        project.workspaces.sweep()
        left = sorted(path.name for path in (project.cache / "units" / "unit").iterdir())
        assert left == ["1"]
        assert list((project.cache / "checkouts").iterdir()) == []
        project.git("update-ref", "-d", "refs/loopcoder/attempts/unit/1")
        subprocess.run(["rm", "-rf", project.cache], check=True)
    project.assert_untouched()


def test_killed_at_some_instants(project, undisturbed: str) -> None:
    _kill_and_finish(project, undisturbed, [0.004, 0.012, 0.02, 0.03, 0.04])


@pytest.mark.slow
def test_killed_at_many_instants(project, undisturbed: str) -> None:
    instants = random.Random(7)
    _kill_and_finish(project, undisturbed, [instants.uniform(0, 0.08) for _ in range(150)])


def test_locks_left_behind_do_not_stick(project) -> None:
    workspace = project.open()
    (workspace.tree / "new").write_text("new\n")
    (workspace.tree.parent / "clean.git" / "index.lock").write_bytes(b"")
    change = project.workspaces.collect(workspace)
    lock = project.root / ".git" / "refs" / "loopcoder" / "attempts" / "unit" / "1.lock"
    lock.parent.mkdir(parents=True)
    lock.write_bytes(b"")
    commit = project.workspaces.commit(workspace, change, project.draft())
    assert project.git("rev-parse", "refs/loopcoder/attempts/unit/1") == commit
    project.assert_untouched()


def test_a_half_built_folder_is_built_anew(project) -> None:
    half = project.cache / "units" / "unit" / ".1.abandoned"
    (half / "tree").mkdir(parents=True)
    (half / "tree" / "a.txt").write_text("half")
    assert (project.open().tree / "a.txt").read_text() == "one\ntwo\n"
    assert not half.exists()


def test_two_that_make_the_plumbing_at_once_both_work(project) -> None:
    children = [
        subprocess.Popen(
            [sys.executable, "-c", CHILD.replace('"unit"', f'"unit{number}"'), project.root,
             project.cache],
            stdout=subprocess.PIPE, env=environment(),
        )
        for number in range(3)
    ]  # fmt: skip
    outputs = [child.communicate()[0].decode().split() for child in children]
    assert len({tuple(output) for output in outputs}) == 1
    assert [child.returncode for child in children] == [0, 0, 0]
