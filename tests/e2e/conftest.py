from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.github_project import GitHubProject
from tests.support.relay import Relay


@pytest.fixture
def hosted(tmp_path: Path) -> Iterator[GitHubProject]:
    """A project whose issues and pull requests are on a server that is GitHub to it."""
    project = GitHubProject(tmp_path)
    yield project
    project.close()


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[Relay]:
    """A project whose ticks are relays of jobs."""
    project = Relay(tmp_path)
    yield project
    project.close()
