from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.model_server.world import Model


@pytest.fixture
def model() -> Iterator[Model]:
    """A model that says what it is told to."""
    world = Model.start()
    yield world
    world.close()
