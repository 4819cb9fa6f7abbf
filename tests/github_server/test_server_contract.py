"""That the server cannot stray from the published description unseen, and is safe for threads."""

from __future__ import annotations

import http.client
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.github_server import registry
from tests.github_server.client import Repo, ask
from tests.github_server.exchange import Reply
from tests.github_server.git_store import clean_environ
from tests.github_server.openapi import published
from tests.github_server.server import ContractBroken
from tests.github_server.wire.items import issue
from tests.github_server.world import ANA, Github


def test_every_operation_that_is_kept_is_answered() -> None:
    assert published().operations.keys() == registry.load_endpoints().keys()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"number": "1"}, "number"),
        ({"user": None, "title": None}, "title"),
        ({"created_at": "yesterday"}, "created_at"),
        ({"lables": []}, "lables"),
    ],
)
def test_an_answer_that_is_not_githubs_fails_the_test(
    github: Github, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], complaint: str
) -> None:
    github.person(ANA).file("One")

    def wrong(call: Any) -> Reply:
        return Reply(200, issue(call.view, call.repo, github.item(1)) | change)

    monkeypatch.setitem(registry._ENDPOINTS, "issues/get", wrong)
    Repo(github)("GET", "issues/1")
    with pytest.raises(ContractBroken, match=complaint):
        github.server.check()
    github.violations().clear()


def test_an_endpoint_that_breaks_fails_the_test(
    github: Github, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(registry._ENDPOINTS, "issues/get", lambda call: Reply(200, call.nothing))
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        Repo(github)("GET", "issues/1")
    with pytest.raises(ContractBroken, match="AttributeError"):
        github.server.check()
    github.violations().clear()
    capsys.readouterr()


def test_many_at_once_get_numbers_without_gaps(github: Github) -> None:
    path = f"/repos/{github.full_name}/issues"
    with ThreadPoolExecutor(16) as pool:
        made = list(pool.map(lambda n: ask(github, "POST", path, {"title": f"{n}"}), range(80)))
    assert sorted(each.data["number"] for each in made) == list(range(1, 81))
    assert len({each.data["id"] for each in made}) == 80


def test_a_repository_is_seeded_from_another(tmp_path: Path) -> None:
    seed = tmp_path / "seed"
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-C", str(seed)]
    seed.mkdir()
    (seed / "ROADMAP.md").write_text("- [ ] One\n")
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "Start"]):
        subprocess.run([*git, *words], check=True, env=clean_environ())
    world = Github.start(tmp_path / "github", seed)
    found = Repo(world)("GET", "contents/ROADMAP.md")
    world.close()
    world.server.check()
    assert (found.status, found.data["size"]) == (200, 10)
