from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.model_server.world import Model
from tests.support.project import Project

# The same examples in every run, so that a change is blamed for what it broke and for nothing else.
# `make test-slow` looks for new ones (`--hypothesis-profile=default`).
hypothesis.settings.register_profile("steady", derandomize=True, deadline=None)
hypothesis.settings.load_profile("steady")


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
