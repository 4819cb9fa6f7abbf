"""`loopcoder init`: what it finds, what it writes, and what it leaves alone."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from loopcoder.domain.review.trust import same_mind
from loopcoder.domain.settings import Command
from loopcoder.entrypoints.config.loader import load_settings
from loopcoder.entrypoints.doctor.detection import (
    Agent,
    Suite,
    find_agents,
    find_roadmap,
    find_suites,
    missing_tools,
)
from loopcoder.entrypoints.setup.starter import ROADMAP_TEXT, choose_agents, config_text

if TYPE_CHECKING:
    from conftest import Project

PYTEST = "python -m pytest -q"


@pytest.mark.parametrize(
    ("files", "commands"),
    [
        ({}, []),
        ({"pyproject.toml": "[tool.pytest.ini_options]"}, [PYTEST]),
        ({"pyproject.toml": "[project]\nname='x'"}, []),
        ({"tests/conftest.py": ""}, [PYTEST]),
        ({"tests/test_x.py": "import unittest"}, ["python -m unittest discover -s tests"]),
        ({"package.json": '{"scripts": {"test": "jest"}}'}, ["npm test"]),
        ({"package.json": '{"scripts": {"test": "echo no test specified"}}'}, []),
        ({"package.json": "not json"}, []),
        ({"package.json": '{"scripts": []}'}, []),
        ({"Cargo.toml": "", "go.mod": ""}, ["cargo test --quiet", "go test ./..."]),
        ({"Makefile": "all:\n\ntest: all\n\trun\n"}, ["make test"]),
        ({"Makefile": "test := x\n"}, []),
        ({"Makefile": "check:\n", "Cargo.toml": ""}, ["cargo test --quiet"]),
    ],
)
def test_test_commands_are_found(
    tmp_path: Path, tmp_bin: Path, files: dict[str, str], commands: list[str]
) -> None:
    for name, text in files.items():
        path = tmp_path / "code" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    program(tmp_bin, "python", "exit 0")
    found = find_suites(tmp_path / "code", str(tmp_bin))
    assert [suite.command for suite in found] == commands
    assert all(suite.because.startswith("found ") for suite in found)


@pytest.fixture
def tmp_bin(tmp_path: Path) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    return folder


def program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_where_only_python3_is_installed_it_is_called_so(tmp_path: Path, tmp_bin: Path) -> None:
    (tmp_path / "pytest.ini").touch()
    program(tmp_bin, "python3", "exit 0")
    assert [s.command for s in find_suites(tmp_path, str(tmp_bin))] == ["python3 -m pytest -q"]


def test_a_lock_file_names_the_package_manager(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"scripts": {"test": "x"}}')
    (tmp_path / "pnpm-lock.yaml").touch()
    (found,) = find_suites(tmp_path, "")
    assert (found.command, found.setup) == ("pnpm test", "pnpm install --frozen-lockfile")


def test_agents_are_found_with_their_version(tmp_bin: Path) -> None:
    program(tmp_bin, "claude", 'echo "2.1.4 (Some Agent)"')
    program(tmp_bin, "aider", "exit 3")
    claude, aider = find_agents({"PATH": str(tmp_bin), "OPENAI_API_KEY": "k"})
    assert (claude.name, claude.version, claude.kind) == ("claude", "2.1.4", "claude-code")
    assert (aider.name, aider.version, aider.kind) == ("aider", "", "aider")
    assert (claude.has_key, aider.has_key) == (False, True)
    assert find_agents({"PATH": str(tmp_bin)}, ["codex"]) == []


@pytest.mark.parametrize(
    ("keys", "has_key", "chosen"),
    [
        ({}, False, ("", "")),
        ({}, True, ("anthropic", "anthropic")),
        ({"claude-code": False}, False, ("", "")),
        ({"claude-code": True}, False, ("claude-code", "")),
        ({"claude-code": True}, True, ("claude-code", "anthropic")),
        ({"claude-code": True, "codex": True}, False, ("claude-code", "codex")),
        ({"claude-code": False, "codex": True}, True, ("codex", "anthropic")),
    ],
)
def test_what_can_be_started_is_configured(
    keys: dict[str, bool], has_key: bool, chosen: tuple[str, str]
) -> None:
    agents = [Agent(kind, "1.0", kind, (), key) for kind, key in keys.items()]
    assert choose_agents(agents, has_key) == chosen
    settings = load_settings(config_text("main", "ROADMAP.md", [], agents, has_key), "x")
    worker, reviewer = chosen
    assert [spec.kind for spec in settings.workers.values()] == ([worker] if worker else [])
    assert (settings.reviewer.spec.kind if settings.reviewer else "") == reviewer
    if settings.reviewer:
        assert not same_mind(settings.workers["default"], settings.reviewer.spec)


def test_agents_of_this_machine_are_named_with_their_keys(
    empty_repository: Project, tmp_bin: Path
) -> None:
    program(tmp_bin, "claude", "echo 2.1.4")
    program(tmp_bin, "codex", "echo 0.9")
    path = f"{tmp_bin}:{os.environ['PATH']}"
    done = empty_repository.loopcoder("init", PATH=path, OPENAI_API_KEY="k")
    assert "no key: set ANTHROPIC_API_KEY" in done.stdout
    assert "has its key" in done.stdout
    assert "next:\n  1. name a reviewer in loopcoder.yml" in done.stdout
    assert "default: {kind: codex}" in (empty_repository.root / "loopcoder.yml").read_text()


def test_a_roadmap_is_found_where_people_put_it(tmp_path: Path) -> None:
    assert find_roadmap(tmp_path) is None
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "Roadmap.md").touch()
    assert find_roadmap(tmp_path) == "docs/Roadmap.md"
    (tmp_path / "ROADMAP.md").touch()
    assert find_roadmap(tmp_path) == "ROADMAP.md"


def test_missing_tools_are_the_first_words_that_nobody_has(tmp_path: Path, tmp_bin: Path) -> None:
    program(tmp_bin, "pytest", "exit 0")
    (tmp_path / "check.sh").touch()
    lines = ["pytest -q", "A=1 nosuch --x", "./check.sh", "./gone.sh", "cd x && y", "$TOOL a", ""]
    assert missing_tools(lines, tmp_path, str(tmp_bin)) == ["nosuch", "./gone.sh"]


@pytest.mark.parametrize("base", ["main", "release-2.x", "off", "42", "üben", "a'b"])
@pytest.mark.parametrize("suites", [[], [Suite('sh -c "a: b # c"', "x", "npm ci")]])
def test_what_is_written_is_valid_as_it_is(base: str, suites: list[Suite]) -> None:
    text = config_text(base, "docs/ROADMAP.md", suites, [Agent("claude", "2.1")])
    settings = load_settings(text, "loopcoder.yml")
    assert settings.base == base
    assert settings.roadmaps == ("docs/ROADMAP.md",)
    assert settings.verify == tuple(Command(suite.command, 1200.0) for suite in suites)
    assert settings.workers == {}
    assert len(text.splitlines()) <= 16


def test_the_lines_that_are_commented_out_are_valid_too() -> None:
    text = config_text("main", "ROADMAP.md", [], [])
    active = [
        line.removeprefix("#") if line.startswith(("#workers", "#  default", "#reviewer")) else line
        for line in text.splitlines()
    ]
    settings = load_settings("\n".join(active), "loopcoder.yml")
    assert settings.workers["default"].argv == ("./agent.sh",)
    assert settings.reviewer is not None


def test_a_new_project_gets_both_files_and_the_next_steps(empty_repository: Project) -> None:
    project = empty_repository
    project.write("pyproject.toml", "[tool.pytest.ini_options]\n")
    done = project.loopcoder("init")
    assert (done.returncode, done.stderr) == (0, "")
    assert "found pyproject.toml" in done.stdout
    assert "wrote loopcoder.yml and ROADMAP.md" in done.stdout
    assert "next:\n  1. name a worker and a reviewer in loopcoder.yml" in done.stdout
    settings = load_settings((project.root / "loopcoder.yml").read_text(), "x")
    assert "pytest -q" in settings.verify[0].run
    assert (project.root / "ROADMAP.md").read_text() == ROADMAP_TEXT


def test_on_github_the_steps_push_before_they_tick(empty_repository: Project) -> None:
    empty_repository.write("loopcoder.yml", "version: 1\ntracker: github\n")
    told = json.loads(empty_repository.loopcoder("init", "--json").stdout)
    assert told["next"][-2:] == [
        "`git push` (a tick reads main as it is on GitHub)",
        "`loopcoder tick`",
    ]


def test_the_steps_lead_from_nothing_to_a_plan_and_are_not_repeated(
    empty_repository: Project,
) -> None:
    project = empty_repository
    commit = "git add loopcoder.yml ROADMAP.md && git commit -m 'Add a roadmap'"
    assert f"`{commit}`" in project.loopcoder("init").stdout
    planned = project.loopcoder("plan")
    assert (planned.returncode, planned.stderr) == (0, "")
    assert "3 writes" in planned.stdout
    project.git("add", ".")
    project.git("commit", "-q", "-m", "Begin")
    assert "git commit" not in project.loopcoder("init").stdout


def test_a_roadmap_of_plain_bullets_is_led_to_adopt(empty_repository: Project) -> None:
    project = empty_repository
    project.write("ROADMAP.md", "# Roadmap\n\n- Search\n")
    assert "`loopcoder adopt`" in project.loopcoder("init").stdout
    project.write("ROADMAP.md", "# Roadmap\n\n- [ ] Search\n")
    assert "adopt" not in project.loopcoder("init").stdout


def test_nothing_that_exists_is_changed(project: Project) -> None:
    before = {path: (project.root / path).read_bytes() for path in ("loopcoder.yml", "ROADMAP.md")}
    done = project.loopcoder("init")
    assert done.returncode == 0
    assert "kept loopcoder.yml and ROADMAP.md as they are" in done.stdout
    assert {path: (project.root / path).read_bytes() for path in before} == before
    assert project.git("status", "--porcelain") == ""


def test_a_link_to_nowhere_is_not_followed(empty_repository: Project) -> None:
    (empty_repository.root / "loopcoder.yml").symlink_to(empty_repository.home / "gone.yml")
    assert empty_repository.loopcoder("init").returncode == 0
    assert not (empty_repository.home / "gone.yml").exists()


def test_the_other_configuration_file_counts(empty_repository: Project) -> None:
    empty_repository.write(".github/loopcoder.yml", "version: 1\n")
    empty_repository.loopcoder("init")
    assert not (empty_repository.root / "loopcoder.yml").exists()


def test_from_a_folder_inside_it_writes_at_the_top(empty_repository: Project) -> None:
    (empty_repository.root / "src").mkdir()
    done = empty_repository.loopcoder("-C", "src", "init", "--json")
    said = json.loads(done.stdout)
    assert said["written"] == ["loopcoder.yml", "ROADMAP.md"]
    assert said["base"] == "main"
    assert (empty_repository.root / "loopcoder.yml").exists()


def test_the_base_is_the_repositorys_own(empty_repository: Project) -> None:
    project = empty_repository
    project.git("checkout", "-q", "-b", "trunk")
    project.write("README", "x")
    project.commit("README")
    project.git("checkout", "-q", "-b", "idea")
    project.loopcoder("init")
    assert load_settings((project.root / "loopcoder.yml").read_text(), "x").base == "trunk"


def test_outside_a_repository_it_says_what_to_do(
    project: Project, make_folder: Callable[[], Path]
) -> None:
    folder = make_folder()
    done = project.loopcoder("-C", str(folder), "init")
    assert done.returncode == 2
    assert "git init" in done.stderr
    assert list(folder.iterdir()) == []


def test_with_a_key_the_built_in_agents_are_written_down() -> None:
    settings = load_settings(config_text("main", "ROADMAP.md", [], [], has_key=True), "x")
    assert settings.reviewer is not None
    kinds = [settings.workers["default"].kind, settings.reviewer.spec.kind]
    assert kinds == ["anthropic", "anthropic"]
    assert settings.workers["default"].model != settings.reviewer.spec.model
