"""Several processes, signals at bad moments, and many workers at once."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.support.project import Project, writes

STORE = "- [ ] Store <!-- id: store -->\n"
WAITS = """\
import pathlib, time
pathlib.Path("begun").touch()
while not pathlib.Path({gate!r}).exists():
    time.sleep(0.05)
pathlib.Path("begun").unlink()
"""


def until(
    true: Callable[[], object], tick: subprocess.Popen[str] | None = None, seconds: float = 60
) -> None:
    """Wait for something to become true, while the tick is at work."""
    end = time.monotonic() + seconds
    while not true():
        assert tick is None or tick.poll() is None, ended(tick)
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)


def gated(project: Project, *then: dict[str, object], sandbox: str = "auto") -> Path:
    """A project whose worker begins, and goes on when the returned file is made."""
    folder = project.folder / "gate"
    folder.mkdir(parents=True)
    gate = folder / "open"
    steps = [{"python": WAITS.format(gate=str(gate))}, *writes(store="kept"), *then]
    project.begin(
        STORE, work={"store": [steps]}, config={"readable": [str(folder)], "sandbox": sandbox}
    )
    return gate


def begun(project: Project) -> bool:
    """Whether a program of ours stands at its gate, in whatever workspace that is."""
    with contextlib.suppress(FileNotFoundError):  # a folder that was removed while we look
        return any((project.folder / "cache").rglob("begun"))
    return False


def ended(tick: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = tick.communicate(timeout=60)
    assert "Traceback" not in out + err, out + err
    return tick.returncode, out, err


def workers_of(project: Project) -> list[psutil.Process]:
    """Processes of agents that work for the project, wherever they are in the tree."""
    mine = str(project.folder)
    found = []
    for process in psutil.process_iter(["cmdline", "cwd"]):
        line, cwd = process.info["cmdline"] or [], process.info["cwd"] or ""
        inside = any("scripted_agent" in part for part in line) and cwd.startswith(mine)
        if inside or any(part.startswith(mine) for part in line):
            found.append(process)
    return found


def test_of_two_ticks_at_once_one_works_and_the_other_says_try_later(project: Project) -> None:
    gate = gated(project)
    first = project.start("tick", "--json")
    until(lambda: begun(project), first)
    second = project.run("tick", exit_code=75)
    assert "another tick is at work" in second.stderr
    gate.touch()
    code, out, _ = ended(first)
    assert code == 0
    assert json.loads(out)["units"][0]["outcome"] == "proposed"
    assert list(project.pulls()) == ["store"]


@pytest.mark.parametrize("verb", ["tick", "compile"])
def test_two_processes_started_together_make_nothing_twice(project: Project, verb: str) -> None:
    project.begin(STORE, work={"store": [writes(store="kept")]})
    both = [project.start(verb), project.start(verb)]
    codes = sorted(ended(each)[0] for each in both)
    assert codes in ([0, 0], [0, 75])
    assert len(project.json("issue", "list")["issues"]) == 1
    assert len(project.json("pr", "list")["pulls"]) == (verb == "tick")


def test_the_claim_of_a_killed_tick_is_taken_over_by_the_next(project: Project) -> None:
    gate = gated(project)
    tick = project.start("tick")
    until(lambda: begun(project), tick)
    assert [row["unit"] for row in project.json("ready")["running"]] == ["store"]
    tick.kill()
    tick.communicate(timeout=30)
    until(lambda: not workers_of(project))
    assert not project.json("ready")["running"]
    gate.touch()
    row = project.tick()["units"]["store"]
    assert (row["outcome"], row["attempt"]) == ("proposed", 1)
    assert list(project.pulls()) == ["store"]
    assert project.git("ls-tree", "--name-only", "loopcoder/store").split().count("begun") == 0


def test_the_next_tick_ends_agents_that_nobody_watches(project: Project) -> None:
    """Without a sandbox nothing dies with a killed loopcoder by itself."""
    gate = gated(project, sandbox="off")
    tick = project.start("tick")
    until(lambda: begun(project), tick)
    tick.kill()
    tick.communicate(timeout=30)
    assert workers_of(project)
    project.run("hold", "--reason", "nothing is to begin")
    project.tick()
    until(lambda: not workers_of(project), seconds=10)
    assert not gate.exists()


@pytest.mark.parametrize("target", [[], ["store"]], ids=["everything", "one unit"])
def test_hold_stops_a_running_attempt_and_keeps_what_it_did(
    project: Project, target: list[str]
) -> None:
    gate = gated(project)
    tick = project.start("tick", "--json")
    until(lambda: begun(project), tick)
    project.run("hold", *target, "--reason", "release day")
    gate.touch()
    code, out, _ = ended(tick)
    (row,) = json.loads(out)["units"]
    assert (code, row["outcome"], row["stage"]) == (0, "held", "policy")
    assert "release day" in row["reason"]
    assert "release day" in project.run("report").stdout
    assert project.pulls() == {}
    assert project.git("for-each-ref", "refs/loopcoder/attempts/store")
    assert [r["unit"] for r in project.json("ready")["held"]] == ["store"]
    assert project.tick()["units"]["store"]["outcome"] == "held"

    gate.unlink()  # the worker would wait for ever if it were asked again
    project.run("hold", "--release", *target)
    row = project.tick()["units"]["store"]
    assert (row["outcome"], row["attempt"]) == ("proposed", 1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_tick_and_the_next_one_goes_on(
    project: Project, number: signal.Signals
) -> None:
    gate = gated(project)
    tick = project.start("tick", "--json")
    until(lambda: begun(project), tick)
    tick.send_signal(number)
    code, out, _ = ended(tick)
    assert code == 130
    report = json.loads(out)
    assert report["interrupted"] is True
    assert report["units"][0]["outcome"] == "waiting"
    assert "the next tick goes on" in report["units"][0]["reason"]
    assert "it was stopped before it was through" in project.run("report").stdout
    assert not workers_of(project)
    assert project.pulls() == {}
    assert project.git("status", "--porcelain") == ""
    gate.touch()
    row = project.tick()["units"]["store"]
    assert (row["outcome"], row["attempt"]) == ("proposed", 1)
    assert project.json("explain", "store")["strikes"] == 0


@pytest.mark.parametrize("place", ["base", "verify", "review", "setup", "preflight"])
def test_a_signal_at_any_stage_is_a_calm_end(project: Project, place: str) -> None:
    folder = project.folder / "gate"
    folder.mkdir(parents=True)
    closed = folder / "closed"
    wait = f"touch begun; while [ -e {closed} ]; do sleep 0.05; done; rm begun"
    script = str(project.folder / "script.json")
    agent = {"kind": "scripted", "script": script, "cost": "free", "calibration": "off"}
    configs: dict[str, dict[str, object]] = {
        "base": {"verify": wait},
        "verify": {"verify": f"[ ! -e store.txt ] || {{ {wait}; }}"},
        "setup": {"setup": wait},
        "preflight": {"preflight": {"run": wait, "timeout": "1m"}},
        "review": {"reviewer": agent},
    }
    waits = [[{"run": ["sh", "-c", wait.replace("touch begun", ":").replace("rm begun", ":")]}]]
    review = {"*": [[*waits[0], {"verdict": "approve"}]]} if place == "review" else None
    project.begin(
        STORE,
        work={"store": [writes(store="kept")]},
        review=review,
        config={"readable": [str(folder)], **configs[place]},
    )
    closed.touch()
    tick = project.start("tick", "--json")
    if place == "review":
        until(
            lambda: any(project.state.glob("runs/*/store/*/round-1/review-0/transcript.log")), tick
        )
    else:
        until(lambda: begun(project), tick)
    tick.send_signal(signal.SIGINT)
    code, out, err = ended(tick)
    assert code == 130, err
    assert json.loads(out)["interrupted"] is True
    assert project.pulls() == {}
    assert not workers_of(project)
    closed.unlink()
    assert project.tick()["units"]["store"]["outcome"] == "proposed"


def test_fifty_workers_never_exceed_their_caps(project: Project) -> None:
    roadmap = "".join(f"- [ ] Unit {n} <!-- id: u{n} -->\n" for n in range(50))
    script = str(project.folder / "script.json")
    project.begin(
        roadmap,
        work={"*": [[{"sleep": 0.5}]]},
        config={
            "jobs": 50,
            "workers": {
                "default": {
                    "kind": "scripted",
                    "script": script,
                    "cost": "reported",
                    "max_parallel": 20,
                }
            },
            "limits": {"units_per_tick": 50, "open_prs": 50},
            "breaker": {"failures": 99},
            "budget": {"attempt": "$0.20", "tick": "$4.50"},
        },
    )
    tick = project.start("tick", "--json")
    most = 0
    while tick.poll() is None:
        most = max(most, len(project_workers(tick.pid)))
        time.sleep(0.05)
    code, out, _ = ended(tick)
    report = json.loads(out)
    worked = [row for row in report["units"] if row["attempt"] is not None]
    assert code == 0
    assert report["stop_reason"] == "budget"
    assert 1 < most <= 20
    assert len(worked) == 30
    assert report["spend"]["usd"] <= 4.5


def project_workers(pid: int) -> list[int]:
    """Sandboxes that run below a process: one for each worker."""
    try:
        children = psutil.Process(pid).children()
        return [child.pid for child in children if "bwrap" in child.name()]
    except psutil.NoSuchProcess:
        return []
