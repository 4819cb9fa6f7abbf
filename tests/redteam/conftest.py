"""One battle for each group of attacks, shared by a file's tests; Landlock in the slow lane."""

from __future__ import annotations

import pytest

from loopcoder.adapters.sandbox.choice import choose_sandbox
from loopcoder.domain.diagnostic import Unavailable
from tests.redteam.arena import Arena, fight
from tests.redteam.attacks import GROUPS
from tests.support.shared import made_once

SANDBOXES = ["bubblewrap", pytest.param("landlock", marks=pytest.mark.slow)]


@pytest.fixture(scope="module", params=SANDBOXES)
def arena(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Arena:
    """After the attacks of the group that the module names."""
    group, sandbox = request.module.GROUP, request.param
    try:
        choose_sandbox(sandbox, environ={"PATH": "/usr/bin:/bin"})
    except Unavailable as error:
        pytest.skip(error.summary)
    name = f"redteam-{group}-{sandbox}"
    made = made_once(
        tmp_path_factory, worker_id, name, lambda folder: fight(folder, [*GROUPS[group]], sandbox)
    )
    return Arena(made)


@pytest.fixture(autouse=True)
def _unharmed(request: pytest.FixtureRequest) -> None:
    """Whatever was attacked: the person's files are as they were, and nothing goes on running."""
    if "arena" in request.fixturenames:
        arena: Arena = request.getfixturevalue("arena")
        assert arena.seen["changed"] == []
        assert arena.seen["planted"] == []
        assert arena.seen["lingering"] == []
