"""Scratch folders: private, removed at the end, and swept after a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from loopcoder.adapters.scratch import remove_tree, scratch_folder

_HOLD = """
import sys, time
from loopcoder.adapters.scratch import scratch_folder
with scratch_folder() as folder:
    print(folder, flush=True)
    sys.stdin.read()
"""


def test_a_scratch_folder_lives_as_long_as_it_is_used() -> None:
    with scratch_folder() as folder:
        assert sorted(path.name for path in folder.iterdir()) == ["home", "tmp"]
        assert folder.stat().st_mode & 0o077 == 0
        locked = folder / "home" / "locked"
        (locked / "deep").mkdir(parents=True)
        (locked / "deep" / "file").touch()
        locked.chmod(0)
    assert not folder.exists()


def test_links_are_removed_and_not_followed(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").touch()
    doomed = tmp_path / "doomed"
    doomed.mkdir()
    (doomed / "link").symlink_to(kept)
    remove_tree(doomed)
    alias = tmp_path / "alias"
    alias.symlink_to(kept)
    remove_tree(alias)
    remove_tree(tmp_path / "missing")
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    assert (kept / "file").exists()


def test_what_a_killed_process_left_is_swept_and_nothing_else(tmp_path: Path) -> None:
    env = {**os.environ, "TMPDIR": str(tmp_path)}

    def hold() -> tuple[subprocess.Popen[str], Path]:
        process = subprocess.Popen(
            [sys.executable, "-c", _HOLD],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        return process, Path(process.stdout.readline().strip())

    killed, left = hold()
    killed.send_signal(signal.SIGKILL)
    living, used = hold()
    other = tmp_path / ".loopcoder-run-notes"
    other.write_text("a file of mine")
    demo = tmp_path / "loopcoder-demo"
    demo.mkdir()
    os.utime(demo, (1, 1))
    with killed, living:
        killed.wait()
        assert left.exists()
        hour_ago = time.time() - 3600
        for path in (left, used):
            os.utime(path, (hour_ago, hour_ago))
        last, third = hold()
        with last:
            assert not left.exists()
            assert used.exists()
            assert third.exists()
            assert other.exists()
            last.communicate("")
        living.communicate("")
    assert sorted(tmp_path.iterdir()) == [other, demo]
