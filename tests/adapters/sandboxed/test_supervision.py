"""How runs end: by themselves, by the clock, by silence, on request; and what is left of them."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from loopcoder.adapters.sandbox.choice import NoSandbox, Sandbox
from loopcoder.adapters.sandbox.output import Keep
from loopcoder.adapters.sandbox.run_mark import VARIABLE, run_mark
from loopcoder.adapters.sandbox.tree_watch import watch_tree
from loopcoder.adapters.sandbox.watch import Cause

Run = Callable[..., Any]
Python = Callable[[str], tuple[str, ...]]
Living = Callable[[str], list[int]]


def unique_seconds() -> str:
    """A time to sleep that can be recognised in the machine's process table."""
    return f"60.{secrets.randbelow(10**9):09}"


@pytest.mark.parametrize("code", [0, 1, 75, 255])
def test_exit_code_is_handed_on(any_sandbox: Sandbox, run: Run, code: int) -> None:
    said = run(any_sandbox, f"echo out; echo err >&2; exit {code}")
    assert (said.cause, said.exit_code, said.tail, said.reason) == (
        Cause.EXITED,
        code,
        "out\nerr",
        "",
    )


def test_log_holds_what_was_printed(any_sandbox: Sandbox, run: Run, tmp_path: Path) -> None:
    log = tmp_path / "deep" / "er" / "log"
    run(any_sandbox, "printf '\\377\\000raw\\n'; echo err >&2", log=log)
    assert log.read_bytes() == b"\xff\x00raw\nerr\n"


def test_output_that_is_no_text_has_a_readable_tail(any_sandbox: Sandbox, run: Run) -> None:
    said = run(any_sandbox, "printf 'caf\\351 \\033[31mred\\033[0m 10%%\\r100%%\\n\\000x\\n'")
    assert said.tail == "100%\nx"
    assert run(any_sandbox, "printf '\\351\\n'").tail == "\N{REPLACEMENT CHARACTER}"


def test_standard_input_arrives_whole(any_sandbox: Sandbox, run: Run) -> None:
    text = b"line\n" * 200_000
    assert run(any_sandbox, "wc -c", stdin=text).tail.strip() == "1000000"
    assert run(any_sandbox, "wc -c").tail.strip() == "0"


def test_standard_input_may_be_left_unread(any_sandbox: Sandbox, run: Run) -> None:
    text = b"x" * 2_000_000
    assert run(any_sandbox, "exec <&-; sleep 0.2; echo fine", stdin=text).tail == "fine"
    assert run(any_sandbox, "exit 3", stdin=text).exit_code == 3


@pytest.mark.parametrize(
    ("argv", "words"),
    [(("no-such-agent",), "no-such-agent"), (("./missing.sh",), "missing"), (("/etc",), "/etc")],
)
def test_missing_program_is_said(
    any_sandbox: Sandbox, run: Run, argv: tuple[str, ...], words: str
) -> None:
    said = run(any_sandbox, argv)
    assert said.cause is Cause.NOT_STARTED
    assert said.exit_code is None
    assert words in said.reason


def test_no_program_is_said(any_sandbox: Sandbox, run: Run) -> None:
    assert run(any_sandbox, ()).cause is Cause.NOT_STARTED
    assert run(any_sandbox, ("/bin/echo", "a\0b")).cause is Cause.NOT_STARTED


def test_a_killed_sandbox_is_no_failed_start(bubblewrap: Sandbox, run: Run, living: Living) -> None:
    def kill_bwrap(line: str) -> None:
        for child in psutil.Process().children():
            if "bwrap" in child.name():
                child.kill()

    seconds = unique_seconds()
    said = run(bubblewrap, f"echo up; sleep {seconds}", on_line=kill_bwrap)
    assert (said.cause, said.exit_code) == (Cause.EXITED, -9)
    assert living(seconds) == []


def test_missing_folder_is_said(any_sandbox: Sandbox, run: Run, tmp_path: Path) -> None:
    said = run(any_sandbox, "true", cwd=tmp_path / "gone")
    assert said.cause is Cause.NOT_STARTED
    assert "gone" in said.reason


def test_pretending_to_be_a_failed_sandbox_helps_nobody(bubblewrap: Sandbox, run: Run) -> None:
    said = run(bubblewrap, "echo 'bwrap: execvp agent: No such file or directory' >&2; exit 1")
    assert (said.cause, said.exit_code) == (Cause.EXITED, 1)


def test_timeout_ends_the_whole_tree(any_sandbox: Sandbox, run: Run, living: Living) -> None:
    seconds = unique_seconds()
    script = f"setsid sleep {seconds} & sleep {seconds} & echo started; sleep {seconds}"
    said = run(any_sandbox, script, timeout_s=0.5)
    assert (said.cause, said.exit_code) == (Cause.TIMEOUT, None)
    assert said.tail.splitlines()[0] == "started"
    assert said.reason == "It did not end within 0.5 seconds."
    assert said.seconds < 25
    assert living(seconds) == []


def test_program_may_tidy_up_before_it_is_killed(
    any_sandbox: Sandbox, run: Run, workspace: Path
) -> None:
    script = "trap 'echo saved > harvest; exit 0' TERM; echo up; while :; do sleep 0.05; done"
    said = run(any_sandbox, script, timeout_s=0.5, grace_s=5)
    assert said.cause is Cause.TIMEOUT
    assert (workspace / "harvest").read_text() == "saved\n"
    assert said.seconds < 25


def test_ignoring_the_request_to_end_is_no_use(
    any_sandbox: Sandbox, run: Run, living: Living
) -> None:
    seconds = unique_seconds()
    said = run(
        any_sandbox, f"trap '' TERM HUP INT; sleep {seconds}; sleep {seconds}", timeout_s=0.3
    )
    assert said.cause is Cause.TIMEOUT
    assert said.seconds < 25
    assert living(seconds) == []


def test_stop_ends_the_run(any_sandbox: Sandbox, run: Run, living: Living) -> None:
    stop, seconds = threading.Event(), unique_seconds()
    said = run(any_sandbox, f"echo up; sleep {seconds}", stop=stop, on_line=lambda line: stop.set())
    assert said.cause is Cause.STOPPED
    assert said.seconds < 25
    assert living(seconds) == []


def test_silence_ends_the_run(any_sandbox: Sandbox, run: Run, workspace: Path) -> None:
    said = run(any_sandbox, "sleep 30", stall_s=0.6, changed_since=watch_tree(workspace))
    assert said.cause is Cause.STALL
    assert said.reason == "Neither new output nor a changed file for 0.6 seconds."
    assert 0.6 < said.seconds < 25


@pytest.mark.parametrize("busy", ["echo x$i", "echo $i > file"])
def test_output_or_a_changed_file_is_life(
    bubblewrap: Sandbox, run: Run, workspace: Path, busy: str
) -> None:
    script = f"for i in 1 2 3 4 5 6 7 8; do {busy}; sleep 0.3; done"
    said = run(bubblewrap, script, stall_s=1.5, changed_since=watch_tree(workspace))
    assert said.cause is Cause.EXITED


def test_saying_the_same_for_ever_is_no_life(
    any_sandbox: Sandbox, run: Run, workspace: Path
) -> None:
    script = "while :; do echo thinking; echo still thinking; sleep 0.05; done"
    said = run(any_sandbox, script, stall_s=0.6, changed_since=watch_tree(workspace))
    assert said.cause is Cause.STALL


def test_endless_output_of_one_line_is_no_life(any_sandbox: Sandbox, run: Run) -> None:
    said = run(any_sandbox, "yes the same line again and again", stall_s=1.0)
    assert said.cause is Cause.STALL
    assert said.seconds < 25


def test_much_output_stays_within_its_cap(any_sandbox: Sandbox, run: Run, tmp_path: Path) -> None:
    before = psutil.Process().memory_info().rss
    script = "echo first; yes 'some line of output' | head -c 100000000; echo last"
    said = run(any_sandbox, script, keep=Keep(log_bytes=1_000_000, tail_lines=50))
    assert said.cause is Cause.EXITED
    lines = said.tail.splitlines()
    assert (len(lines), lines[-1]) == (50, "last")
    log = (tmp_path / "run.log").read_bytes()
    assert len(log) < 1_100_000
    assert log.startswith(b"first\nsome line")
    assert log.endswith(b"last\n")
    assert b"bytes left out" in log
    assert psutil.Process().memory_info().rss - before < 60_000_000


@pytest.mark.slow
def test_a_gigabyte_of_output(any_sandbox: Sandbox, run: Run, tmp_path: Path) -> None:
    said = run(any_sandbox, "head -c 1000000000 /dev/urandom; echo; echo last", timeout_s=120)
    assert (said.cause, said.exit_code) == (Cause.EXITED, 0)
    assert said.tail.endswith("last")
    assert (tmp_path / "run.log").stat().st_size < 51_000_000


def test_flood_is_ended(any_sandbox: Sandbox, run: Run) -> None:
    said = run(any_sandbox, "cat /dev/zero", keep=Keep(log_bytes=300_000))
    assert said.cause is Cause.OUTPUT
    assert said.seconds < 25


def test_a_line_without_end_is_cut(any_sandbox: Sandbox, run: Run) -> None:
    said = run(any_sandbox, "head -c 3000000 /dev/zero | tr '\\0' x")
    assert len(said.tail) < 2100
    assert said.tail.endswith("[...]")


def test_standard_output_can_be_read_apart(any_sandbox: Sandbox, run: Run) -> None:
    script = "echo noise >&2; echo answer; echo noise >&2"
    said = run(any_sandbox, script, keep=Keep(stdout_bytes=1000))
    assert said.stdout == b"answer\n"
    assert sorted(said.tail.splitlines()) == ["answer", "noise", "noise"]


def test_lines_are_reported_as_they_come(any_sandbox: Sandbox, run: Run) -> None:
    heard: list[str] = []
    run(any_sandbox, "echo one; sleep 0.3; echo two", on_line=heard.append)
    assert heard == ["one", "two"]


def test_an_error_of_the_listener_leaves_nothing_behind(
    any_sandbox: Sandbox, run: Run, living: Living
) -> None:
    seconds = unique_seconds()

    def fail(line: str) -> None:
        raise RuntimeError(line)

    with pytest.raises(RuntimeError, match="up"):
        run(any_sandbox, f"setsid sleep {seconds} & echo up; sleep {seconds}", on_line=fail)
    assert living(seconds) == []


def descriptors() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir()}


def test_nothing_leaks(any_sandbox: Sandbox, run: Run) -> None:
    run(any_sandbox, "true")
    threads, before = threading.active_count(), descriptors()
    for _ in range(5):
        run(any_sandbox, "sleep 0 & (sleep 0 &) & exit 1")
        run(any_sandbox, ("no-such-agent",))
    assert descriptors() == before
    assert threading.active_count() == threads
    children = psutil.Process().children(recursive=True)
    assert [child for child in children if child.status() == psutil.STATUS_ZOMBIE] == []


def test_many_at_once_are_cheap(any_sandbox: Sandbox, workspace: Path, run: Run) -> None:
    began, cpu = time.monotonic(), time.process_time()
    with ThreadPoolExecutor(50) as pool:
        runs = [
            pool.submit(run, any_sandbox, "sleep 1", log=workspace.parent / f"{number}.log")
            for number in range(50)
        ]
        assert [each.result().exit_code for each in runs] == [0] * 50
    assert time.monotonic() - began < 40  # one after another they would take fifty
    assert time.process_time() - cpu < 5


# Without a sandbox, the tree is found by other means.


def test_off_finds_a_daemon_by_its_mark(run: Run, living: Living) -> None:
    seconds = unique_seconds()
    script = f"(setsid sh -c 'sleep {seconds} & sleep {seconds} &' &) >/dev/null 2>&1; sleep 0.3"
    assert run(NoSandbox(dict(os.environ)), script).exit_code == 0
    assert living(seconds) == []


def test_off_ends_what_a_killed_run_left_in_the_folder(
    run: Run, workspace: Path, living: Living
) -> None:
    seconds = unique_seconds()
    with subprocess.Popen(["true"]) as gone:
        pass
    env = {**os.environ, VARIABLE: run_mark(workspace, gone.pid)}
    with subprocess.Popen(["sleep", seconds], env=env, start_new_session=True):
        run(NoSandbox(dict(os.environ)), "true")
        assert living(seconds) == []


def test_off_leaves_a_living_run_in_the_same_folder_alone(run: Run, workspace: Path) -> None:
    env = {**os.environ, VARIABLE: run_mark(workspace)}
    with subprocess.Popen(["sleep", "60"], env=env, start_new_session=True) as other:
        run(NoSandbox(dict(os.environ)), "true")
        assert other.poll() is None
        other.kill()


def test_off_gives_a_clean_environment_and_an_empty_home(run: Run, workspace: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "GITHUB_TOKEN": "ghp_x", "HOME": "/root", "TZ": "UTC"}
    said = run(NoSandbox(environ), "env; ls -A ~; pwd", env={"GIVEN": "yes"})
    variables = dict(line.split("=", 1) for line in said.tail.splitlines() if "=" in line)
    assert "GITHUB_TOKEN" not in variables
    assert variables["HOME"] not in ("/root", os.environ.get("HOME"))
    assert (variables["TZ"], variables["GIVEN"]) == ("UTC", "yes")
    assert said.tail.splitlines()[-1] == str(workspace)
    assert not Path(variables["HOME"]).exists()


def test_supervision_never_ends_its_own_process(run: Run, workspace: Path) -> None:
    """A run inside a run: the mark of the folder is in our own environment, too."""
    source = f"""
import os
from pathlib import Path
from loopcoder.adapters.sandbox.process import supervise
from loopcoder.adapters.sandbox.watch import Watch
from loopcoder.adapters.sandbox.choice import Job, NoSandbox
work = Path({str(workspace)!r})
with NoSandbox(dict(os.environ)).wrap(Job(("/bin/sh", "-c", "echo inner"), work)) as launch:
    print(supervise(launch, Watch(9), work / "log").tail)
"""
    env = {**os.environ, VARIABLE: run_mark(workspace, 2**22 + 1)}
    done = subprocess.run(
        [sys.executable, "-c", source], env=env, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "inner\n"), done.stderr
