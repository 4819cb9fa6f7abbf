"""`loopcoder schedule`: rendered texts, and the verbs with stand-ins for systemctl and crontab."""

from __future__ import annotations

import json
import plistlib
import shlex
import shutil
import sys
from pathlib import Path

import pytest

from loopcoder.entrypoints.setup.timer_texts import (
    Timer,
    cron_line,
    launchd_plist,
    systemd_units,
    with_line,
    without_line,
)
from tests.support.project import Project

TIMER = Timer(
    name="loopcoder-rocket-0a1b2c3d",
    repository=Path("/home/ana/my 100% $rocket"),
    program=("/opt/venv/bin/python", "-P", "-m", "loopcoder"),
    path="/opt/bin:/usr/bin",
    log=Path("/home/ana/my 100% $rocket/.git/loopcoder/schedule.log"),
    environment={"LANG": "C.UTF-8"},
)


def test_a_systemd_service_runs_absolute_paths_with_a_path_of_its_own() -> None:
    units = systemd_units(TIMER)
    service, clock = units[f"{TIMER.name}.service"], units[f"{TIMER.name}.timer"]
    assert 'Environment="PATH=/opt/bin:/usr/bin"' in service
    assert 'Environment="LANG=C.UTF-8"' in service
    assert (
        'ExecStart="/opt/venv/bin/python" "-P" "-m" "loopcoder" "-C" '
        '"/home/ana/my 100%% $$rocket" "tick"' in service
    )
    assert "WorkingDirectory=/home/ana/my 100%% $rocket\n" in service
    assert "SuccessExitStatus=75" in service
    assert "OnUnitInactiveSec=30min" in clock


def test_a_launch_agent_is_a_property_list() -> None:
    made = plistlib.loads(launchd_plist(TIMER))
    assert made["ProgramArguments"] == list(TIMER.command)
    assert made["EnvironmentVariables"]["PATH"] == TIMER.path
    assert made["StartInterval"] == 1800


def test_a_cron_line_is_one_command_whatever_the_path_says() -> None:
    line = cron_line(TIMER)
    times, command = line.split(" PATH=", 1)
    assert times == "*/30 * * * *"
    assert "\n" not in line and "100\\%" in line
    words = shlex.split(command.replace("\\%", "%"), comments=True)
    assert words[1:9] == ["LANG=C.UTF-8", *TIMER.command]


def test_other_lines_of_a_crontab_stay_as_they_are() -> None:
    theirs = "# mine\n0 3 * * * backup # nightly\n"
    once = with_line(theirs, TIMER)
    assert once.startswith(theirs) and with_line(once, TIMER) == once
    assert without_line(once, TIMER.name) == theirs


@pytest.fixture
def machine(tmp_path: Path) -> Project:
    """A project on a machine whose systemctl and the like write down what they are told."""
    project = Project(tmp_path)
    project.begin("- [ ] Store <!-- id: store -->\n")
    programs, home = tmp_path / "programs", tmp_path / "home"
    programs.mkdir()
    home.mkdir()
    calls, table = tmp_path / "calls", tmp_path / "crontab"
    for name in ("systemctl", "launchctl"):
        _program(programs / name, f'echo {name} "$@" >> {calls}')
    _program(
        programs / "crontab",
        f'if [ "$1" = -l ]; then cat {table} 2>/dev/null || exit 1; else cat > {table}; fi',
    )
    path = f"{programs}:/usr/bin:/bin"
    project.env |= {"PATH": path, "HOME": str(home), "XDG_CONFIG_HOME": ""}
    project.env["GITHUB_TOKEN"] = "ghp_secret"
    return project


def _program(path: Path, body: str) -> None:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def calls(project: Project) -> list[str]:
    path = project.folder / "calls"
    return path.read_text().splitlines() if path.exists() else []


@pytest.mark.skipif(sys.platform != "linux", reason="systemd is Linux's")
def test_a_systemd_timer_comes_and_goes(machine: Project) -> None:
    said = machine.run("schedule", "install", "--every", "45").stdout
    assert "installed systemd: a tick every 45 minutes" in said and "enable-linger" in said
    folder = machine.folder / "home" / ".config" / "systemd" / "user"
    service = next(folder.glob("loopcoder-project-*.service")).read_text()
    assert f'"{sys.executable}"' in service and str(machine.root) in service
    assert "ghp_secret" not in service
    assert any(
        line.startswith("systemctl --user enable --now loopcoder") for line in calls(machine)
    )

    status = machine.json("schedule", "status")
    assert (status["kind"], status["active"], len(status["files"])) == ("systemd", True, 2)
    assert "removed systemd" in machine.run("schedule", "remove").stdout
    assert list(folder.iterdir()) == []
    assert "there is no timer" in machine.run("schedule", "remove").stdout
    assert machine.json("schedule", "status")["installed"] is False


def test_a_crontab_gets_one_line_and_loses_it(machine: Project) -> None:
    table = machine.folder / "crontab"
    table.write_text("0 3 * * * backup\n")
    for every in ("30", "20"):
        machine.run("schedule", "install", "--kind", "cron", "--every", every)
    theirs, ours = table.read_text().splitlines()
    assert theirs == "0 3 * * * backup" and ours.startswith("*/20 * * * *")
    assert machine.json("schedule", "status", "--kind", "cron")["active"] is True
    machine.run("schedule", "remove", "--kind", "cron")
    assert table.read_text() == "0 3 * * * backup\n"


def test_a_launch_agent_is_loaded(machine: Project) -> None:
    machine.run("schedule", "install", "--kind", "launchd")
    (plist,) = (machine.folder / "home" / "Library" / "LaunchAgents").iterdir()
    assert plistlib.loads(plist.read_bytes())["WorkingDirectory"] == str(machine.root)
    assert any("bootstrap gui/" in line for line in calls(machine))


def test_what_cron_starts_really_ticks(machine: Project) -> None:
    """The very line, by the shell that cron uses, with nothing else in the environment."""
    import subprocess

    machine.run("schedule", "install", "--kind", "cron")
    line = (machine.folder / "crontab").read_text().strip()
    command = line.split(" ", 5)[5].replace("\\%", "%")
    alone = {"HOME": str(machine.folder)}
    subprocess.run(["/bin/sh", "-c", command], env=alone, check=False, cwd="/")
    log = (machine.root / ".git" / "loopcoder" / "schedule.log").read_text()
    assert "tick " in log and "store" in log, log


def test_github_pauses_and_we_say_so(machine: Project) -> None:
    machine.write({".github/workflows/loopcoder.yml": "on: schedule\n"})
    assert "60 days" in machine.run("schedule", "status", "--kind", "cron").stdout


def test_nothing_is_installed_for_a_configuration_nobody_committed(machine: Project) -> None:
    machine.git("rm", "-q", "--cached", "loopcoder.yml")
    machine.git("commit", "-q", "-m", "Forget it")
    assert "not committed" in machine.run("schedule", "install", exit_code=2).stderr
    assert calls(machine) == []


def test_a_machine_without_any_timer_says_so(machine: Project) -> None:
    machine.env["PATH"] = str(Path(shutil.which("git") or "").parent)
    for name in ("systemctl", "launchctl", "crontab"):
        (machine.folder / "programs" / name).unlink()
    if sys.platform == "linux" and not shutil.which("crontab") and not shutil.which("systemctl"):
        assert machine.json("schedule", "status")["kind"] == "none"
        assert "Install cron" in machine.run("schedule", "install", exit_code=1).stderr


def test_show_writes_nothing(machine: Project) -> None:
    said = machine.run("schedule", "install", "--kind", "launchd", "--show").stdout
    assert "ProgramArguments" in said
    assert calls(machine) == [] and json.dumps(said)
