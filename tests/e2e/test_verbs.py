"""The verbs that look, and the commands around an attempt, through the command line."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tests.support.project import Project, writes

TWO = "- [ ] Store <!-- id: store -->\n- [ ] Login (after: store) <!-- id: login -->\n"
ONE = "- [ ] Store <!-- id: store -->\n"


def test_explain_says_what_the_tick_decides(project: Project) -> None:
    project.begin(TWO, work={"store": [writes(store="kept")]})
    told = project.json("explain", "login")
    assert told["reason"] == "blocked by store"
    assert told["decision"] == "wait"
    assert project.json("explain", "store")["state"] == "ready"
    row = project.tick()["units"]["login"]
    assert row["reason"] == project.json("explain", "login")["reason"] == "blocked by store (#1)"
    assert "store: open" in project.run("explain", "#2").stdout
    assert "login" in project.run("explain", "logn", exit_code=1).stderr


def test_an_empty_name_is_no_unit(project: Project) -> None:
    """A script's variable that is not set must not hold whichever unit has no issue."""
    project.begin(TWO)
    for args in (("hold", ""), ("retry", ""), ("block", "login", "--by", "")):
        assert "there is no unit ''" in project.run(*args, exit_code=1).stderr
    assert not (project.state / "journal.db").exists()


def test_a_dry_run_does_nothing_at_all(project: Project) -> None:
    project.begin(TWO)
    said = project.run("tick", "--dry-run").stdout
    assert "nothing was done" in said
    assert "blocked by store" in said
    assert not (project.state / "journal.db").exists()
    assert project.json("issue", "list")["issues"] == []


def test_a_tick_for_a_unit_that_is_none_does_nothing(project: Project) -> None:
    project.begin(TWO, work={"store": [writes(store="kept")]})
    for more in ((), ("--dry-run",)):
        said = project.run("tick", "--unit", "stoer", *more, exit_code=1).stderr
        assert "there is no unit 'stoer'. Did you mean store?" in said
    assert project.json("issue", "list")["issues"] == []
    only = project.json("tick", "--dry-run", "--unit", "Login")["actions"]
    assert [row["unit"] for row in only] == ["login"]
    assert set(project.tick("--unit", "STORE")["units"]) >= {"store"}
    assert set(project.pulls()) == {"store"}


def test_status_shows_what_waits_for_a_person_first(project: Project) -> None:
    project.begin(TWO, work={"store": [writes(store="kept")]})
    project.tick()
    lines = project.run("status").stdout.splitlines()
    rows = [line for line in lines if "store" in line or "login" in line]
    assert rows[0].startswith("awaiting merge")
    status = project.json("status")
    assert status["units"]["awaiting_merge"][0]["pr"] == 3
    assert status["base"]["branch"] == "main"


def test_the_log_shows_the_output_that_failed(project: Project) -> None:
    project.begin(
        ONE,
        work={"store": [writes(store="RED")]},
        files={"check.sh": "echo the store leaks; ! grep -qs RED store.txt\n"},
    )
    project.tick()
    assert "the store leaks" in project.run("log", "store").stdout
    assert "+RED" in project.run("log", "store", "--patch").stdout
    assert "no unit" in project.run("log", "nothing", exit_code=1).stderr


def test_every_paper_is_named_by_its_hash(project: Project) -> None:
    project.begin(ONE, work={"store": [writes(store="kept")]})
    project.tick()
    (attempt,) = project.json("log", "store")
    papers = Path(attempt["papers"])
    named = {name: digest for s in attempt["stages"] for name, digest in s["artifacts"].items()}
    for name in ("round-1/prompt.md", "round-1/change.patch", "round-1/review-prompt.md"):
        assert named[name] == hashlib.sha256((papers / name).read_bytes()).hexdigest()
    assert any(name.startswith("round-1/verify-1") for name in named)


def test_old_runs_are_removed(project: Project) -> None:
    project.begin(ONE, work={"store": [writes(store="kept")]}, config={"retention": "30d"})
    old = project.state / "runs" / "01ARZ3NDEKTSV4RRFFQ69G5FAV"
    old.mkdir(parents=True)
    (old / "report.json").write_text("{}")
    project.tick()
    assert not old.exists()
    assert len(list((project.state / "runs").iterdir())) == 1


def test_reports_can_be_asked_for_by_run_and_by_time(project: Project) -> None:
    project.begin(ONE, work={"store": [writes(store="kept")]})
    run = project.tick()["run"]
    project.tick()
    assert project.json("report")["run"] == run
    assert project.json("report", run[-6:].lower())["run"] == run
    assert len(project.json("report", "--since", "1h")) == 2
    assert "neither a date nor a time" in project.run("report", "--since", "x", exit_code=2).stderr


def test_preflight_stops_or_warns(project: Project) -> None:
    project.begin(
        ONE,
        work={"store": [writes(store="kept")]},
        config={"preflight": {"run": "sh flight.sh", "timeout": "1m"}},
        files={"flight.sh": "echo the disk is nearly full; exit 2\n"},
    )
    assert "the disk is nearly full" in project.run("tick").stdout
    assert project.pulls() == {"store": 2}
    project.write({"flight.sh": "echo the moon is wrong; exit 1\n"})
    project.commit("Look at the moon")
    assert "the moon is wrong" in project.run("tick", exit_code=1).stderr


def test_setup_that_fails_is_no_strike(project: Project) -> None:
    project.begin(
        ONE,
        work={"store": [writes(store="kept")]},
        config={"setup": [{"run": "test -e ready.md", "timeout": "1m"}]},
    )
    assert "setup command `test -e ready.md` exited 1" in project.run("tick", exit_code=1).stderr
    assert project.json("explain", "store")["strikes"] == 0
    project.write({"ready.md": "yes"})
    project.commit("Be ready")
    assert project.tick()["units"]["store"]["outcome"] == "proposed"


def test_setup_prepares_the_workspace_and_is_not_the_agents_work(project: Project) -> None:
    project.begin(
        ONE,
        work={"store": [[{"run": ["cp", "made.txt", "store.txt"]}]]},
        config={"setup": [{"run": "echo made > made.txt", "timeout": "1m"}]},
    )
    row = project.tick()["units"]["store"]
    assert row["outcome"] == "proposed"
    assert project.git("show", "--name-only", "--format=", row["head"]) == "store.txt"


def test_end_to_end_commands_run_for_units_that_ask_for_them(project: Project) -> None:
    project.begin(
        "- [ ] Store <!-- id: store -->\n  Labels: e2e\n- [ ] Notes <!-- id: notes -->\n",
        work={"store": [writes(store="x")], "notes": [writes(notes="x")]},
        config={"e2e": [{"run": "test ! -e store.txt", "timeout": "1m"}]},
    )
    units = project.tick()["units"]
    assert units["notes"]["outcome"] == "proposed"
    assert units["store"]["outcome"] == "failed"
    assert "`test ! -e store.txt`" in units["store"]["reason"]


def test_a_units_own_verify_is_taken_from_the_roadmap(project: Project) -> None:
    project.begin(
        "- [ ] Store <!-- id: store -->\n  Verify: `grep -q kept store.txt`\n",
        work={"store": [writes(store="lost"), writes(store="kept")]},
        config={"verify": None},
    )
    assert "grep -q kept" in project.tick()["units"]["store"]["reason"]
    assert project.tick()["units"]["store"]["outcome"] == "proposed"


def test_units_without_an_id_are_skipped_and_a_tick_writes_none(project: Project) -> None:
    project.begin("- [ ] Store <!-- id: store -->\n- [ ] New thing\n", work={"*": [writes(a="x")]})
    report = project.tick()
    assert set(report["units"]) == {"store"}
    assert any("id" in warning for warning in report["warnings"])
    assert project.git("status", "--porcelain") == ""
    project.write({"ROADMAP.md": "- [ ] New thing\n"})
    project.commit("Only new things")
    assert "loopcoder plan" in project.run("tick", exit_code=2).stderr


def test_a_roadmap_with_an_error_closes_nothing_and_what_is_filed_goes_on(project: Project) -> None:
    project.begin(TWO, work={"store": [writes(store="kept")]})
    project.run("compile")
    broken = TWO.replace("after: store", "after: sotre")
    project.write({"ROADMAP.md": broken})
    project.commit("Slip")
    done = project.run("tick", exit_code=2)
    assert "sotre" in done.stderr
    assert project.pulls() == {"store": 3}
    assert {i["state"] for i in project.json("issue", "list")["issues"]} == {"open"}
