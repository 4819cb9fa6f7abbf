"""Running the project's commands: what they may do, and what is told of them."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from loopcoder.adapters.commands import SandboxedCommands
from loopcoder.adapters.sandbox.choice import Sandbox
from loopcoder.domain.settings import Command


def test_a_command_line_runs_in_its_folder(
    any_sandbox: Sandbox, workspace: Path, tmp_path: Path
) -> None:
    log = tmp_path / "runs" / "check.log"
    line = 'printf "%s\\n" "$SETTING" | tr a-z A-Z && pwd && touch made'
    done = SandboxedCommands(any_sandbox).run(Command(line), workspace, log, {"SETTING": "on"})
    assert done.passed
    assert (done.command, done.exit_code, done.timed_out, done.log) == (line, 0, False, log)
    assert done.tail == f"ON\n{workspace}"
    assert log.read_text() == f"ON\n{workspace}\n"
    assert (workspace / "made").exists()


def test_failure_and_time(any_sandbox: Sandbox, workspace: Path, tmp_path: Path) -> None:
    commands = SandboxedCommands(any_sandbox)
    red = commands.run(Command("echo broken; exit 3"), workspace, tmp_path / "a")
    assert (red.passed, red.exit_code, red.tail) == (False, 3, "broken")
    late = commands.run(Command("echo begun; sleep 30", 0.3), workspace, tmp_path / "b")
    assert (late.passed, late.exit_code, late.timed_out) == (False, None, True)
    first, *between, last = late.tail.splitlines()
    assert (first, last) == ("begun", "It did not end within 0.3 seconds.")
    assert between in ([], ["Terminated"])  # some shells say how they were ended
    lost = commands.run(Command("no-such-tool"), workspace, tmp_path / "c")
    assert lost.exit_code == 127
    assert "not found" in lost.tail


def test_stop_ends_a_command(any_sandbox: Sandbox, workspace: Path, tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    done = SandboxedCommands(any_sandbox).run(
        Command("sleep 30"), workspace, tmp_path / "log", stop=stop
    )
    assert not done.passed
    assert not done.timed_out
    assert done.seconds < 25


def test_arguments_without_a_shell(any_sandbox: Sandbox, workspace: Path, tmp_path: Path) -> None:
    commands = SandboxedCommands(any_sandbox)
    done = commands.argv_run(["echo", "$HOME", "*"], workspace, tmp_path / "log")
    assert (done.passed, done.tail) == (True, "$HOME *")
    missing = commands.argv_run(["no-such-tool"], workspace, tmp_path / "log")
    assert not missing.passed
    assert "no-such-tool" in missing.tail


def test_network_is_cut_unless_asked_for(
    bubblewrap: Sandbox, workspace: Path, tmp_path: Path
) -> None:
    commands = SandboxedCommands(bubblewrap)
    line = "grep -c : /proc/net/dev"
    alone = commands.run(Command(line), workspace, tmp_path / "a")
    shared = commands.run(Command(line, network=("*",)), workspace, tmp_path / "b")
    host = str(Path("/proc/net/dev").read_text().count(":"))
    assert alone.tail == "1"
    assert shared.tail == host


def test_a_borrowed_object_store_is_readable(
    bubblewrap: Sandbox, workspace: Path, tmp_path: Path
) -> None:
    objects = tmp_path / "repository" / ".git" / "objects"
    objects.mkdir(parents=True)
    (objects / "pack").write_text("packed")
    (objects.parent / "config").write_text("url = https://token@host")
    line = f"cat {objects}/pack; cat {objects}/../config; rm {objects}/pack; ls {objects}/.."
    done = SandboxedCommands(bubblewrap, [objects]).run(Command(line), workspace, tmp_path / "log")
    assert done.tail.startswith("packed")
    assert "token" not in done.tail
    assert done.tail.splitlines()[-1] == "objects"
    assert (objects / "pack").exists()


@pytest.mark.parametrize("count", [5])
def test_commands_run_side_by_side(bubblewrap: Sandbox, tmp_path: Path, count: int) -> None:
    commands = SandboxedCommands(bubblewrap)
    results = []

    def run(number: int) -> None:
        folder = tmp_path / str(number)
        folder.mkdir()
        line = f"echo {number} > mine; cat ../*/mine"
        results.append(commands.run(Command(line), folder, tmp_path / f"{number}.log").tail)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [str(number) for number in range(count)]
