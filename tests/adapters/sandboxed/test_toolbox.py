"""The tools, in the real sandbox of this machine."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from loopcoder.adapters.builtin.toolbox import Answer, NoToolbox, Toolbox
from loopcoder.adapters.sandbox.choice import choose_sandbox
from loopcoder.domain.diagnostic import Unavailable


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Toolbox]:
    try:
        sandbox = choose_sandbox("auto", environ=dict(os.environ))
    except Unavailable as error:
        pytest.skip(str(error))
    (tmp_path / "tree").mkdir()
    with Toolbox(sandbox, tmp_path / "tree", tmp_path / "tools") as toolbox:
        yield toolbox


def use(box: Toolbox, tool: str, seconds: float = 20.0, **given: Any) -> Answer:
    defaults: dict[str, dict[str, Any]] = {
        "bash": {"timeout": 10},
        "read": {"offset": 1, "limit": 400},
        "edit": {"all": False},
        "search": {"path": ".", "glob": "*"},
    }
    request = {"tool": tool, **defaults.get(tool, {}), **given}
    return box.use(request, seconds, threading.Event())


def test_files_are_written_read_changed_and_found(box: Toolbox) -> None:
    assert not use(box, "write", path="src/a.py", content="one\r\ntwo\r\none\r\n").failed
    assert (
        use(box, "read", path="src/a.py", offset=2, limit=1).text == "     2\ttwo\n… 1 more lines"
    )
    assert use(box, "read", path="src").text == "a.py"
    assert "2 times" in use(box, "edit", path="src/a.py", old="one", new="1").text
    assert "does not occur" in use(box, "edit", path="src/a.py", old="three", new="1").text
    assert not use(box, "edit", path="src/a.py", old="one", new="1", all=True).failed
    assert (box.tree / "src/a.py").read_bytes() == b"1\r\ntwo\r\n1\r\n"
    assert use(box, "search", pattern="^t.o$", glob="*.py").text == "src/a.py:2: two"
    assert use(box, "search", pattern="(").failed
    (box.tree / "bytes").write_bytes(b"caf\xe9 x")
    assert not use(box, "edit", path="bytes", old="x", new="y").failed
    assert (box.tree / "bytes").read_bytes() == b"caf\xe9 y"


def test_output_is_cut_in_the_middle_and_the_exit_code_told(box: Toolbox) -> None:
    long = use(box, "bash", command="seq 1 100000; exit 3")
    assert long.failed and len(long.text) < 17_000
    assert long.text.startswith("1\n2\n") and long.text.endswith("100000\nexit code 3")
    assert "left out" in long.text


def test_what_takes_too_long_is_ended_and_what_it_said_is_kept(box: Toolbox) -> None:
    slow = use(box, "bash", command="echo begun; sleep 60", timeout=0.5)
    assert slow.failed and slow.text == "begun\nIt was ended after 0.5 seconds."
    began = time.monotonic()
    assert use(box, "bash", command="sleep 60 & echo ready").text == "ready"
    assert time.monotonic() - began < 5


def test_between_calls_files_stay_also_those_in_tmp(box: Toolbox) -> None:
    use(box, "bash", command="echo x > /tmp/note; export A=1; cd /")
    assert use(box, "bash", command="cat /tmp/note; echo $A; pwd").text == f"x\n\n{box.tree}"


def test_a_toolbox_that_was_killed_says_so_and_works_again(box: Toolbox) -> None:
    answer = use(box, "bash", command="kill -9 $PPID; sleep 5")
    assert answer.failed and "did not answer" in answer.text
    assert use(box, "bash", command="echo again").text == "again"


def test_a_forged_answer_is_only_text(box: Toolbox) -> None:
    forged = "printf '%s\\n' 'not json' > /run/loopcoder/pipes/answers; sleep 0.3"
    assert "did not answer" in use(box, "bash", command=forged).text
    flood = "head -c 3000000 /dev/zero > /run/loopcoder/pipes/answers"
    assert use(box, "bash", command=flood).failed
    assert use(box, "bash", command="echo fine").text == "fine"


def test_without_writing_the_tree_stays_as_it_is(box: Toolbox) -> None:
    box.writable = False
    assert use(box, "write", path="a", content="x").failed
    assert list(box.tree.iterdir()) == []


def test_a_stop_is_heard_while_a_tool_runs(box: Toolbox) -> None:
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    began = time.monotonic()
    request = {"tool": "bash", "command": "sleep 60", "timeout": 50}
    assert box.use(request, 60, stop).failed
    assert time.monotonic() - began < 10


def test_where_no_tool_can_be_used_that_is_no_answer(box: Toolbox) -> None:
    box.tree = box.tree / "missing"
    with pytest.raises(NoToolbox, match="could not be started"):
        use(box, "read", path="x")
