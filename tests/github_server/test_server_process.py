"""The server as a process of its own, driven by its levers."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "tests.github_server", "--root", str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()


def post(url: str, body: Any = None, token: str = "") -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=20) as answer:
        return json.load(answer)


def test_it_is_set_up_and_asked_over_http(address: str) -> None:
    post(f"{address}/_test/repository", {"owner": "acme", "name": "rocket"})
    post(f"{address}/_test/user", {"login": "ana", "repository": "acme/rocket", "role": "write"})
    token = post(f"{address}/_test/token", {"login": "ana"})["token"]
    post(f"{address}/_test/fault", {"match": "issues/create", "after": True})
    issues = f"{address}/repos/acme/rocket/issues"
    with pytest.raises(urllib.error.HTTPError) as lost:
        post(issues, {"title": "One"}, token)
    assert lost.value.code == 502
    assert [each["title"] for each in post(issues, token=token)] == ["One"]
    post(f"{address}/_test/lag", {"seconds": 30})
    post(issues, {"title": "Two"}, token)
    assert len(post(issues, token=token)) == 0
    post(f"{address}/_test/clock", {"advance": 30})
    assert len(post(issues, token=token)) == 2
    assert [each["status"] for each in post(f"{address}/_test/log")][:2] == [502, 200]
    assert post(f"{address}/_test/violations") == []
