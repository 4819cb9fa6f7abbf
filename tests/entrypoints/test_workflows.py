"""The workflows we write, and those we run ourselves: least rights and whole pins."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from loopcoder.entrypoints.config.loader import load_settings
from loopcoder.entrypoints.setup.workflow_setup import workflow_plan
from loopcoder.entrypoints.setup.workflows import CI, TICK, WorkflowPlan, starter_workflows

ROOT = Path(__file__).parents[2]
ACTION = "acme/loopcoder@" + "a" * 40
PLAN = WorkflowPlan(ACTION, keys=("ANTHROPIC_API_KEY", "OTHER_KEY"))
OURS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
READS = {"actions", "checks", "contents", "issues", "pull-requests", "statuses"}


def jobs(text: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(text)["jobs"]
    return found


def texts() -> dict[str, str]:
    alone = WorkflowPlan(ACTION, single_job=True, discovers=False)
    return {**starter_workflows(PLAN), "single.yml": starter_workflows(alone)[TICK]}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Every workflow as a file of a repository of its own, where the linters look for it."""
    root = tmp_path_factory.mktemp("workflows")
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    folder = root / ".github" / "workflows"
    folder.mkdir(parents=True)
    for name, text in texts().items():
        (folder / Path(name).name).write_text(text)
    return [*sorted(folder.glob("*.yml")), *OURS]


def lint(*command: str | Path) -> None:
    words = [Path(sys.executable).with_name(str(command[0])), *command[1:]]
    assert words[0].exists(), f"{command[0]} is not installed: make .venv"
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_zizmor_has_nothing_to_say(written: list[Path]) -> None:
    config = ROOT / ".github" / "zizmor.yml"
    lint("zizmor", "--offline", "--no-progress", "--config", config, *written, ROOT / "action.yml")


def test_actionlint_has_nothing_to_say(written: list[Path]) -> None:
    lint("actionlint", *written)


def test_the_schemas_hold(written: list[Path]) -> None:
    lint("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *written)
    lint("check-jsonschema", "--builtin-schema", "vendor.github-actions", ROOT / "action.yml")


def test_the_one_exception_says_why() -> None:
    for path in OURS:
        assert "zizmor: ignore" not in path.read_text() or path.name == "loopcoder-ci.yml"
    lines = starter_workflows(PLAN)[CI].splitlines()
    (number,) = [n for n, line in enumerate(lines) if "zizmor: ignore" in line]
    assert "Nothing of the run is checked out" in lines[number - 1]


def test_whoever_runs_an_agent_or_a_test_holds_no_token() -> None:
    found = jobs(starter_workflows(PLAN)[TICK])
    for name in ("work", "judge", "integrate"):
        assert found[name]["permissions"] == {"contents": "read"}
        for step in found[name]["steps"]:
            assert "token" not in step.get("with", {})
            assert "github.token" not in str(step)
            keys = step.get("env") or {}
            allowed = set(PLAN.keys) if name != "integrate" else set()
            assert set(keys) <= allowed, (name, keys)
    reads = found["base"]["permissions"]
    assert set(reads) == READS and set(reads.values()) == {"read"}


def test_whoever_holds_a_token_that_writes_gets_no_key() -> None:
    found = jobs(starter_workflows(PLAN)[TICK])
    for name in ("plan", "publish"):
        assert "write" in found[name]["permissions"].values()
        assert "API_KEY" not in str(found[name])
    assert found["plan"]["permissions"]["pull-requests"] == "read"
    commands = {n: [s["with"]["command"] for s in j["steps"] if "command" in s.get("with", {})]
                for n, j in found.items()}  # fmt: skip
    assert commands == {
        "base": ["base"], "plan": ["wave"], "work": ["work"], "judge": ["judge"],
        "integrate": ["integrate"], "publish": ["publish"],
    }  # fmt: skip


@pytest.mark.parametrize("name", [*texts(), *[p.name for p in OURS]])
def test_pins_are_whole_and_no_credentials_stay(name: str) -> None:
    ours = {path.name: path.read_text() for path in OURS}
    text = texts().get(name) or ours[name]
    assert "pull_request_target" not in text and "actions/cache" not in text
    assert yaml.safe_load(text)["permissions"] == {}
    for job in jobs(text).values():
        assert job["permissions"]
        assert job["timeout-minutes"]
        for step in job["steps"]:
            used = step.get("uses", "./")
            assert used == "./" or re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", used), used
            if "checkout" in used:
                assert step["with"]["persist-credentials"] is False
                assert "ref" not in step["with"]
            assert "${{" not in step.get("run", "")


def test_every_input_reaches_us_in_a_variable_and_none_in_a_command() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    (step,) = action["runs"]["steps"]
    assert "${{" not in step["run"]
    given = {f"${{{{ inputs.{name} }}}}" for name in action["inputs"]}
    assert given <= set(step["env"].values())


def test_the_lock_knows_everything_that_is_needed() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    block = project.split("\ndependencies = [", 1)[1].split("\n]", 1)[0]
    names = re.findall(r'^\s*"([A-Za-z0-9-]+)', block, re.MULTILINE)
    locked = (ROOT / "action" / "requirements.txt").read_text()
    missing = [
        n for n in names if not re.search(rf"^{re.escape(n.lower())}==", locked, re.MULTILINE)
    ]
    assert not missing, f"run make lock: {missing}"
    assert "--hash=sha256:" in locked
    assert "://" not in locked


@pytest.mark.parametrize("name", [TICK, CI])
def test_we_run_what_we_write_for_others(name: str) -> None:
    assert (ROOT / name).read_text() == starter_workflows(WorkflowPlan("./"))[name]
    load_settings((ROOT / "loopcoder.yml").read_text(), "loopcoder.yml")


# --- loopcoder init --github


def project(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", "-b", "trunk", str(tmp_path)], check=True)
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    (folder / "test.yml").write_text("name: 'All tests'\non: push\n")
    (folder / "nameless.yml").write_text("on: push\n")
    return tmp_path


def init(root: Path, *args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "loopcoder", "init", "--github", *args]
    return subprocess.run(command, cwd=root, capture_output=True, text=True)


def test_init_writes_what_is_missing_and_watches_what_is_there(tmp_path: Path) -> None:
    root = project(tmp_path)
    done = init(root, "--action", ACTION)
    assert done.returncode == 0, done.stderr
    watched = yaml.safe_load((root / CI).read_text())[True]["workflow_run"]["workflows"]
    assert watched == [".github/workflows/nameless.yml", "All tests"]
    assert "add the repository secret" in done.stdout
    assert "branches: [trunk]" in (root / TICK).read_text()
    assert load_settings((root / "loopcoder.yml").read_text(), "x").tracker == "github"

    (root / TICK).write_text("mine")
    again = init(root, "--action", ACTION, "--single-job")
    assert (root / TICK).read_text() == "mine" and TICK in again.stdout


def test_init_pins_the_action_or_says_how(tmp_path: Path) -> None:
    root = project(tmp_path)
    moved = init(root, "--action", "acme/loopcoder@v1")
    assert moved.returncode == 2 and "a tag can be moved" in moved.stderr
    unknown = init(root)
    assert unknown.returncode == 2 and "--action owner/loopcoder@" in unknown.stderr
    assert not (root / "loopcoder.yml").exists()


def test_where_pip_installed_us_from_is_what_is_pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"url": "https://github.com/acme/loopcoder.git", "vcs_info": {"commit_id": "b" * 40}}

    class Installed:
        def read_text(self, name: str) -> str:
            return json.dumps(told)

    monkeypatch.setattr("importlib.metadata.distribution", lambda name: Installed())
    assert workflow_plan(ROOT, "main").action == "acme/loopcoder@" + "b" * 40
