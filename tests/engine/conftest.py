from __future__ import annotations

import pytest

from tests.support.compiling import CompileWorld
from tests.support.roadmaps import ROADMAP


@pytest.fixture
def world() -> CompileWorld:
    """The roadmap, compiled."""
    world = CompileWorld()
    world.settle(ROADMAP)
    world.later()
    return world
