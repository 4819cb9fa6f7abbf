"""The house: what it wires, what it refuses, and that it opens nothing before it is used."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from loopcoder.adapters.agents.cli import CliWorker
from loopcoder.adapters.agents.command import CommandReviewer, CommandWorker
from loopcoder.adapters.agents.scripted import ScriptedWorker
from loopcoder.domain.diagnostic import ConfigurationError
from loopcoder.domain.issues.issue import BOT, IssueDraft
from loopcoder.entrypoints.wiring.bootstrap import House, open_house
from loopcoder.entrypoints.wiring.folders import user_cache

if TYPE_CHECKING:
    from conftest import Project

BASE = 'verify: "true"\nsandbox: off\n'
AGENT = "{kind: command, run: ['true']}"


def house_of(project: Project, text: str = "", *, from_base: bool = False, **env: str) -> House:
    if text:
        project.write("loopcoder.yml", text)
    return open_house(project.root, from_base=from_base, environ=project.env(**env))


def refusal(house: House, name: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        house.agents.reviewer() if name == "reviewer" else getattr(house, name)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_nothing_is_opened_before_it_is_used(project: Project) -> None:
    house = house_of(project)
    assert house.settings.base == "main"
    assert not (project.root / ".git" / "loopcoder").exists()
    assert not (project.home / ".cache").exists()


def test_everything_of_ours_lies_in_the_git_directory_and_the_cache(project: Project) -> None:
    house = house_of(project, XDG_CACHE_HOME=str(project.home / "c"))
    house.tracker.create_issue(IssueDraft("A", "b"))
    assert house.journal.history().length == 0
    assert house.runs_dir == project.root.resolve() / ".git" / "loopcoder" / "runs"
    assert house.workspaces.list_workspaces() == []
    assert house.cache_dir.is_relative_to(project.home / "c" / "loopcoder")
    assert house.cache_dir.stat().st_mode & 0o077 == 0
    assert project.git("status", "--porcelain") == ""


def test_linked_worktrees_share_one_state(project: Project, tmp_path: Path) -> None:
    project.git("worktree", "add", "-q", str(tmp_path / "second"))
    second = open_house(tmp_path / "second", from_base=True, environ=project.env())
    first = house_of(project)
    first.tracker.create_issue(IssueDraft("Shared", ""))
    assert [issue.title for issue in second.tracker.list_issues()] == ["Shared"]
    assert second.cache_dir == first.cache_dir or second.repository.key != first.repository.key


def test_the_person_is_known_by_gits_identity(project: Project) -> None:
    person = house_of(project).person
    assert person.login == "ana-example"
    assert person.id not in (0, BOT.id)
    assert house_of(project).person == person
    project.git("config", "user.name", "Another Name")
    assert house_of(project).person.id == person.id


def test_people_and_the_bot_write_in_their_own_names(project: Project) -> None:
    house = house_of(project)
    ours = house.tracker.create_issue(IssueDraft("Ours", ""))
    theirs = house.person_tracker.create_issue(IssueDraft("Theirs", ""))
    assert (ours.author, theirs.author) == (BOT, house.person)
    assert house.tracker.permission(house.person).may_write
    assert not house.tracker.permission(BOT).may_write


def test_github_needs_a_repository_and_a_token(project: Project) -> None:
    config = BASE + "tracker: github\n"
    for name in ("tracker", "code_host"):
        assert "no remote named origin points to https://github.com" in refusal(
            house_of(project, config, GITHUB_TOKEN="t"), name
        )
    named = config + "repository: acme/rocket\n"
    assert "there is no token" in refusal(house_of(project, named), "tracker")
    house = house_of(project, named, GH_TOKEN="t")
    assert house.github.address.git == "https://github.com/acme/rocket.git"
    assert house.tracker is house.person_tracker is house.github.tracker
    assert "use its pages, or `gh pr`" in refusal(house, "desk")
    assert "use its pages, or `gh issue`" in refusal(house, "local_tracker")


def test_the_repository_is_taken_from_actions_or_from_the_origin(project: Project) -> None:
    config = BASE + "tracker: github\n"
    project.git("remote", "add", "origin", "git@github.com:acme/rocket.git")
    house = house_of(project, config, GITHUB_TOKEN="t")
    assert house.settings.repository == "acme/rocket"
    given = house_of(project, config, GITHUB_TOKEN="t", GITHUB_REPOSITORY="other/place")
    assert given.github.address.repository == "other/place"
    server = {"GITHUB_API_URL": "https://git.acme.example/api/v3", "GITHUB_TOKEN": "t"}
    assert house_of(project, config, **server).settings.repository == ""
    project.git("remote", "set-url", "origin", "https://git.acme.example/acme/rocket")
    address = house_of(project, config, **server).github.address
    assert address.git == "https://git.acme.example/acme/rocket.git"


def test_no_secret_of_github_is_in_a_repr(project: Project) -> None:
    named = BASE + "tracker: github\nrepository: acme/rocket\n"
    house = house_of(project, named, GITHUB_TOKEN="ghp_secret_word")
    assert "ghp_secret_word" not in repr(house.github)


def test_no_worker_and_no_reviewer(project: Project) -> None:
    house = house_of(project, BASE)
    with pytest.raises(ConfigurationError, match="No worker is configured"):
        house.agents.worker("default")
    assert refusal(house, "reviewer").startswith("No reviewer is configured")


def test_an_unknown_worker_is_answered_with_the_known_ones(project: Project) -> None:
    house = house_of(project, BASE + f"workers: {{default: {AGENT}}}\n")
    with pytest.raises(ConfigurationError, match=r"No worker is named x\. Configured: default\."):
        house.agents.worker("x")


def program(folder: Path, name: str) -> str:
    """A folder with a program of that name that does nothing."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("#!/bin/sh\n")
    (folder / name).chmod(0o755)
    return str(folder)


def test_an_agent_that_is_not_here_is_refused_with_what_to_do(
    project: Project, tmp_path: Path
) -> None:
    text = BASE + "workers: {default: {kind: codex}}\nreviewer: {kind: codex}\n"
    with pytest.raises(ConfigurationError, match=r"not on PATH .*npm install -g @openai/codex"):
        house_of(project, text, PATH="").agents.check()
    path = program(tmp_path / "bin", "codex")
    with pytest.raises(ConfigurationError, match="Codex has no key: set OPENAI_API_KEY"):
        house_of(project, text, PATH=path).agents.check()
    house_of(project, text, PATH=path, OPENAI_API_KEY="k").agents.check()


def test_one_agent_of_a_chain_is_enough(project: Project, tmp_path: Path) -> None:
    text = BASE + (
        "workers: {default: {kind: claude-code, fallback: [other]}, other: {kind: codex}}\n"
        "reviewer: {kind: gemini, fallback: [other]}\n"
    )
    path = program(tmp_path / "bin", "codex")
    house = house_of(project, text, PATH=path, OPENAI_API_KEY="k")
    house.agents.check()
    worker = house.agents.worker("default")
    assert isinstance(worker, CliWorker)
    assert "not installed" in worker.agent.trouble


def test_an_agent_is_handed_its_own_key_and_reaches_its_own_hosts(
    project: Project, tmp_path: Path
) -> None:
    text = BASE + (
        "network: {allow: [docs.example.org]}\n"
        "workers: {default: {kind: codex, pass_env: [MY_FLAG], network: [pypi.org], "
        "mcp: [{name: m, url: 'http://tools.example.org:8080/x'}]}}\nreviewer: {kind: codex}\n"
    )
    env = {
        "OPENAI_API_KEY": "k",
        "ANTHROPIC_API_KEY": "not its business",
        "GITHUB_TOKEN": "nobody's business",
        "MY_FLAG": "1",
        "PATH": program(tmp_path / "bin", "codex"),
    }
    worker = house_of(project, text, **env).agents.worker("default")
    assert isinstance(worker, CliWorker)
    assert worker.agent.variables == {"OPENAI_API_KEY": "k", "MY_FLAG": "1"}
    assert worker.spec.network == (
        *("pypi.org", "docs.example.org"),
        *("api.openai.com", "tools.example.org:8080"),
    )
    gateway = {**env, "OPENAI_BASE_URL": "http://127.0.0.1:9000/v1"}
    worker = house_of(project, text, **gateway).agents.worker("default")
    assert "127.0.0.1:9000" in worker.spec.network
    assert "api.openai.com" not in worker.spec.network


def test_commands_become_workers_and_reviewers(project: Project) -> None:
    text = BASE + f"workers: {{default: {AGENT}}}\nreviewer: {AGENT}\nnetwork: {{allow: [a.org]}}\n"
    house = house_of(project, text)
    worker = house.agents.worker("default")
    assert isinstance(worker, CommandWorker)
    assert (worker.spec.name, worker.spec.argv) == ("default", ("true",))
    assert worker.spec.network == ("a.org",)
    assert isinstance(house.agents.reviewer(), CommandReviewer)
    assert house.agents.reviewer().spec.name == "reviewer"
    assert house.agents.reviewer("default").spec.name == "default"


def test_a_script_is_taken_from_the_base_commit(project: Project) -> None:
    text = BASE + "workers: {default: {kind: scripted, script: work.json}}\n"
    house = house_of(project, text)
    project.write("work.json", '{"planted": true}')
    with pytest.raises(ConfigurationError, match=r"work\.json of `default` is not there"):
        house.agents.worker("default")
    project.commit("work.json")
    assert isinstance(house.agents.worker("default"), ScriptedWorker)


def test_another_number_of_jobs(project: Project) -> None:
    house = house_of(project)
    assert house.with_jobs(7).settings.jobs == 7
    assert house.settings.jobs == 3
    assert house.with_jobs(7).settings.verify == house.settings.verify


def test_the_base_commits_configuration_on_demand(project: Project) -> None:
    assert house_of(project, "jobs: 9\n", from_base=True).settings.jobs == 3
    assert house_of(project, "jobs: 9\n").settings.jobs == 9


def test_no_folder_and_no_repository(project: Project, tmp_path: Path) -> None:
    for folder in (tmp_path / "none", tmp_path):
        with pytest.raises(ConfigurationError):
            _ = open_house(folder, from_base=False, environ=project.env()).settings


def test_the_cache_folder_of_the_platform(tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path)}
    expected = "Library/Caches" if sys.platform == "darwin" else ".cache"
    assert user_cache(home) == tmp_path / expected
    assert user_cache({**home, "XDG_CACHE_HOME": "/x"}) == Path("/x")
    assert user_cache({**home, "XDG_CACHE_HOME": "relative"}) == tmp_path / expected


def test_the_attempt_we_run_in_is_known(project: Project) -> None:
    assert house_of(project, LOOPCODER_ATTEMPT="2").inside_attempt == "2"
    assert house_of(project).inside_attempt == ""
