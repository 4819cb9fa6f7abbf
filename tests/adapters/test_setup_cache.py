"""What setup commands made, kept and given out again: on ground where an agent may have been."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from loopcoder.adapters.setup_cache import FolderSetupCache
from loopcoder.domain.settings import Command

COMMAND = Command("npm ci", cache=("node_modules", "web/.cache"), key=())


@pytest.fixture
def cache(tmp_path: Path) -> FolderSetupCache:
    return FolderSetupCache(tmp_path / "kept", "/usr/bin:/bin", "bubblewrap 1")


def checkout(place: Path, *, built: bool = False) -> Path:
    place.mkdir()
    (place / "package-lock.json").write_text("{}")
    (place / "web").mkdir()
    if built:
        (place / "node_modules" / ".bin").mkdir(parents=True)
        (place / "node_modules" / "tool.js").write_text("tool")
        (place / "node_modules" / "tool.js").chmod(0o755)
        (place / "node_modules" / ".bin" / "tool").symlink_to("../tool.js")
        (place / "web" / ".cache").write_text("x")
    return place


def kept(cache: FolderSetupCache, tmp_path: Path) -> str:
    first = checkout(tmp_path / "first", built=True)
    key = cache.key(COMMAND, [], first, {})
    cache.keep(key, COMMAND, first)
    return key


def test_what_was_kept_comes_back_whole(cache: FolderSetupCache, tmp_path: Path) -> None:
    key = kept(cache, tmp_path)
    second = checkout(tmp_path / "second")
    assert cache.key(COMMAND, [], second, {}) == key
    assert cache.restore(key, COMMAND, second)
    tool = second / "node_modules" / ".bin" / "tool"
    assert tool.is_symlink()
    assert tool.read_text() == "tool"
    assert os.access(tool, os.X_OK)
    assert (second / "web" / ".cache").read_text() == "x"


def test_a_copy_is_nobody_elses(cache: FolderSetupCache, tmp_path: Path) -> None:
    key = kept(cache, tmp_path)
    for name in ("second", "third"):
        tree = checkout(tmp_path / name)
        assert cache.restore(key, COMMAND, tree)
        assert (tree / "node_modules" / "tool.js").read_text() == "tool"
        (tree / "node_modules" / "tool.js").write_text("poison")


@pytest.mark.parametrize(
    "other",
    [
        {"command": replace(COMMAND, run="npm install")},
        {"command": replace(COMMAND, network=("*",))},
        {"command": replace(COMMAND, cache=("node_modules",))},
        {"before": ["apt install x"]},
        {"env": {"NODE_ENV": "test"}},
        {"lock": "{} "},
        {"sandbox": "Landlock 7"},
        {"tool": "node"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_what_makes_another_result_has_another_key(tmp_path: Path, other: dict) -> None:  # type: ignore[type-arg]
    tree, tools = checkout(tmp_path / "tree"), tmp_path / "bin"
    tools.mkdir()

    def key(
        command: Command = COMMAND,
        before: list[str] | None = None,
        env: dict[str, str] | None = None,
        lock: str = "{}",
        sandbox: str = "bubblewrap 1",
        tool: str = "",
    ) -> str:
        (tree / "package-lock.json").write_text(lock)
        if tool:
            (tools / tool).write_text("#!/bin/sh\n")
            (tools / tool).chmod(0o755)
        cache = FolderSetupCache(tmp_path / "kept", str(tools), sandbox)
        return cache.key(command, before or [], tree, env or {})

    assert key() == key() != key(**other)


def test_without_a_lock_file_nothing_is_known(cache: FolderSetupCache, tmp_path: Path) -> None:
    tree = checkout(tmp_path / "tree")
    (tree / "package-lock.json").unlink()
    assert cache.key(COMMAND, [], tree, {}) == ""
    (tree / "deps.txt").write_text("a==1")
    assert cache.key(replace(COMMAND, key=("deps.txt",)), [], tree, {})


def test_a_lock_file_that_is_a_link_is_none(cache: FolderSetupCache, tmp_path: Path) -> None:
    tree = checkout(tmp_path / "tree")
    (tmp_path / "elsewhere").write_text("secret")
    (tree / "package-lock.json").unlink()
    (tree / "package-lock.json").symlink_to(tmp_path / "elsewhere")
    assert cache.key(COMMAND, [], tree, {}) == ""


@pytest.mark.parametrize("trap", ["node_modules", "web"])
def test_nothing_is_written_through_a_link(
    cache: FolderSetupCache, tmp_path: Path, trap: str
) -> None:
    """A change may have put one where the copies would go: then the command runs, and inside."""
    key = kept(cache, tmp_path)
    tree, outside = checkout(tmp_path / "second"), tmp_path / "outside"
    outside.mkdir()
    if trap == "web":
        (tree / "web").rmdir()
    (tree / trap).symlink_to(outside)
    assert not cache.restore(key, COMMAND, tree)
    assert list(outside.iterdir()) == []


def test_what_is_there_already_is_left_alone(cache: FolderSetupCache, tmp_path: Path) -> None:
    key = kept(cache, tmp_path)
    tree = checkout(tmp_path / "second")
    (tree / "node_modules").mkdir()
    (tree / "node_modules" / "mine").write_text("mine")
    assert not cache.restore(key, COMMAND, tree)
    assert [path.name for path in (tree / "node_modules").iterdir()] == ["mine"]


def test_nothing_is_kept_from_behind_a_link(cache: FolderSetupCache, tmp_path: Path) -> None:
    tree, home = checkout(tmp_path / "tree"), tmp_path / "home"
    home.mkdir()
    (home / "key").write_text("secret")
    (tree / "node_modules").symlink_to(home)
    (tree / "web" / ".cache").write_text("x")
    cache.keep(cache.key(COMMAND, [], tree, {}), COMMAND, tree)
    assert not cache.folder.exists() or list(cache.folder.iterdir()) == []


def test_the_newest_few_are_kept_and_no_drafts(cache: FolderSetupCache, tmp_path: Path) -> None:
    tree = checkout(tmp_path / "tree", built=True)
    cache.folder.mkdir()
    (cache.folder / ".draft").mkdir()
    os.utime(cache.folder / ".draft", (0, 0))
    for number in range(8):
        cache.keep(f"{number:064}", COMMAND, tree)
        moment = time.time() - 100 + number
        os.utime(cache.folder / f"{number:064}", (moment, moment))
    names = sorted(int(path.name) for path in cache.folder.iterdir())
    assert names == [3, 4, 5, 6, 7]
