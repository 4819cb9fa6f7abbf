"""Seeing that a tree changed, whatever the change is."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from loopcoder.adapters.sandbox.tree_watch import watch_tree


def settle(tree: Path) -> float:
    """A moment that is certainly after all that happened so far."""
    while True:
        moment = time.time()
        if not watch_tree(tree)(moment):
            return moment


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    deep = tmp_path / "tree" / "a" / "b"
    deep.mkdir(parents=True)
    (deep / "file").write_text("1")
    (deep / "other").write_text("1")
    return tmp_path / "tree"


CHANGES: dict[str, Callable[[Path], object]] = {
    "an edit": lambda tree: (tree / "a/b/file").write_text("2"),
    "a new file": lambda tree: (tree / "a/new").touch(),
    "a new folder": lambda tree: (tree / "a/b/c/d").mkdir(parents=True),
    "a removal": lambda tree: (tree / "a/b/other").unlink(),
    "a new name": lambda tree: (tree / "a/b/other").rename(tree / "a/b/third"),
    "a new mode": lambda tree: (tree / "a/b/file").chmod(0o755),
    "an edit with its time set back": lambda tree: (
        (tree / "a/b/file").write_text("3"),
        os.utime(tree / "a/b/file", (1, 1)),
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_seen(tree: Path, name: str) -> None:
    moment = settle(tree)
    CHANGES[name](tree)
    assert watch_tree(tree)(moment - 0.05)  # the file system's clock ticks more coarsely
    assert not watch_tree(tree)(time.time() + 1)


def test_what_lies_behind_a_link_does_not_count(tree: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (tree / "link").symlink_to(outside)
    moment = settle(tree) + 0.05
    while time.time() < moment + 0.05:
        (outside / "file").write_text("x")
    assert not watch_tree(tree)(moment)


def test_a_missing_tree_did_not_change(tmp_path: Path) -> None:
    assert not watch_tree(tmp_path / "gone")(0)
