from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.model_server.world import Model
from tests.support.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty place for a repository; `begin` fills it."""
    return Project(tmp_path)


@pytest.fixture
def model() -> Iterator[Model]:
    """A model that says what it is told to, over HTTP."""
    world = Model.start()
    yield world
    world.close()
