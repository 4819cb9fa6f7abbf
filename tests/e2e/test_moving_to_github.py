"""A project that began with the local tracker moves to GitHub: same ids, nothing asked twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.github_server.world import BOT, TOKEN, Github
from tests.support.github_project import UNHURRIED, GitHubProject
from tests.support.project import Project, writes

ROADMAP = """\
- [ ] Store <!-- id: store -->
- [ ] Login (after: store) <!-- id: login -->
- [ ] Gone <!-- id: gone -->
"""


@pytest.fixture
def moving(tmp_path: Path) -> Iterator[GitHubProject]:
    """A local project; `move` puts it on GitHub."""
    project = GitHubProject(tmp_path)
    work = {"store": [writes(store="kept")], "login": [writes(login="in")]}
    Project.begin(project, ROADMAP, work=work)
    yield project
    project.close()


def move(project: GitHubProject) -> None:
    text = json.loads((project.root / "loopcoder.yml").read_text())
    text |= {"tracker": "github", "github": UNHURRIED}
    project.write({"loopcoder.yml": json.dumps(text)})
    project.commit("Move to GitHub")
    project.github = github = Github.start(project.folder / "github", seed=project.root)
    project.git("remote", "add", "origin", f"{github.server.url}/{github.full_name}.git")
    project.env |= {"GITHUB_API_URL": github.api_url, "GITHUB_TOKEN": TOKEN[BOT]}
    for name in ("GITHUB_REPOSITORY", "GITHUB_SERVER_URL", "GH_TOKEN"):
        project.env.setdefault(name, "")


def test_what_is_done_is_not_filed_again_and_ids_stay(moving: GitHubProject) -> None:
    moving.tick("--unit", "store")
    Project.merge_all(moving)
    moving.run("compile")
    moving.run("issue", "close", "3", "--not-planned")

    move(moving)
    planned = moving.json("plan")["changes"]
    assert [row["unit"] for row in planned if row["action"] == "create"] == ["login"]
    moving.run("compile")
    assert list(moving.issues) == ["Login"]
    assert moving.issues["Login"].labels == {"loopcoder"}
    ready = moving.json("ready")
    assert [row["unit"] for row in ready["done"]] == ["store"]
    assert [row["unit"] for row in ready["dropped"]] == ["gone"]
    assert moving.json("compile")["writes"] == 0
    assert moving.tick()["units"]["login"]["outcome"] == "proposed"
