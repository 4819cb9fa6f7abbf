"""Real sandboxes for the tests that start hostile programs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from loopcoder.adapters.sandbox.choice import NoSandbox, Sandbox, choose_sandbox
from loopcoder.domain.diagnostic import Unavailable
from tests.support.walls import WALLS, open_walls

SECRETS = {
    "GITHUB_TOKEN": "ghp_0123456789abcdef",
    "ACTIONS_RUNTIME_TOKEN": "actions-secret",
    "SSH_AUTH_SOCK": "/tmp/agent.sock",
    "AWS_SECRET_ACCESS_KEY": "aws-secret",
    "ANTHROPIC_API_KEY": "sk-ant-secret",
}
ENVIRON = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **SECRETS}


@pytest.fixture(scope="session")
def bubblewrap() -> Sandbox:
    try:
        return choose_sandbox("bubblewrap", environ=ENVIRON)
    except Unavailable as error:
        pytest.skip(f"bubblewrap cannot be used on this machine: {error.summary}")


@pytest.fixture(scope="session", params=WALLS)
def walls(request: pytest.FixtureRequest) -> Sandbox:
    """Each sandbox that keeps hostile programs in."""
    return open_walls(request.param, environ=ENVIRON)


_LANDLOCK = [pytest.param(kind, marks=pytest.mark.slow) for kind in WALLS[1:]]


@pytest.fixture(params=["bubblewrap", "off", *_LANDLOCK])
def any_sandbox(request: pytest.FixtureRequest) -> Sandbox:
    if request.param == "off":
        return NoSandbox(ENVIRON)
    return open_walls(request.param, environ=ENVIRON)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def python() -> Callable[[str], tuple[str, ...]]:
    """A command line that runs Python source, with an interpreter that starts quickly."""
    interpreter = str(Path(sys.executable).resolve())
    return lambda source: (interpreter, "-I", "-S", "-c", source)


@pytest.fixture(scope="session")
def interpreter_home() -> Path:
    """What must be readable for `python` to run."""
    return Path(sys.base_prefix).resolve()


@pytest.fixture
def living() -> Iterator[Callable[[str], list[int]]]:
    """Which processes on the machine have a text in their command line."""

    def find(text: str) -> list[int]:
        found = []
        for process in psutil.process_iter(["cmdline", "status"]):
            line = " ".join(process.info["cmdline"] or ())
            if text in line and process.info["status"] != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        return [pid for pid in found if pid != os.getpid()]

    yield find
