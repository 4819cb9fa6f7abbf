from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.github_server.world import Github


@pytest.fixture
def github(tmp_path: Path) -> Iterator[Github]:
    """A GitHub with one repository. Whatever GitHub does not describe fails the test."""
    world = Github.start(tmp_path / "github")
    yield world
    world.close()
    world.server.check()
