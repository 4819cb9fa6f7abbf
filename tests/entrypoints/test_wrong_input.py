"""Whatever is wrong with the call, the configuration or the place: a sentence, and exit code 2."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Project

Situation = Callable[["Project"], object]


def commit_config(text: str) -> Situation:
    def situation(project: Project) -> None:
        project.write("loopcoder.yml", text)
        project.commit("loopcoder.yml")

    return situation


def remove_config(project: Project) -> None:
    project.git("rm", "-q", "loopcoder.yml")
    project.git("commit", "-q", "-m", "Remove")


def uncommitted_config(project: Project) -> None:
    project.git("rm", "-q", "--cached", "loopcoder.yml")
    project.git("commit", "-q", "-m", "Remove")


AGENT = "{kind: command, run: ['true']}"

WRONG = [
    ("no configuration", remove_config, "There is no loopcoder.yml"),
    ("uncommitted", uncommitted_config, "loopcoder.yml is not committed on main"),
    ("broken YAML", commit_config("base: [main\n"), "loopcoder.yml:1: error: this is not YAML"),
    ("unknown key", commit_config("sandbx: off\n"), "did you mean `sandbox`?"),
    ("no base branch", commit_config("base: trunk\n"), "There is no branch trunk here"),
    ("no origin", commit_config("tracker: github\n"), "no remote named origin points to"),
    (
        "no token",
        commit_config("tracker: github\nrepository: acme/rocket\n"),
        "there is no token",
    ),
]
NOBODY_TO_ACT = [
    ("no reviewer", commit_config(f"workers: {{default: {AGENT}}}\nverify: x\n"), "No reviewer"),
    ("no worker", commit_config(f"reviewer: {AGENT}\nverify: x\n"), "No worker"),
    (
        "not installed",
        commit_config(f"workers: {{default: {{kind: codex}}}}\nreviewer: {AGENT}\nverify: x\n"),
        "Codex is not installed",
    ),
]


def sentence(done: subprocess.CompletedProcess[str], expected: str) -> None:
    assert done.returncode == 2, done.stderr
    assert expected.casefold() in done.stderr.casefold()
    assert "Traceback" not in done.stdout + done.stderr
    assert "internal error" not in done.stderr


@pytest.mark.parametrize(
    ("situation", "expected"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG]
)
def test_a_tick_is_refused(project: Project, situation: Situation, expected: str) -> None:
    situation(project)
    sentence(project.loopcoder("tick"), expected)


@pytest.mark.parametrize(
    ("situation", "expected"),
    [row[1:] for row in NOBODY_TO_ACT],
    ids=[row[0] for row in NOBODY_TO_ACT],
)
def test_a_tick_without_anybody_to_act_is_refused(
    project: Project, situation: Situation, expected: str
) -> None:
    situation(project)
    sentence(project.loopcoder("tick"), expected)


@pytest.mark.parametrize(
    ("situation", "expected"),
    [row[1:] for row in WRONG if row[0] not in ("uncommitted", "no base branch")],
    ids=[row[0] for row in WRONG if row[0] not in ("uncommitted", "no base branch")],
)
def test_a_list_is_refused(project: Project, situation: Situation, expected: str) -> None:
    situation(project)
    sentence(project.loopcoder("issue", "list"), expected)


def test_a_repository_without_a_commit(empty_repository: Project) -> None:
    sentence(empty_repository.loopcoder("tick"), "has no commit yet")


def test_no_repository(project: Project, make_folder: Callable[[], object]) -> None:
    for verb in (["tick"], ["issue", "list"], ["doctor"], ["init"], ["status"]):
        folder = project.home / "nowhere"
        folder.mkdir(exist_ok=True)
        sentence(project.loopcoder("-C", str(folder), *verb), "git")


def test_a_detached_head_and_a_dirty_tree_are_no_error(project: Project) -> None:
    project.git("checkout", "-q", "--detach")
    project.write("notes.txt", "mine")
    done = project.loopcoder("issue", "list")
    assert (done.returncode, done.stderr) == (0, "")
    assert project.git("status", "--porcelain") == "?? notes.txt"


def test_a_reviewer_that_is_not_installed_costs_nothing(project: Project) -> None:
    commit_config(f"workers: {{default: {AGENT}}}\nreviewer: {{kind: codex}}\nverify: x\n")(project)
    done = project.loopcoder("calibrate")
    assert done.returncode == 1
    assert "Codex is not installed" in done.stderr
    assert json.loads(project.loopcoder("budget", "--json").stdout)["total"]["spent_usd"] == 0
