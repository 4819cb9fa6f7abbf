"""A worker that looks for secrets, in its surroundings and on the whole machine."""

from __future__ import annotations

import pytest

from tests.redteam.arena import Arena
from tests.redteam.attacks import GROUPS

GROUP = "reading"


def test_no_secret_in_environments_arguments_or_descriptors(arena: Arena) -> None:
    """Its own, its parent's, those of every process on the machine, and their memory."""
    assert arena.gained("environment") == []


def test_no_secret_in_any_file_that_it_can_find(arena: Arena) -> None:
    """Home, keys, git's and other tools' configuration, the repository, and what tools tell."""
    assert arena.gained("files") == []


def test_no_socket_of_a_daemon_or_a_key_agent_answers(arena: Arena) -> None:
    assert arena.gained("sockets") == []
    assert "key agent" not in arena.seen["hits"]


@pytest.mark.parametrize("unit", list(GROUPS[GROUP]))
def test_no_secret_is_in_what_was_kept(arena: Arena, unit: str) -> None:
    assert arena.seen["kept"][unit] == []
    assert arena.seen["papers"]["secret"] == []
