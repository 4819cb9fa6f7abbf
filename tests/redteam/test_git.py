"""A worker that leaves traps for whoever runs git in its workspace."""

from __future__ import annotations

import pytest

from tests.redteam.arena import Arena

GROUP = "git"


def test_no_setting_hook_filter_or_include_of_a_workspace_is_obeyed(arena: Arena) -> None:
    """fsmonitor, sshCommand, external diff, filters, includes, aliases, hooks: twenty traps."""
    assert arena.row("git")["outcome"] == "proposed"
    names = arena.project.git("diff", "--name-only", "main...loopcoder/git").splitlines()
    assert set(names) == {"loot-git.jsonl", "work-git.txt"}
    assert arena.project.git("log", "-1", "--format=%an", "loopcoder/git") != "Ana"
    assert "planted" not in " ".join(arena.seen["branches"])


def test_a_replaced_git_folder_leads_nowhere(arena: Arena) -> None:
    assert arena.row("replaced")["outcome"] == "proposed"


def test_attributes_are_for_a_person_to_see(arena: Arena) -> None:
    """They can hide a file from a diff: nothing is hidden from ours."""
    row = arena.row("attributes")
    assert row["outcome"] == "proposed"
    (pull,) = [pull for pull in arena.seen["pulls"] if pull["unit"] == "attributes"]
    assert pull["draft"] is True
    assert ".gitattributes" in arena.body("attributes")


def test_submodules_are_refused(arena: Arena) -> None:
    assert arena.row("modules")["outcome"] == "failed"
    assert ".gitmodules" in arena.row("modules")["reason"]


@pytest.mark.parametrize("unit", ["git", "replaced"])
def test_no_secret_came_along(arena: Arena, unit: str) -> None:
    assert arena.seen["kept"][unit] == []
